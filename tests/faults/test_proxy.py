"""The bench's proxy does what it says: what is cut before was not done, what is cut after was."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import make_url

from scripts.faulting.proxy import Proxy
from scripts.faulting.trips import Side, Trip

BROKEN = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, ConnectionError)


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    where = make_url(database_url)
    made = Proxy(where.host or "", where.port or 0)
    await made.start()
    yield made
    await made.stop()


async def through(proxy: Proxy, database_url: str) -> asyncpg.Connection:
    url = make_url(database_url).set(host="127.0.0.1", port=proxy.port)
    connection: asyncpg.Connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    return connection


async def counted(database_url: str) -> int:
    connection = await asyncpg.connect(database_url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM things"))
    finally:
        await connection.close()


@pytest.mark.parametrize(("side", "kept"), [(Side.BEFORE, 0), (Side.AFTER, 1)])
async def test_a_commit_is_cut_before_it_is_done_or_after(
    proxy: Proxy, database_url: str, side: Side, kept: int
) -> None:
    connection = await through(proxy, database_url)
    await connection.execute("CREATE TABLE things (n int)")
    order = proxy.cut_next(side, lambda trip: trip.statement.startswith("COMMIT"))

    with pytest.raises(BROKEN):
        async with connection.transaction():
            await connection.execute("INSERT INTO things VALUES ($1)", 1)

    assert order.trip is not None
    assert await counted(database_url) == kept


async def test_it_counts_the_round_trips_of_a_transaction_and_names_them(proxy: Proxy, database_url: str) -> None:
    connection = await through(proxy, database_url)
    seen: list[Trip] = []
    proxy.seen = seen.append
    for _ in range(2):
        async with connection.transaction():
            assert await connection.fetchval("SELECT $1::int + 1", 1) == 2
    await connection.close()

    first = [(1, "BEGIN"), (2, "prepare: SELECT $1::int + 1"), (3, "SELECT $1::int + 1"), (4, "COMMIT")]
    again = [(1, "BEGIN"), (2, "SELECT $1::int + 1"), (3, "COMMIT")]
    assert [(trip.number, trip.name) for trip in seen] == [*first, *again]


async def test_what_is_held_goes_on_when_it_is_released(proxy: Proxy, database_url: str) -> None:
    connection = await through(proxy, database_url)
    order = proxy.hold_next(lambda trip: b"the one" in trip.content)

    asked = asyncio.create_task(connection.fetchval("SELECT $1::text", "the one"))
    await order.met.wait()
    assert not asked.done()
    order.release.set()

    assert await asked == "the one"
    await connection.close()
