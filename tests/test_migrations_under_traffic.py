"""Each migration, on a populated database with writers at work: bounded waits, nothing lost, and the same decisions."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest
from alembic.script import Script, ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.config import Settings
from service.db import create_system_engine, transaction_on
from service.migrate import MIGRATIONS, upgrade
from service.wire.problems import refusal_of, sqlstate_of
from tests.bulk.county import fill
from tests.proof.scene import found_wrong, named

OLDEST = "0015"
"""From here on the tables of settlements hold what today's are written with."""
REVISIONS = [one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]
STEPS = REVISIONS[REVISIONS.index(OLDEST) + 1 :]
SETTLEMENTS, WRITERS, TRIES = 400, 4, 5
PATIENCE = Settings().lock_wait_seconds

# The locks that a discharge takes, in its order.
DISCHARGE = "LOCK TABLE persons IN ROW SHARE MODE; " + " ".join(
    f"LOCK TABLE {name} IN ROW EXCLUSIVE MODE;"
    for name in (
        "idempotency_keys",
        "settlements",
        "settlement_layers",
        "settlement_documents",
        "accumulators",
        "accumulator_entries",
        "live_visits",
        "ledger_entries",
        "postings",
        "events",
        "audit_log",
    )
)
MONEY = ("settlements", "settlement_layers", "accumulator_entries", "accumulators", "postings", "live_visits")


@dataclass
class Traffic:
    """What the writers met: how long the longest of them took, and what they were refused by."""

    done: int = 0
    longest: float = 0.0
    refused: list[str] = field(default_factory=list)


@asynccontextmanager
async def writing(url: str) -> AsyncIterator[Traffic]:
    """Writers who take a discharge's locks again and again, and wait for them as long as a server process does."""
    traffic, stop = Traffic(), asyncio.Event()
    writers = [asyncio.create_task(write(url, traffic, stop)) for _ in range(WRITERS)]
    try:
        yield traffic
    finally:
        stop.set()
        await asyncio.gather(*writers)


async def write(url: str, traffic: Traffic, stop: asyncio.Event) -> None:
    settings = {"lock_timeout": f"{round(PATIENCE * 1000)}"}
    connection = await asyncpg.connect(url, server_settings=settings)
    while not stop.is_set():
        began = time.monotonic()
        try:
            async with connection.transaction():
                await connection.execute(DISCHARGE)
        except asyncpg.PostgresError as error:
            traffic.refused.append(error.sqlstate or "")
        traffic.done += 1
        traffic.longest = max(traffic.longest, time.monotonic() - began)
    await connection.close()


async def migrated(engine: AsyncEngine, to: str) -> None:
    """As whoever runs `onestop migrate`: where it had to give way to the traffic, they run it again."""
    gave_way: set[str] = set()
    for _ in range(TRIES):
        try:
            reached = await upgrade(engine, to)
        except DBAPIError as error:
            gave_way.add(sqlstate_of(error))
        else:
            assert reached == to
            assert gave_way <= {"55P03", "40P01"}
            return
    raise AssertionError(f"it never got its turn: {gave_way}")


async def money(url: str) -> dict[str, str]:
    """What was settled, table by table: as many rows, and the same sums."""
    connection = await asyncpg.connect(url)
    amount = {"accumulator_entries": "delta", "accumulators": "value", "settlements": "patient_pays + paid_total"}
    found = {}
    for name in MONEY:
        summed = "0" if name == "live_visits" else amount.get(name, "amount")
        row = await connection.fetchrow(f"SELECT count(*), sum({summed}) FROM {name}")  # noqa: S608  (names of ours)
        found[name] = str(tuple(row))
    await connection.close()
    return found


@pytest.fixture
async def populated(empty_database_url: str) -> str:
    """A county's year at an older schema."""
    engine = create_system_engine(empty_database_url, Settings())
    await upgrade(engine, OLDEST)
    await engine.dispose()
    await fill(empty_database_url, SETTLEMENTS, lines=2)
    return empty_database_url


async def test_migrations_let_the_writers_go_on_and_change_no_decision(populated: str) -> None:
    before = await money(populated)
    engine = create_system_engine(populated, Settings())

    for revision in STEPS:
        async with writing(populated) as traffic:
            await migrated(engine, revision)
        assert traffic.done >= WRITERS, revision
        assert traffic.longest < PATIENCE, revision
        # Who has to give way is told to try again, and nothing was done.
        assert set(traffic.refused) <= {"40P01"}, revision

    assert await money(populated) == before
    async with transaction_on(engine) as tx:
        assert named(await found_wrong(tx, size=1000)) == []
    await engine.dispose()


@pytest.mark.parametrize("state", ["55P03", "40P01"])
def test_a_writer_who_gives_way_to_a_migration_is_told_to_try_again(state: str) -> None:
    class Given(Exception):
        sqlstate = state

    refusal = refusal_of(DBAPIError("SELECT", None, Given()))

    assert refusal is not None
    assert (refusal.status, refusal.headers["Retry-After"]) == (503, "1")


async def test_who_meets_a_table_that_a_later_version_changed_is_told_to_try_again(
    engine: AsyncEngine, database_url: str
) -> None:
    asked = text("SELECT * FROM readjudications")
    async with transaction_on(engine) as tx:
        await tx.execute(asked)
    connection = await asyncpg.connect(database_url)
    await connection.execute("ALTER TABLE readjudications ADD COLUMN of_the_next_version text")
    await connection.close()

    with pytest.raises(DBAPIError) as raised:
        async with transaction_on(engine) as tx:
            await tx.execute(asked)
    refusal = refusal_of(raised.value)
    async with transaction_on(engine) as tx:
        await tx.execute(asked)

    assert refusal is not None
    assert (refusal.status, refusal.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize(
    "script", list(ScriptDirectory(str(MIGRATIONS)).walk_revisions()), ids=lambda one: one.revision
)
def test_every_migration_bounds_its_wait_for_a_lock_before_anything_else(script: Script) -> None:
    written = Path(script.path).read_text()
    body = written[written.index("def upgrade()") :]

    first = body.index("SET LOCAL lock_timeout")
    assert 0 < first < min((body.index(word) for word in ("CREATE ", "ALTER ", "DROP ") if word in body), default=10**9)
