"""
Settling, and a patient's own view, in a county that has been settling for years: what growth costs.

The county is filled by `tests.bulk`, with rows that `onestop verify` can prove, and sealed as it would be by then. Each
size has a database of its own.
"""

import time
from pathlib import Path
from typing import Any, Final

import httpx

from scripts.benchmarks.bills import stay
from scripts.benchmarks.calm import calmed
from scripts.benchmarks.disk import Disk
from scripts.benchmarks.figures import Figure, Report, Target
from scripts.benchmarks.load import Answers, closed, opened
from scripts.benchmarks.load import Target as Where
from scripts.benchmarks.place import Place, county
from scripts.benchmarks.proof import proof
from scripts.benchmarks.settle import CONNECTIONS, Runner, all_settled, target
from service.clock import Clock
from service.proof.seals.actions import seal
from tests.bulk.county import age, fill
from tests.cases.county import COUNTY

_PEOPLE: Final = 12_000
_COUNT, _QUERIES = 600, 600
_SECONDS_OPEN: Final = 15
_OF_SMALLEST, _TAIL, _BYTES = 0.85, 1.5, 8 * 1024
_SCANNED: Final = """
    SELECT coalesce(sum(seq_tup_read), 0)::bigint, coalesce(sum(idx_tup_fetch), 0)::bigint FROM pg_stat_user_tables
    WHERE relname = ANY (:tables)
"""
_LARGE: Final = (
    "settlements",
    "settlement_layers",
    "settlement_documents",
    "accumulator_entries",
    "accumulators",
    "person_orders",
    "live_visits",
    "ledger_entries",
    "postings",
    "audit_log",
    "idempotency_keys",
    "idempotency_answers",
)


async def run(runs: int, folder: Path, sizes: list[int]) -> Report:
    columns = ("settlements", "settle", "p99 at half load", "patient's query", "its p99", "rows read a settlement")
    report = Report("grow", (*columns, "bytes a settlement", "filled"))
    rate = 0.0
    for size in sizes:
        async with county(folder, people=_PEOPLE) as place:
            began = time.perf_counter()
            url = place.url.replace("+asyncpg", "")
            made = await fill(url, size, processes=2)
            filled = time.perf_counter() - began
            await seal(place.engine, COUNTY, Clock())
            await age(url)
            calm = await calmed(folder)
            rate = await _at(place, report, runs, size, f"{made:,} in {filled:.0f} s", rate)
            report.notes += [f"At {size:,}: {said}" for said in (calm, *await proof(place))]
    _targets(report, sizes)
    return report


async def _at(place: Place, report: Report, runs: int, size: int, filled: str, rate: float) -> float:
    runner = Runner(place)
    with place.server() as url:
        where = target(place, url)
        await closed(where, runner.made(runner.spread(), 200), connections=CONNECTIONS)
        disk = await Disk.of(place)
        scans = await _rows_read(place)
        rates = [await _settled(runner, where) for _ in range(runs)]
        scanned, fetched = ((b - a) / (runs * _COUNT) for a, b in zip(scans, await _rows_read(place), strict=True))
        # The same rate at every size: half of what the smallest county does.
        rate = rate or Figure.of(rates, "/s").median / 2
        late = [await _opened(runner, where, rate) for _ in range(runs)]
        queries = await _patient(place, url, next(runner.people), runs)
        bytes_each = await disk.since(runs * (_COUNT + round(rate * _SECONDS_OPEN)) + 1)
    settled = report.keep(f"settle_{size}", Figure.of(rates, "/s"))
    p99 = report.keep(f"p99_{size}", Figure.of([one.quantile(0.99) for one in late], "ms"))
    asked = report.keep(f"patient_{size}", Figure.of([one.per_second for one in queries], "/s"))
    waited = report.keep(f"patient_p99_{size}", Figure.of([one.quantile(0.99) for one in queries], "ms"))
    report.keep(f"bytes_{size}", Figure.of([bytes_each.total], "B"))
    read = f"{fetched:.1f} by index, {scanned:.1f} by scanning"
    report.row(f"{size:,}", settled, p99, asked, waited, read, f"{bytes_each.total:,.0f}", filled)
    if not report.notes:
        report.notes.append(f"Where the bytes are: {bytes_each.told()}.")
    return rate


async def _settled(runner: Runner, where: Where) -> float:
    return all_settled(await closed(where, runner.made(runner.spread(), _COUNT), connections=CONNECTIONS))


async def _opened(runner: Runner, where: Where, rate: float) -> Answers:
    asked = runner.made(runner.spread(), round(rate * _SECONDS_OPEN))
    return await opened(where, asked, rate=rate, connections=256)


async def _patient(place: Place, url: str, id_no: str, runs: int) -> list[Answers]:
    """A patient's list of claims, asked again and again in one session."""
    async with httpx.AsyncClient(base_url=url) as client:
        own = place.headers | {"Idempotency-Key": "patient"}
        settled = await client.post("/v1/settlements", json=stay(place.hospitals[0], id_no), headers=own)
        settled.raise_for_status()
        said = {"query_code": settled.json()["query_code"], "id_last6": id_no[-6:]}
        session = await client.post("/v1/patient/session", json=said)
        session.raise_for_status()
    bearer = {"Authorization": f"Bearer {session.json()['access_token']}"}
    where = Where(url, "/v1/patient/claims", bearer, method="GET")
    return [await closed(where, [b""] * _QUERIES, connections=CONNECTIONS) for _ in range(runs)]


async def _rows_read(place: Place) -> tuple[int, int]:
    await place.rows("SELECT pg_stat_force_next_flush()")
    row: Any = (await place.rows(_SCANNED, tables=list(_LARGE)))[0]
    return row[0], row[1]


def _targets(report: Report, sizes: list[int]) -> None:
    least, most = sizes[0], sizes[-1]
    figure = {name: kept["median"] for name, kept in report.figures.items()}
    grown = f"{most:,} beside {least:,}"
    report.targets += [
        Target.at_least(f"settle, {grown}", figure[f"settle_{most}"] / figure[f"settle_{least}"], _OF_SMALLEST),
        Target.at_most(f"p99, {grown}", figure[f"p99_{most}"] / figure[f"p99_{least}"], _TAIL),
        Target.at_least(
            f"patient's query, {grown}", figure[f"patient_{most}"] / figure[f"patient_{least}"], _OF_SMALLEST
        ),
        Target.at_most(
            f"patient's p99, {grown}", figure[f"patient_p99_{most}"] / figure[f"patient_p99_{least}"], _TAIL
        ),
        Target.at_most("bytes on disk a settlement of 20 lines", figure[f"bytes_{most}"], _BYTES),
    ]
    report.notes.append(
        "No table is partitioned: every statement of the discharge path and of the patient reads by an index that names"
        " the county and the row (or the person), and the number of rows it reads does not grow with the county."
    )
