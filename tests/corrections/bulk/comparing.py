"""The same county twice: re-adjudicated in one go, and killed again and again. Both must end the same."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from service.config import Settings
from service.db import create_system_engine
from tests.claims import world as worlds
from tests.claims.changes.people import identify, month_stay, settled
from tests.claims.world import World
from tests.conftest import Cluster
from tests.corrections.bulk.doing import approved, asked
from tests.corrections.bulk.killing import on_record, run

VISITS = 5


async def fill(world: World, persons: int) -> None:
    """Persons with five stays each, then found to have been poor all the time, every third of them."""
    dice = random.Random(18)
    hospitals = [await world.county.hospital(level, "county") for level in ("township", "level2")]
    for number in range(persons):
        person_no, id_no = await world.county.person()
        for month in range(1, 2 * VISITS, 2):
            body = month_stay(dice.choice(hospitals), id_no, month, dice.choice([900, 12_345, 60_000, 150_000]))
            await settled(world.agency, body)
        if number % 3 < 2:
            await identify(world, person_no, "registered_poor")


async def compare(cluster: Cluster, folder: Path, *, persons: int, kills: int) -> dict[str, object]:
    """Ends of both, and how often the second was killed."""
    async with worlds.made(cluster, folder) as world:
        await fill(world, persons)
        made = await asked(world, {"from": "2018-01-01", "to": "2018-12-31"})
        source = world.app.state.settings.database_url.rpartition("/")[2]
        ends = []
        for times in (0, kills):
            # A database is copied while nobody is connected to it.
            await world.app.state.engine.dispose()
            await world.system.dispose()
            async with copied(cluster, source) as (url, engine):
                killed = await worked(world, url, UUID(made["id"]), persons, times)
                ends.append(await on_record(engine))
    return {"settlements": persons * VISITS, "killed": killed, "same": ends[0] == ends[1], "ends": ends}


async def worked(world: World, url: str, readjudication_id: UUID, persons: int, kills: int) -> int:
    """Preview, approve and run on a copy of the county, a third of the kills during the preview; how many kills."""
    dice, killed = random.Random(7), 0
    for phase, times in (("preview", kills // 3), ("run", kills - kills // 3)):
        for _ in range(times):
            run(url, readjudication_id, kill_after=dice.randint(1, max(1, persons // (times + 1) - 1)))
            killed += 1
        run(url, readjudication_id)
        if phase == "preview":
            await approve_at(world, url, readjudication_id)
    return killed


async def approve_at(world: World, url: str, readjudication_id: UUID) -> None:
    """Approve in the copy: the same application, for a moment on the other database."""
    state = world.app.state
    own, state.engine = state.engine, create_system_engine(url, Settings())
    try:
        await approved(world, str(readjudication_id))
    finally:
        await state.engine.dispose()
        state.engine = own


@asynccontextmanager
async def copied(cluster: Cluster, source: str) -> AsyncIterator[tuple[str, AsyncEngine]]:
    """A copy of a database to which nobody is connected."""
    async with cluster.copy(source) as url:
        engine = create_system_engine(url, Settings())
        yield url, engine
        await engine.dispose()
