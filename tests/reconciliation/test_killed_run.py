"""A run that is killed goes on where it stopped, and what it makes in the end is the same, byte for byte."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.config import Settings
from service.db import transaction_on
from tests.reconciliation.bulk import Case

JUNE_9, JUNE_20 = date(2018, 6, 9), date(2018, 6, 20)
HOSPITALS = 24
STATEMENTS = (10, 120)
"""Before which statement of a run it is killed; one of so many hospitals sends more than these."""
Settled = Callable[..., Awaitable[None]]

# Everything a run writes, in an order of its own; its clock stands still, so that every run says the same.
WRITTEN = """
    SELECT md5(string_agg(row_to_json(t)::text, '|' ORDER BY row_to_json(t)::text)) FROM (
        SELECT to_jsonb(s) AS row FROM statements s
        UNION ALL SELECT to_jsonb(l) FROM statement_lines l
        UNION ALL SELECT to_jsonb(e) FROM ledger_entries e
        UNION ALL SELECT to_jsonb(p) FROM postings p
        UNION ALL SELECT to_jsonb(v) - 'seq' - 'txid' FROM events v) t
"""
RUNNER = """
import asyncio, os, signal, sys
from datetime import datetime
from sqlalchemy import event
from service.clock import COUNTY_ZONE, Clock
from service.config import Settings
from service.db import create_system_engine
from service.statement_run import Run, run_statements

async def main():
    settings = Settings()
    engine = create_system_engine(settings.database_url, settings)
    clock = Clock(source=lambda: datetime(2018, 7, 2, 8, tzinfo=COUNTY_ZONE))
    left = int(sys.argv[1])

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def count(*_):
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    await run_statements(engine, settings, Run("basic_fund", "2018-06", "459901", None, False), clock)
    await engine.dispose()

asyncio.run(main())
"""


def run(settings: Settings, *, killed_before: int = 0) -> int:
    """Run in a process of its own, killed before its so many-th statement where that is given; how it ended."""
    environment = os.environ | {
        "ONESTOP_DATABASE_URL": settings.database_url or "",
        "ONESTOP_KEYS": settings.keys.get_secret_value() if settings.keys else "",
    }
    command = [sys.executable, "-c", RUNNER, str(killed_before)]
    return subprocess.run(command, env=environment, stderr=subprocess.DEVNULL, check=False).returncode


async def written(engine: AsyncEngine) -> Any:
    async with transaction_on(engine) as tx:
        return await tx.scalar(text(WRITTEN))


async def count(engine: AsyncEngine) -> int:
    async with transaction_on(engine) as tx:
        return int(await tx.scalar(text("SELECT count(*) FROM statements")) or 0)


async def test_a_run_killed_anywhere_and_started_again_writes_the_same(
    settled: Settled, engine: AsyncEngine, settings: Settings
) -> None:
    """The whole run first, as the measure; then killed at random points until it is done."""
    cases = [Case(JUNE_9, f"H459901003{n % HOSPITALS:02d}", {"basic": n * 1_01}) for n in range(1, 600)]
    await settled(*cases, *(case.reversed_on(JUNE_20) for case in cases[::7]))
    assert run(settings) == 0
    measure = await written(engine)
    await forget(engine)

    dice, kills = random.Random(20), 0
    while await count(engine) < HOSPITALS:
        kills += run(settings, killed_before=dice.randint(*STATEMENTS)) == -signal.SIGKILL
    assert run(settings) == 0

    assert await written(engine) == measure
    assert kills
    assert await count(engine) == HOSPITALS


async def forget(engine: AsyncEngine) -> None:
    """Undo the run as only a test may, with the triggers off."""
    async with transaction_on(engine) as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.execute(text("DELETE FROM postings WHERE entry_id <> origin"))
        await tx.execute(text("DELETE FROM ledger_entries WHERE cause = 'statement'"))
        await tx.execute(text("DELETE FROM statement_lines"))
        await tx.execute(text("DELETE FROM statements"))
        await tx.execute(text("DELETE FROM events"))
