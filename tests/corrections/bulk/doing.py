"""A bulk re-adjudication as the agency makes it: asked for, previewed, approved by somebody else, done."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Caller, Role
from service.access.vault import Vault
from service.claims.actions import Desk
from service.clock import Clock
from service.corrections.bulk.work import work
from service.db import transaction_on
from service.proof.model import Wrong
from service.proof.runs import actions as runs
from tests.cases.county import COUNTY, done
from tests.claims.bills import Body
from tests.claims.world import World

ASKS, APPROVES = {"X-Operator": "Zhang"}, {"X-Operator": "Li"}


async def asked(world: World, selection: Body, cause: str = "identity", **more: Any) -> Body:
    body = {"selection": selection, "cause": cause, "note": "名单补录"}
    answer: Body = await done(await world.agency("POST", "/v1/readjudications", body, headers=ASKS, **more))
    return answer


async def worked(world: World, readjudication_id: str) -> Body:
    """Go through what is left, as the server does in the background, and read it."""
    engine: AsyncEngine = world.app.state.engine
    await work(engine, COUNTY, UUID(readjudication_id), desk_of(world))
    return await read(world, readjudication_id)


async def proved(world: World) -> list[Wrong]:
    """What `onestop verify` finds wrong in the county: every settlement decided again, every book added up."""
    clock = Clock()
    auditor = Caller("verify", Role.AUDITOR, COUNTY, None, frozenset(), None, None, "test")
    async with transaction_on(world.system) as tx:
        verification_id = await runs.start(tx, auditor, clock)
    await runs.work(world.system, COUNTY, verification_id, clock)
    async with transaction_on(world.system) as tx:
        found = await runs.read(tx, COUNTY, verification_id, most=20)
    assert found is not None
    assert (found.parts_done, found.settlements > 0) == (found.parts, True)
    return list(found.wrongs)


def desk_of(world: World) -> Desk:
    state = world.app.state
    vault: Vault = state.vault
    return Desk(state.law, state.clock, vault)


async def read(world: World, readjudication_id: str) -> Body:
    answer: Body = await done(await world.agency("GET", f"/v1/readjudications/{readjudication_id}"), 200)
    return answer


async def approved(world: World, readjudication_id: str) -> Body:
    path = f"/v1/readjudications/{readjudication_id}/approval"
    answer: Body = await done(await world.agency("POST", path, headers=APPROVES), 200)
    return answer


async def rows_of(world: World, readjudication_id: str, phase: str) -> list[Body]:
    path = f"/v1/readjudications/{readjudication_id}/settlements?phase={phase}"
    answer: Body = await done(await world.agency("GET", path), 200)
    items: list[Body] = answer["items"]
    return items
