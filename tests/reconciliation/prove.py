"""The long forms: a year in full, a run killed twenty times, and growth up to 100,000 lines. Writes a report."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.vault import Vault
from service.config import Settings
from service.db import create_system_engine, transaction_on
from service.embedded import EmbeddedPostgres
from service.migrate import upgrade
from tests.conftest import KEYS
from tests.reconciliation import scale
from tests.reconciliation.bulk import Case, write
from tests.reconciliation.simulate import simulate
from tests.reconciliation.test_killed_run import STATEMENTS, count, forget, run, written
from tests.reconciliation.year import Year

REPORT = Path(__file__).parents[2] / "scripts" / "reports" / "statements.md"
JUNE_9 = date(2018, 6, 9)
SIZES = (1_000, 10_000, 100_000)
KILLS = 20


@asynccontextmanager
async def database() -> AsyncIterator[tuple[AsyncEngine, Settings]]:
    """A PostgreSQL of its own, durable as in use, migrated."""
    with tempfile.TemporaryDirectory() as folder:
        # As root, PostgreSQL runs as another user, who must get in.
        await asyncio.to_thread(Path(folder).chmod, 0o755)
        server = EmbeddedPostgres(Path(folder))
        try:
            settings = Settings(database_url=server.start(), keys=SecretStr(KEYS))
            assert settings.database_url is not None
            engine = create_system_engine(settings.database_url, settings)
            await upgrade(engine)
            yield engine, settings
            await engine.dispose()
        finally:
            server.stop()


async def prove_year(say: Callable[[str], None]) -> None:
    """Must show 1: 12 months, 8 hospitals, 4 payers, 20,000 settlements."""
    async with database() as (engine, settings):
        begin = time.monotonic()
        hospitals = [f"H4599010040{n}" for n in range(8)]
        year = Year(engine, Vault.from_settings(settings), hospitals, 20_000, random.Random(2018))
        await simulate(year, tell)
        async with transaction_on(engine) as tx:
            counted = (await tx.execute(text(COUNTED))).one()
        say("## A year: 12 months, 8 hospitals, 4 payers, 20,000 settlements\n")
        say(f"{year.counts['proofs']} proofs of the books passed, per payer and hospital (see `year.py`, `prove`), in")
        say(f"{time.monotonic() - begin:.0f} s. What happened: {dict(year.counts)}.")
        say(f"The ledger: {counted.entries} entries, {counted.postings} postings, {counted.lines} statement lines.\n")


COUNTED = """
    SELECT (SELECT count(*) FROM ledger_entries) AS entries, (SELECT count(*) FROM postings) AS postings,
        (SELECT count(*) FROM statement_lines) AS lines
"""


async def prove_killed(say: Callable[[str], None]) -> None:
    """Must show 3: SIGKILL at twenty random points, then the same bytes."""
    async with database() as (engine, settings):
        cases = [Case(JUNE_9, f"H459901003{n % 24:02d}", {"basic": n * 1_01}) for n in range(1, 6001)]
        async with transaction_on(engine) as tx:
            await write(tx, [*cases, *(case.reversed_on(date(2018, 6, 20)) for case in cases[::7])])
        assert run(settings) == 0
        measure = await written(engine)
        dice, kills, rounds = random.Random(20), 0, 0
        while kills < KILLS:
            await forget(engine)
            rounds += 1
            while await count(engine) < 24 and kills < KILLS:
                kills += run(settings, killed_before=dice.randint(*STATEMENTS)) == -signal.SIGKILL
            assert run(settings) == 0
            assert await written(engine) == measure
        first, last = STATEMENTS
        say("## A run killed\n")
        say(f"{kills} kills (SIGKILL, before a statement drawn by lot of the next {first} to {last}) of a run of")
        say(
            f"24 hospitals and 6,858 lines, in {rounds} rounds; after each round the run was started again: statements,"
        )
        say("lines, entries, postings and events are the same bytes as those of a run that was not killed.\n")


async def prove_scale(say: Callable[[str], None]) -> None:
    """Must show 4: seconds and peak memory at 1,000, 10,000 and 100,000 lines."""
    measured = []
    for size in SIZES:
        tell(f"{size:,} lines")
        async with database() as (engine, settings), folder() as files:
            await scale.prepare(engine, size, files)
            command = [sys.executable, "-m", "tests.reconciliation.scale", str(files)]
            environment = os.environ | {"ONESTOP_DATABASE_URL": settings.database_url or "", "ONESTOP_KEYS": KEYS}
            found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: ASYNC221 - nothing else runs
            measured.append(scale.Measured.read(found.stdout))
            async with transaction_on(engine) as tx:
                version = await tx.scalar(text("SHOW server_version"))
    for line in scale.report(SIZES, measured, version):
        say(line)


@asynccontextmanager
async def folder() -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def tell(line: str) -> None:
    """To whoever looks on."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(part: str | None = None) -> None:
    parts = {"year": prove_year, "killed": prove_killed, "scale": prove_scale}
    told: list[str] = [f"# Statements: the long forms ({datetime.now():%Y-%m-%d})\n", "`scripts/prove/statements`\n"]  # noqa: DTZ005 - the machine's own day

    def say(line: str) -> None:
        told.append(line)
        tell(line)

    for name, prove in parts.items():
        if part in (None, name):
            asyncio.run(prove(say))
    if part is None:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text("\n".join(told).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
