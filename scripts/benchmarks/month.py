"""A hospital's month: billed, and matched line by line, beside a plain full outer join of the same two tables."""

import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scripts.benchmarks.figures import Figure, Report, Target
from service.access.vault import Vault
from service.config import Settings
from service.db import transaction_on
from service.reconciliation.matching import beside, staged
from service.reconciliation.matching.read import opened
from service.reconciliation.matching.staged import Sides
from service.reconciliation.statements import actions as statements
from service.reconciliation.statements import store
from tests.reconciliation import scale
from tests.reconciliation.prove import database
from tests.reconciliation.year import Year

_MOST_TIMES: Final = 3.0
_DAY: Final = date(2018, 7, 2)


async def run(runs: int, sizes: list[int]) -> Report:
    report = Report("month", ("lines", "billed (run of the period)", "the matching", "plain full outer join", "ratio"))
    for size in sizes:
        async with database() as (engine, settings):
            await _month(report, runs, size, engine, settings)
            async with transaction_on(engine) as tx:
                fsync = await tx.scalar(text("SHOW fsync"))
                commit = await tx.scalar(text("SHOW synchronous_commit"))
    report.notes.append(f"PostgreSQL: fsync {fsync}, synchronous_commit {commit}. Every run found all lines agreed.")
    return report


async def _month(report: Report, runs: int, size: int, engine: AsyncEngine, settings: Settings) -> None:
    year = Year(engine, Vault.from_settings(settings), [], 0, random.Random(4))
    with tempfile.TemporaryDirectory() as name:
        files = Path(name)
        await scale.prepare(engine, size, files)
        began = time.perf_counter()
        async with year.desk(_DAY) as desk:
            await statements.run(desk, "basic_fund", "2018-06", dry_run=False)
        billed = time.perf_counter() - began
        async with year.desk(_DAY) as desk:
            row = (await store.statements(desk.tx, desk, {}, limit=1))[0]
            with (files / "level").open("rb") as source:
                await beside.load(desk, row, opened(source, "a.csv", []))
            sides = Sides(row, False, row["line_count"], row["lines_total"], row["line_count"])
            key = {"county_code": row["county_code"], "id": row["id"]}
            assert row["line_count"] == size
            matching: list[float] = []
            joining: list[float] = []
            for _ in range(runs):
                matching.append(await _seconds(lambda: staged.differing(desk.tx, sides), set()))
                joining.append(await _seconds(lambda: desk.tx.scalar(scale.PLAIN, key), size))
    ours = report.keep(f"matching_{size}", Figure.of(matching, "s"))
    plain = report.keep(f"join_{size}", Figure.of(joining, "s"))
    ratio = ours.median / plain.median
    report.row(f"{size:,}", f"{billed:.1f} s ({size / billed:,.0f} lines/s)", ours, plain, f"{ratio:.2f}")
    report.targets.append(Target.at_most(f"matching / plain join, {size:,} lines", ratio, _MOST_TIMES))


async def _seconds(act: Callable[[], Awaitable[Any]], expected: Any) -> float:
    began = time.perf_counter()
    assert await act() == expected
    return time.perf_counter() - began
