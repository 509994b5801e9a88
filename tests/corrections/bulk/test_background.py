"""What a server process does beside answering, connected as a server process is: its role, and its county only."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from service.background import keep_readjudicating, keep_sealing
from service.db import seeing
from tests.cases.county import COUNTY
from tests.claims.changes.people import identify, month_stay, settled
from tests.claims.world import World
from tests.corrections.bulk.doing import approved, asked, desk_of, read

pytestmark = pytest.mark.asyncio(loop_scope="module")


def begun(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    with seeing(None):
        return asyncio.create_task(work)


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until(world: World, readjudication_id: str, state: str) -> None:
    async with asyncio.timeout(60):
        while (await read(world, readjudication_id))["state"] != state:
            await world.rows("SELECT pg_sleep(0.05)")


async def test_the_server_previews_what_is_asked_for_and_does_what_is_approved(world: World) -> None:
    person_no, patient = await world.county.person()
    await settled(world.agency, month_stay(world.hospital_code, patient, 3))
    await identify(world, person_no, "registered_poor")
    task = begun(keep_readjudicating(world.app.state.engine, [COUNTY], desk_of(world)))

    made = await asked(world, {"person_no": person_no})
    await until(world, made["id"], "previewed")
    await approved(world, made["id"])
    await until(world, made["id"], "done")

    await ended(task)
    assert (await read(world, made["id"]))["run"]["changed"] == 1


async def test_the_server_seals_what_is_written(world: World) -> None:
    state = world.app.state
    task = begun(keep_sealing(state.engine, [COUNTY], state.clock, 0.05))

    async with asyncio.timeout(60):
        while not await world.rows("SELECT 1 FROM seals LIMIT 1"):
            await world.rows("SELECT pg_sleep(0.05)")

    await ended(task)
