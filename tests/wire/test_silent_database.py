"""A database that falls silent: its lines are given up, what they held is let go, and one at work is left alone."""

import asyncio
import re
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from scripts.faulting.proxy import Proxy
from scripts.faulting.trips import Trip
from service.config import Settings
from service.db import EVERY_COUNTY, Direct, create_engine, seeing, transaction_on
from service.lines import give_up_dead, keep_lines
from service.wire.problems import refusal_of
from service.wire.refusals import ServiceUnavailable
from tests.faults.test_proxy import proxy

__all__ = ["proxy"]

SILENCE, PATIENCE = 0.2, 30
_LOCK = "SELECT pg_advisory_xact_lock(42)"


@pytest.fixture
async def engine(proxy: Proxy, database_url: str) -> AsyncIterator[AsyncEngine]:
    url = make_url(database_url).set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
    made = create_engine(url, Settings(pool_size=2))
    yield made
    await made.dispose()


async def silence_at(proxy: Proxy, words: str) -> None:
    """Let all lines fall silent when these words come by: they are asked and never answered."""
    fallen = asyncio.Event()

    def fall_silent(trip: Trip) -> None:
        if re.match(words, trip.statement):
            proxy.silence_all()
            fallen.set()

    proxy.seen = fall_silent
    await fallen.wait()
    proxy.seen = None


async def lock_and_ask(engine: AsyncEngine, question: str) -> None:
    with seeing(EVERY_COUNTY):
        async with transaction_on(engine) as tx:
            await tx.execute(text(_LOCK))
            if question == "direct":
                await Direct("SELECT :n + 1").scalar(tx, {"n": 1})
            else:
                await tx.execute(text("SELECT 2"))


async def until_free(database_url: str) -> None:
    """Wait until nobody holds the lock."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(_LOCK)
    await connection.close()


@pytest.mark.parametrize(
    ("question", "words"),
    [("direct", r"SELECT \$1|prepare: SELECT \$1"), ("sqlalchemy", "(prepare: )?SELECT 2"), ("commit", "COMMIT")],
)
async def test_who_waits_on_a_silent_line_is_told_to_try_again_and_its_locks_are_let_go(
    proxy: Proxy, engine: AsyncEngine, database_url: str, question: str, words: str
) -> None:
    watching = asyncio.create_task(keep_lines(database_url, SILENCE))
    asked = asyncio.create_task(lock_and_ask(engine, question))
    await silence_at(proxy, words)

    with pytest.raises(DBAPIError) as raised:
        async with asyncio.timeout(PATIENCE):
            await asked

    assert isinstance(refusal_of(raised.value), ServiceUnavailable)
    async with asyncio.timeout(PATIENCE):
        await until_free(database_url)
        await lock_and_ask(engine, question)
    watching.cancel()


async def until_longer_than_silence(database_url: str) -> None:
    """Wait until somebody waits for the lock, and a silence longer."""
    connection = await asyncpg.connect(database_url)
    while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
        pass
    await connection.execute(f"SELECT pg_sleep({2 * SILENCE})")
    await connection.close()


async def test_a_line_on_which_the_database_is_at_work_is_left_alone(engine: AsyncEngine, database_url: str) -> None:
    with seeing(EVERY_COUNTY):
        async with transaction_on(engine) as other:
            await other.execute(text(_LOCK))
            asked = asyncio.create_task(lock_and_ask(engine, "sqlalchemy"))
            await until_longer_than_silence(database_url)
            # The other one rests in its transaction, and owes nobody an answer.
            assert await give_up_dead(database_url, SILENCE) == 0
            await other.execute(text("SELECT 1"))
        await asked
