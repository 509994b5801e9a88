"""What each safety of the discharge path costs, as a share of its CPU: by doing without it, in a bench-only server."""

import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scripts.benchmarks.figures import Figure, Report
from scripts.benchmarks.load import Target, closed
from scripts.benchmarks.place import Place, county
from scripts.benchmarks.proof import proof
from scripts.benchmarks.settle import CONNECTIONS, Runner, all_settled, target
from service.clock import Clock
from service.processes import WORKER
from service.proof.seals.actions import seal
from tests.cases.county import COUNTY

_WARM, _BATCH, _ROUNDS, _PAIRS = 60, 40, 12, 4
_AT_COMMIT: Final = "proof at commit"
_MEANS: Final = {
    "idempotency": "the key is taken, the answer is compressed and kept",
    "lock": "the person's turn and the visit's number",
    "trace": "everything that was read and decided is kept",
    "keyed hashes": "of the request, of the query code and for its look-up; the person's own stays",
    "audit": "who settled what of whom",
    _AT_COMMIT: "layers, lines and postings add up to the settlement's row, asked by the database (deferred triggers)",
}


@dataclass
class _Side:
    """A server and the connections that PostgreSQL serves it by."""

    where: Target
    processes: list[int]
    spent: list[float] = field(default_factory=list)


async def run(runs: int, folder: Path) -> Report:
    report = Report("safety", ("safety", "CPU of a settlement with all of them", "without it", "share of the path"))
    whole: list[float] = []
    people = 2 * len(_MEANS) * runs * (_PAIRS * _WARM + _ROUNDS * (_BATCH + CONNECTIONS))
    async with county(folder, people=people) as place:
        runner = Runner(place)
        for name, means in _MEANS.items():
            if name == _AT_COMMIT:
                everything, without = await _at_commit(runner, runs)
            else:
                everything, without = await _beside(runner, runs, name)
            shares = [100 * (1 - less / more) for more, less in zip(everything, without, strict=True)]
            figures = (
                report.keep(f"with {name}", Figure.of(_runs(everything), "ms")),
                report.keep(f"without {name}", Figure.of(_runs(without), "ms")),
                report.keep(f"share of {name}", Figure.of(_runs(shares), "%")),
            )
            report.row(f"{name}: {means}", *figures)
            whole += everything
        sealing = await _sealing(place)
        # What was settled without its answer, lock or trace is as right as the rest: the figures are the same.
        report.notes += await proof(place)
    share = 100 * sealing / statistics.median(whole)
    report.figures["seal"] = {"median": sealing, "unit": "ms"}
    report.row("seal: in the background, each settlement's rows and postings once", "", "", f"{share:.1f} %")
    report.notes.append(
        "CPU of the server and of its connections' processes in PostgreSQL. A server with everything and one without a"
        f" safety settle {_BATCH} visits in turn, {_ROUNDS} times a run, and are started anew {_PAIRS} times a run:"
        " what else the machine does meets both alike. A share whose spread reaches below nought is too small for this."
    )
    return report


async def _beside(runner: Runner, runs: int, name: str) -> tuple[list[float], list[float]]:
    """
    CPU milliseconds for one settlement, batch by batch: of a server with everything, and of one without a safety.

    Two processes of the same program differ by some hundredths, by where their objects happen to lie: each is started
    anew again and again, now this one first, now that one.
    """
    programs = {True: WORKER, False: ("-m", "scripts.benchmarks.without", name)}
    spent: dict[bool, list[float]] = {True: [], False: []}
    for pair in range(runs * _PAIRS):
        first = pair % 2 == 0
        with runner.place.server(program=programs[first], ONESTOP_SEAL_SECONDS="0") as url:
            one = await _warm(runner, url)
            with runner.place.server(program=programs[not first], ONESTOP_SEAL_SECONDS="0") as second:
                other = await _warm(runner, second)
                for _ in range(_ROUNDS // _PAIRS):
                    await _batch(runner, one)
                    await _batch(runner, other)
        spent[first] += one.spent
        spent[not first] += other.spent
    return spent[True], spent[False]


async def _at_commit(runner: Runner, runs: int) -> tuple[list[float], list[float]]:
    """The same, of one server, with the triggers on and off in turn."""
    place = runner.place
    with place.server(ONESTOP_SEAL_SECONDS="0") as url:
        everything = await _warm(runner, url)
        without = _Side(everything.where, everything.processes)
        for _ in range(runs * _ROUNDS):
            for side, what in ((everything, "ENABLE"), (without, "DISABLE")):
                await _proving(place, what)
                # Whoever meets a changed table plans anew.
                all_settled(
                    await closed(side.where, runner.made(runner.spread(), CONNECTIONS), connections=CONNECTIONS)
                )
                await _batch(runner, side)
        await _proving(place, "ENABLE")
    return everything.spent, without.spent


async def _warm(runner: Runner, url: str) -> _Side:
    """A server that has taken all its connections."""
    place = runner.place
    before = await _connections(place)
    where = target(place, url)
    all_settled(await closed(where, runner.made(runner.spread(), _WARM), connections=CONNECTIONS))
    return _Side(where, [*place.workers, *(await _connections(place) - before)])


async def _connections(place: Place) -> set[int]:
    return {
        row[0] for row in await place.rows("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
    }


async def _batch(runner: Runner, side: _Side) -> None:
    bodies = runner.made(runner.spread(), _BATCH)
    before = sum(map(_cpu, side.processes))
    all_settled(await closed(side.where, bodies, connections=CONNECTIONS))
    side.spent.append((sum(map(_cpu, side.processes)) - before) / _BATCH)


def _cpu(pid: int) -> float:
    """CPU milliseconds of a process, all its threads."""
    return sum(int(thread.read_text().split()[0]) for thread in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e6


def _runs(rounds: list[float]) -> list[float]:
    """Of each run the middle one of its rounds."""
    return [statistics.median(rounds[first : first + _ROUNDS]) for first in range(0, len(rounds), _ROUNDS)]


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
