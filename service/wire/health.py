"""Is the process alive, and can it do its work?"""

import asyncio
from typing import Final, Literal

from fastapi import Request

from service.db import transaction_on
from service.errors import Refusal, Text
from service.migrate import is_at_head
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
    """The database's schema is not the one this version was written for: run `onestop migrate`."""

    status = 503
    code = "service.not_migrated"
    title = Text("数据库结构版本不符", "The database schema has another version")


class Health(WireModel):
    """Said when all is well."""

    status: Literal["alive", "ready"]


@router.get("/healthz", summary="Is the process alive?", responses=example(200, {"status": "alive"}))
async def is_alive() -> Health:
    """Answers as long as the process does, whatever the database does."""
    return Health(status="alive")


@router.get(
    "/readyz",
    summary="Can it serve?",
    responses=refusals(NotMigrated) | example(200, {"status": "ready"}),
)
async def is_ready(request: Request) -> Health:
    """The database can be reached, soon, and its schema is the newest: send requests here."""
    try:
        async with asyncio.timeout(_SOON), transaction_on(request.app.state.engine) as tx:
            at_head = await is_at_head(tx)
    except TimeoutError:
        raise ServiceOverloaded(_NO_CONNECTION, headers=RETRY_AFTER) from None
    if not at_head:
        detail = Text("请运行 onestop migrate 后重试。", "Run 'onestop migrate', then try again.")
        raise NotMigrated(detail, headers=RETRY_AFTER)
    return Health(status="ready")
