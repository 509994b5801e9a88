"""
Growth: run, match, pay and export one hospital's month of some size, in a process of its own, each step measured.

Wall seconds depend on who else uses the machine. CPU seconds do not: of this process, and of every process of the
PostgreSQL server, as the kernel counts them.
"""

import asyncio
import json
import os
import platform
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.access.vault import Vault
from service.config import Settings
from service.db import create_engine, transaction_on
from service.money import yuan
from service.reconciliation.matching import actions as matching
from service.reconciliation.matching import beside, staged
from service.reconciliation.matching.actions import Upload
from service.reconciliation.matching.read import opened
from service.reconciliation.matching.staged import Sides
from service.reconciliation.papers.export import csv_of, pdf_of, xlsx_of
from service.reconciliation.payments import actions as payments
from service.reconciliation.statements import actions as statements
from service.reconciliation.statements import store
from tests.reconciliation.bulk import Case, write
from tests.reconciliation.year import Year

JUNE_9, JULY_2 = date(2018, 6, 9), date(2018, 7, 2)
TURNS = 3
STEPS = {
    "run": "run the period",
    "level": "match a CSV, all agreed",
    "wrong": "match a CSV, 1 % wrong",
    "3202": "match the 3202 text (fund sums)",
    "own": "match our own CSV",
    "book": "match our own XLSX",
    "pay": "pay",
    "csv": "export CSV",
    "xlsx": "export XLSX",
    "pdf": "export PDF",
    "match": "the matching itself",
    "join": "plain full outer join",
}
PLAIN = text("""
    SELECT count(*) FROM (
        SELECT case_id, amount FROM statement_lines WHERE county_code = :county_code AND statement_id = :id) l
    FULL OUTER JOIN match_rows r ON r.case_id = l.case_id AND r.amount = l.amount
""")


@dataclass
class Measured:
    """Of each step: wall seconds, CPU seconds of this process and of the server, peak memory above idle (MiB)."""

    steps: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)

    @classmethod
    def read(cls, written: str) -> "Measured":
        return cls({name: tuple(figures) for name, figures in json.loads(written.splitlines()[-1]).items()})

    def cpu(self, name: str) -> float:
        return self.steps[name][1] + self.steps[name][2]


class Meter:
    """Measures steps; a step that is repeated keeps its cheapest turn."""

    def __init__(self, postmaster: int) -> None:
        self.postmaster = postmaster
        self.idle = status("VmRSS")
        self.found = Measured()

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[None]:
        # What was the most memory so far is forgotten: each step has a peak of its own.
        await asyncio.to_thread(Path("/proc/self/clear_refs").write_text, "5")
        begin, own, server = time.monotonic(), time.process_time(), server_seconds(self.postmaster)
        yield
        figures = (
            time.monotonic() - begin,
            time.process_time() - own,
            server_seconds(self.postmaster) - server,
            (status("VmHWM") - self.idle) / 1024,
        )
        known = self.found.steps.get(name)
        if known is None or sum(figures[1:3]) < sum(known[1:3]):
            self.found.steps[name] = figures


def status(name: str) -> int:
    """A line of this process's status, in KiB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(name)))


def stat(pid: str | int) -> list[str]:
    """The fields of a process's stat behind its name: state, parent, ..."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def server_seconds(postmaster: int) -> float:
    """CPU seconds of a PostgreSQL server: of every process it has, and of those that ended."""
    ended = sum(map(int, stat(postmaster)[13:15])) / os.sysconf("SC_CLK_TCK")
    living = 0
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and (int(process.name) == postmaster or int(stat(process.name)[1]) == postmaster):
                living += int((process / "schedstat").read_text(encoding="utf-8").split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return ended + living / 1e9


async def prepare(engine: AsyncEngine, size: int, files: Path) -> None:
    """The month's settlements, and the other side's files."""
    cases = [Case(JUNE_9, "H45990100101", {"basic": 100_00 + n, "top_up": 50_00}) for n in range(size)]
    async with transaction_on(engine) as tx:
        await write(tx, cases)
    async with transaction_on(engine) as tx:
        await tx.execute(text("ANALYZE"))
    level = [f"{case.id},{yuan(case.layers['basic'])}" for case in cases]
    wrong = [f"{case.id},{yuan(case.layers['basic'] + (n % 100 == 0))}" for n, case in enumerate(cases)]
    national = [f"{case.id.hex}\t{case.visit_no}\tP1\t1.00\t{yuan(case.paid)}\t0\t0" for case in cases]
    for name, lines in (("level", ["结算号,金额", *level]), ("wrong", ["结算号,金额", *wrong]), ("3202", national)):
        (files / name).write_text("\n".join(lines), encoding="utf-8")


async def measure(files: Path) -> Measured:
    """Run, match, pay and export what is in the database."""
    settings = Settings()
    assert settings.database_url is not None
    engine = create_engine(settings.database_url, settings)
    year = Year(engine, Vault.from_settings(settings), [], 0, random.Random(4))
    async with year.desk(JULY_2) as desk:
        await store.statements(desk.tx, desk, {}, limit=1)
        meter = Meter(int(stat(await desk.tx.scalar(text("SELECT pg_backend_pid()")))[1]))
    async with meter.step("run"), year.desk(JULY_2) as desk:
        statement = (await statements.run(desk, "basic_fund", "2018-06", dry_run=False))["items"][0]
    statement_id = UUID(statement["id"])
    await _join(year, statement_id, files / "level", meter)
    for turn in range(TURNS):
        for name in ("level", "3202", "wrong") if turn == 0 else ("level", "3202"):
            await _match(year, statement_id, files / name, meter)
    await _papers(year, statement_id, files, meter)
    for name in ("own", "book"):
        await _match(year, statement_id, files / name, meter)
    async with year.desk(JULY_2) as desk:
        row = await statements.find(desk, statement_id)
    async with meter.step("pay"), year.desk(JULY_2) as desk:
        await payments.pay(desk, year.transfer(row, JULY_2, row["outstanding"]))
    await engine.dispose()
    return meter.found


async def _join(year: Year, statement_id: UUID, path: Path, meter: Meter) -> None:
    """The matching itself beside the plain join of the same two tables, in turn."""
    async with year.desk(JULY_2) as desk:
        row = await statements.find(desk, statement_id)
        with path.open("rb") as source:
            await beside.load(desk, row, opened(source, "a.csv", []))
        sides = Sides(row, False, row["line_count"], row["lines_total"], row["line_count"])
        key = {"county_code": row["county_code"], "id": row["id"]}
        for _ in range(TURNS):
            async with meter.step("match"):
                assert await staged.differing(desk.tx, sides) == set()
            async with meter.step("join"):
                assert await _plain(desk.tx, key) == row["line_count"]


async def _plain(tx: AsyncConnection, key: dict[str, Any]) -> Any:
    return await tx.scalar(PLAIN, key)


async def _match(year: Year, statement_id: UUID, path: Path, meter: Meter) -> None:
    with path.open("rb") as source:
        async with meter.step(path.name), year.desk(JULY_2) as desk:
            found = await matching.match(desk, statement_id, Upload(source, path.name))
    expected = -(-found["row_count"] // 100) if path.name == "wrong" else 0
    assert len(found["differences"]) == expected


async def _papers(year: Year, statement_id: UUID, files: Path, meter: Meter) -> None:
    for name, make, kept in (("csv", csv_of, "own"), ("xlsx", xlsx_of, "book"), ("pdf", pdf_of, "paper")):
        async with year.desk(JULY_2) as desk:
            row = await statements.find(desk, statement_id)
            async with meter.step(name):
                made = await make(desk, row)
            (files / kept).write_bytes(made)


def report(sizes: Sequence[int], measured: Sequence[Measured], version: str) -> list[str]:
    """The figures as they stand in the report."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    told = [
        "## Growth\n",
        f"`scripts/prove/statements scale`, at {commit.stdout.strip()}. {platform.machine()}, {os.cpu_count()} cores,",
        f"Python {platform.python_version()}, PostgreSQL {version} as `onestop serve` embeds it. One hospital's month,",
        "files on the disk, one process that does what a server process does.\n",
        "Wall / CPU seconds. The machine is shared with other work, so CPU (this process and every process of the",
        "PostgreSQL server, as the kernel counts them) is what growth is read from. Steps that leave nothing behind",
        f"are the cheapest of {TURNS} turns.\n",
        "| step | " + " | ".join(f"{size:,}" for size in sizes) + " | x10 costs, in CPU |",
        "|---" * (len(sizes) + 2) + "|",
    ]
    for name, title in STEPS.items():
        cells = [f"{one.steps[name][0]:.3g} / {one.cpu(name):.3g}" for one in measured]
        told.append(f"| {title} | " + " | ".join(cells) + f" | {_growth(measured, name)} |")
    ratios = [f"{one.cpu('match') / one.cpu('join'):.2f}" for one in measured]
    told.append("| matching : plain join, CPU | " + " | ".join(ratios) + " | |")
    told += ["", "Peak memory above idle, MiB:\n", "| step | " + " | ".join(f"{size:,}" for size in sizes) + " |"]
    told.append("|---" * (len(sizes) + 1) + "|")
    for name, title in STEPS.items():
        told.append(f"| {title} | " + " | ".join(f"{max(one.steps[name][3], 0):.0f}" for one in measured) + " |")
    return [*told, ""]


def _growth(measured: Sequence[Measured], name: str) -> str:
    factors = [later.cpu(name) / before.cpu(name) for before, later in pairwise(measured)]
    return ", ".join(f"x{factor:.1f}" for factor in factors)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(measure(Path(sys.argv[1]))).steps) + "\n")
