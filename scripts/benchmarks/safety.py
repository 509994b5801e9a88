"""What each safety of the discharge path costs, as a share of its CPU: by doing without it, in a bench-only server."""

import time
from pathlib import Path
from typing import Final

from scripts.benchmarks.figures import Figure, Report
from scripts.benchmarks.load import closed
from scripts.benchmarks.place import Place, county
from scripts.benchmarks.proof import proof
from scripts.benchmarks.settle import CONNECTIONS, Runner, all_settled, target
from scripts.benchmarks.without import SAFETIES
from service.clock import Clock
from service.processes import WORKER
from service.proof.seals.actions import seal
from tests.cases.county import COUNTY

_WARM, _COUNT = 60, 300
_ALL: Final = "all safeties"
_AT_COMMIT: Final = "proof at commit"
_MEANS: Final = {
    "idempotency": "the key is taken, the answer is compressed and kept",
    "lock": "the person's turn and the visit's number",
    "trace": "everything that was read and decided is kept",
    "keyed hashes": "of the request, of the query code and for its look-up; the person's own stays",
    "audit": "who settled what of whom",
    _AT_COMMIT: "layers, lines and postings add up to the settlement's row, asked by the database (deferred triggers)",
}


async def run(runs: int, folder: Path) -> Report:
    report = Report("safety", ("safety", "CPU of a settlement without it (server and PostgreSQL)", "share of the path"))
    servers = {_ALL: WORKER} | {name: ("-m", "scripts.benchmarks.without", name) for name in SAFETIES}
    found: dict[str, list[float]] = {name: [] for name in [*servers, _AT_COMMIT]}
    async with county(folder, people=(len(found) * runs + 1) * (_WARM + _COUNT)) as place:
        runner = Runner(place)
        for _ in range(runs):
            for name, program in servers.items():
                found[name].append(await _spent(runner, program))
            await _proving(place, "DISABLE")
            found[_AT_COMMIT].append(await _spent(runner, WORKER))
            await _proving(place, "ENABLE")
        sealing = await _sealing(place)
        # What was settled without its answer, lock or trace is as right as the rest: the figures are the same.
        report.notes += await proof(place)
    whole = report.keep(_ALL, Figure.of(found.pop(_ALL), "ms"))
    report.row(_ALL, whole, "")
    for name, spent in found.items():
        without = report.keep(f"without {name}", Figure.of(spent, "ms"))
        report.row(f"{name}: {_MEANS[name]}", without, f"{1 - without.median / whole.median:.1%}")
    report.figures["seal"] = {"median": sealing, "unit": "ms"}
    report.row("seal: in the background, each settlement's rows and postings once", "", f"{sealing / whole.median:.1%}")
    report.notes.append("A share within the spread of the figures is nothing that can be told from noise.")
    return report


async def _spent(runner: Runner, program: tuple[str, ...]) -> float:
    """CPU milliseconds of the server and of PostgreSQL for one settlement."""
    place = runner.place
    with place.server(program=program, ONESTOP_SEAL_SECONDS="0") as url:
        where = target(place, url)
        all_settled(await closed(where, runner.made(runner.spread(), _WARM), connections=CONNECTIONS))
        before = place.spent()
        all_settled(await closed(where, runner.made(runner.spread(), _COUNT), connections=CONNECTIONS))
        after = place.spent()
    return 1000 * (sum(after) - sum(before)) / _COUNT


async def _proving(place: Place, what: str) -> None:
    for trigger in ("prove_settlement", "prove_settlement_posted"):
        await place.run(f"ALTER TABLE settlements {what} TRIGGER {trigger}")


async def _sealing(place: Place) -> float:
    """CPU milliseconds, of this process and of PostgreSQL, to seal one settlement with all that was written with it."""
    own, database = time.process_time(), place.spent()[1]
    sealed = await seal(place.engine, COUNTY, Clock())
    assert sealed
    settled: int = await place.scalar("SELECT count(*) FROM settlements")
    return 1000 * (time.process_time() - own + place.spent()[1] - database) / settled
