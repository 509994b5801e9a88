"""The long forms: a year in full, a run killed twenty times, and growth up to 100,000 lines. Writes a report."""

import asyncio
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.vault import Vault
from service.config import Settings
from service.db import create_engine, transaction_on
from service.embedded import EmbeddedPostgres
from service.migrate import upgrade
from service.money import yuan
from service.reconciliation.matching import actions as matching
from service.reconciliation.matching import store as match_store
from service.reconciliation.matching.actions import Upload
from service.reconciliation.matching.read import read
from service.reconciliation.papers.export import csv_of, xlsx_of
from service.reconciliation.payments import actions as payments
from service.reconciliation.statements import actions as statements
from service.reconciliation.statements import store
from tests.conftest import KEYS
from tests.reconciliation.bulk import Case, write
from tests.reconciliation.simulate import simulate
from tests.reconciliation.test_killed_run import count, forget, run, written
from tests.reconciliation.year import Year

REPORT = Path(__file__).parents[2] / "scripts" / "reports" / "statements.md"
JUNE_9, JULY_2 = date(2018, 6, 9), date(2018, 7, 2)
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
            engine = create_engine(settings.database_url, settings)
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
        begin = time.monotonic()
        assert run(settings) == 0
        whole, measure = time.monotonic() - begin, await written(engine)
        dice, kills, rounds = random.Random(20), 0, 0
        while kills < KILLS:
            await forget(engine)
            rounds += 1
            while await count(engine) < 24 and kills < KILLS:
                kills += run(settings, kill_after=dice.uniform(0, whole / 3)) < 0
            assert run(settings) == 0
            assert await written(engine) == measure
        say("## A run killed\n")
        say(f"{kills} kills (SIGKILL, at random points of a run of 24 hospitals and 6,858 lines) in {rounds} rounds;")
        say("after each round the run was started again: statements, lines, entries, postings and events are the")
        say("same bytes as those of a run that was not killed.\n")


async def prove_scale(say: Callable[[str], None]) -> None:
    """Must show 4: seconds and peak memory at 1,000, 10,000 and 100,000 lines."""
    say("## Growth\n")
    say(f"{platform.machine()}, {os.cpu_count()} cores, PostgreSQL as `onestop serve` embeds it, one hospital's month.")
    say("Seconds; memory is the peak of the process above what it had when it was ready (MiB).\n")
    say("| lines | run | read, load | match | full join | match/join | 1 % wrong | pay | CSV | XLSX | MiB | +export |")
    say("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for size in SIZES:
        command = [sys.executable, "-m", "tests.reconciliation.prove", "one", str(size)]
        found = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: ASYNC221 - nothing else runs
        say(found.stdout.strip().splitlines()[-1])
    say("")


def peak() -> int:
    """The most memory this process ever had, in KiB. (`ru_maxrss` would count its parent's.)"""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


class Watch:
    """Seconds by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        begin = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - begin


async def prove_one(size: int) -> None:
    """One size: the settlements made here, what is measured in a process of its own."""
    async with database() as (engine, settings):
        cases = [Case(JUNE_9, "H45990100101", {"basic": 100_00 + n, "top_up": 50_00}) for n in range(size)]
        async with transaction_on(engine) as tx:
            await write(tx, cases)
        async with transaction_on(engine) as tx:
            await tx.execute(text("ANALYZE"))
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("\n".join(["结算号,金额", *(f"{case.id},{yuan(case.layers['basic'])}" for case in cases)]))
            file.flush()
            command = [sys.executable, "-m", "tests.reconciliation.prove", "measure", file.name]
            environment = os.environ | {"ONESTOP_DATABASE_URL": settings.database_url or "", "ONESTOP_KEYS": KEYS}
            subprocess.run(command, env=environment, check=True)  # noqa: ASYNC221 - nothing else runs meanwhile


async def measure(file: Path) -> None:
    """Run, match, pay and export what is in the database."""
    watch, settings = Watch(), Settings()
    assert settings.database_url is not None
    engine = create_engine(settings.database_url, settings)
    year = Year(engine, Vault.from_settings(settings), [], 0, random.Random(4))
    async with year.desk(JULY_2) as desk:
        await store.statements(desk.tx, desk, {}, limit=1)
    ready = peak()
    async with year.desk(JULY_2) as desk:
        with watch.timed("run"):
            statement = (await statements.run(desk, "basic_fund", "2018-06", dry_run=False))["items"][0]
    await _match(year, statement, file, watch)
    async with year.desk(JULY_2) as desk:
        [row] = await store.statements(desk.tx, desk, {"payer": "basic_fund"}, limit=1)
    async with year.desk(JULY_2) as desk:
        with watch.timed("pay"):
            await payments.pay(desk, year.transfer(row, JULY_2, row["outstanding"]))
    used = peak() - ready
    await _export(year, row, watch)
    exported = peak() - ready
    await engine.dispose()
    sys.stdout.write(_line(row["line_count"], watch.seconds, used, exported) + "\n")


async def _match(year: Year, statement: dict[str, Any], path: Path, watch: Watch) -> None:
    """The same file level, beside the plain join of the same two tables; then with one row in a hundred wrong."""
    async with year.desk(JULY_2) as desk:
        row = await statements.find(desk, UUID(statement["id"]))
        with watch.timed("load"), path.open("rb") as source:
            file = read(source, "a.csv")
            await match_store.load(desk.tx, await matching.resolved(desk, row, file.rows))
        # Each three times, in turn, and the quickest of each: the first touches cold pages.
        for turn in range(3):
            with watch.timed(f"match {turn}"):
                assert await match_store.differing(desk.tx, row, len(file.rows)) == []
            with watch.timed(f"join {turn}"):
                key = {"county_code": row["county_code"], "id": row["id"]}
                assert await desk.tx.scalar(PLAIN, key) == len(file.rows)
    rows = (await asyncio.to_thread(path.read_text, "utf-8")).splitlines()
    broken = [rows[0], *(_changed(one) if n % 100 == 0 else one for n, one in enumerate(rows[1:]))]
    async with year.desk(JULY_2) as desk:
        with watch.timed("wrong"):
            upload = Upload(BytesIO("\n".join(broken).encode()), "a.csv")
            found = await matching.match(desk, UUID(statement["id"]), upload)
    assert len(found["differences"]) == (row["line_count"] + 99) // 100


PLAIN = text("""
    SELECT count(*) FROM (
        SELECT case_id, amount FROM statement_lines WHERE county_code = :county_code AND statement_id = :id) l
    FULL OUTER JOIN match_rows r ON r.reference = l.case_id::text AND r.amount = l.amount
""")


def _changed(row: str) -> str:
    reference, amount = row.split(",")
    return f"{reference},{int(amount[:-3]) + 1}{amount[-3:]}"


async def _export(year: Year, row: dict[str, Any], watch: Watch) -> None:
    for name, make in (("csv", csv_of), ("xlsx", xlsx_of)):
        async with year.desk(JULY_2) as desk:
            with watch.timed(name):
                assert await make(desk, row)


def _line(size: int, seconds: dict[str, float], used: int, exported: int) -> str:
    match = min(seconds[f"match {n}"] for n in range(3))
    join = min(seconds[f"join {n}"] for n in range(3))
    figures = [seconds["run"], seconds["load"], match, join, match / join, seconds["wrong"], seconds["pay"]]
    figures += [seconds["csv"], seconds["xlsx"]]
    return (
        f"| {size:,} | "
        + " | ".join(f"{one:.3g}" for one in figures)
        + f" | {used / 1024:.0f} | {exported / 1024:.0f} |"
    )


def tell(line: str) -> None:
    """To whoever looks on."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(part: str | None = None, size: str | None = None) -> None:
    if part == "one" and size is not None:
        asyncio.run(prove_one(int(size)))
        return
    if part == "measure" and size is not None:
        asyncio.run(measure(Path(size)))
        return
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
