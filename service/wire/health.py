"""Is the process alive, and can it do its work?"""

import asyncio
from datetime import datetime
from typing import Final, Literal

from fastapi import Request
from pydantic import Field

from service.clock import COUNTY_ZONE
from service.db import transaction_on
from service.errors import Refusal, Text
from service.migrate import is_served
from service.wire.problems import RETRY_AFTER
from service.wire.refusals import ServiceOverloaded
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import WireModel

router = Router(tags=["Operations"])

_SOON: Final = 2.0
_NO_CONNECTION: Final = Text(
    "数据库连接已全部占用或数据库未及时应答；请将请求发往其他实例。",
    "Every database connection is in use, or the database does not answer in time: send requests elsewhere.",
)


class NotMigrated(Refusal):
    """The database's schema is older than the one this version was written for: run `onestop migrate`."""

    status = 503
    code = "service.not_migrated"
    title = Text("数据库结构版本不符", "The database schema has another version")


class Alive(WireModel):
    """Said as long as the process lives."""

    status: Literal["alive"]


class Stuck(WireModel):
    """Work of the background that does not get on."""

    job: str = Field(description="`sealing`, `verification`, `readjudication` or `cycle`.")
    county_code: str
    since: datetime = Field(description="When something of it was done last, or it was asked for.")


class Ready(WireModel):
    """Said when requests are served; `attention` names what somebody must look at all the same."""

    status: Literal["ready"]
    attention: list[Stuck]


_STUCK: Final = {"job": "sealing", "county_code": "459901", "since": "2018-07-01T09:00:00+08:00"}


@router.get("/healthz", summary="Is the process alive?", responses=example(200, {"status": "alive"}))
async def is_alive() -> Alive:
    """Answers as long as the process does, whatever the database does."""
    return Alive(status="alive")


@router.get(
    "/readyz",
    summary="Can it serve?",
    responses=refusals(NotMigrated) | example(200, {"status": "ready", "attention": [_STUCK]}),
)
async def is_ready(request: Request) -> Ready:
    """
    The database can be reached, soon, and its schema is this version's or a later one's: send requests here.

    Work of the background that does not get on is named under `attention`: requests are served meanwhile.
    """
    state = request.app.state
    try:
        async with asyncio.timeout(_SOON):
            async with transaction_on(state.engine) as tx:
                served = await is_served(tx)
            stuck = await state.jobs.stuck(state) if served else []
    except TimeoutError:
        raise ServiceOverloaded(_NO_CONNECTION, headers=RETRY_AFTER) from None
    if not served:
        detail = Text("请运行 onestop migrate 后重试。", "Run 'onestop migrate', then try again.")
        raise NotMigrated(detail, headers=RETRY_AFTER)
    attention = [
        Stuck(job=each.job, county_code=each.county_code, since=each.since.astimezone(COUNTY_ZONE)) for each in stuck
    ]
    return Ready(status="ready", attention=attention)
