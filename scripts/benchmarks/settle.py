"""One server process settling discharges, beside the floor: throughput, latency at fixed rates, hot spots."""

import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Final

import httpx
from sqlalchemy import make_url

from scripts.benchmarks.bills import LINES, bodies, days_of_a_year
from scripts.benchmarks.figures import Figure, Report, Target
from scripts.benchmarks.load import Answers, closed, opened
from scripts.benchmarks.load import Target as Where
from scripts.benchmarks.place import Place, county
from scripts.benchmarks.proof import proof
from scripts.benchmarks.template import template
from service.processes import listen

PEOPLE: Final = 30_000
CONNECTIONS: Final = 16
_OF_SIZE: Final = {1: 800, LINES: 800, 500: 96, 3_000: 24}
_ONE_PERSON: Final = 200
_RATES: Final = (0.25, 0.5, 0.75)
_SECONDS_OPEN: Final = 6
_HALF: Final = 0.5
_OF_FLOOR, _OF_SPREAD, _TAIL = 0.5, 0.9, 5.0


@dataclass
class Runner:
    """A county, whose persons each stay in hospital once in June 2018, and the servers before it."""

    place: Place
    people: Iterator[str] = field(init=False)
    dice: random.Random = field(default_factory=lambda: random.Random(9))

    def __post_init__(self) -> None:
        self.people = iter(self.place.people)

    def spread(self) -> Iterator[tuple[str, str]]:
        """Each person once, over all hospitals in turn."""
        return zip(cycle(self.place.hospitals), self.people, strict=False)

    def hot(self) -> Iterator[tuple[str, str]]:
        """Each person once, four in five of them in one hospital."""
        first, *others = self.place.hospitals
        for person in self.people:
            yield (first if self.dice.random() < 0.8 else self.dice.choice(others)), person

    def made(self, who: Iterator[tuple[str, str]], count: int, lines: int = LINES) -> list[bytes]:
        found = list(islice(bodies(who, lines), count))
        assert len(found) == count, "more persons are needed"
        return found


async def run(runs: int, folder: Path) -> Report:
    report = Report("settle", ("what", "onestop", "floor", "ratio"))
    async with county(folder, people=PEOPLE) as place:
        runner = Runner(place)
        for lines, count in _OF_SIZE.items():
            await _sizes(runner, report, runs, lines, count)
        await _shapes(runner, report, runs)
        await _rates(runner, report, runs)
        report.notes += await proof(place)
    return report


async def _sizes(runner: Runner, report: Report, runs: int, lines: int, count: int) -> None:
    """Throughput at one length of bill, the service and the floor in turns."""
    ours: list[float] = []
    theirs: list[float] = []
    spent: list[float] = []
    with runner.place.server() as url:
        async with floor(runner.place, url, lines, next(runner.people)) as floor_url:
            for _ in range(runs):
                for where, kept in ((url, ours), (floor_url, theirs)):
                    asked = runner.made(runner.spread(), count, lines)
                    began = runner.place.spent()[0]
                    kept.append(all_settled(await closed(target(runner.place, where), asked, connections=CONNECTIONS)))
                    if where == url:
                        spent.append(1000 * (runner.place.spent()[0] - began) / count)
    mine = report.keep(f"settle_{lines}", Figure.of(ours, "/s"))
    least = report.keep(f"floor_{lines}", Figure.of(theirs, "/s"))
    cpu = report.keep(f"server_cpu_{lines}", Figure.of(spent, "ms"))
    ratio = mine.median / least.median
    report.row(
        f"closed loop, {lines} lines ({cpu.median:.2f} ms of the server's CPU each)", mine, least, f"{ratio:.2f}"
    )
    if lines == LINES:
        report.targets.append(Target.at_least("throughput / floor, 20 lines", ratio, _OF_FLOOR))


async def _shapes(runner: Runner, report: Report, runs: int) -> None:
    """The same with most discharges in one hospital, and with one person's one after another."""
    found: dict[str, list[float]] = {"spread": [], "hot": [], "one_person": []}
    with runner.place.server() as url:
        where = target(runner.place, url)
        for _ in range(runs):
            asked = {
                "spread": runner.made(runner.spread(), _OF_SIZE[LINES]),
                "hot": runner.made(runner.hot(), _OF_SIZE[LINES]),
                "one_person": days_of_a_year(runner.place.hospitals[0], next(runner.people), _ONE_PERSON),
            }
            for shape, requests in asked.items():
                found[shape].append(all_settled(await closed(where, requests, connections=CONNECTIONS)))
    every, hot, one = (report.keep(shape, Figure.of(kept, "/s")) for shape, kept in found.items())
    report.row("20 lines, spread over ten hospitals", every, "", "")
    report.row("20 lines, four in five in one hospital", hot, "", f"{hot.median / every.median:.2f} of the spread")
    report.row("20 lines, one person, each waits for the one before", one, "", f"{one.median / every.median:.2f} of it")
    report.targets.append(Target.at_least("hot hospital / spread", hot.median / every.median, _OF_SPREAD))


async def _rates(runner: Runner, report: Report, runs: int) -> None:
    """Latency at fixed rates, measured from the moment each request was due."""
    most = report.figures["spread"]["median"]
    with runner.place.server() as url:
        where = target(runner.place, url)
        await closed(where, runner.made(runner.spread(), 300), connections=CONNECTIONS)
        for share in _RATES:
            rate = share * most
            found = []
            for _ in range(runs):
                asked = runner.made(runner.spread(), round(rate * _SECONDS_OPEN))
                found.append(await opened(where, asked, rate=rate, connections=256))
            p50 = report.keep(f"open_{share}_p50", Figure.of([one.quantile(0.5) for one in found], "ms"))
            p99 = report.keep(f"open_{share}_p99", Figure.of([one.quantile(0.99) for one in found], "ms"))
            dropped, refused = sum(one.dropped for one in found), sum(sum(one.others.values()) for one in found)
            report.row(
                f"open loop at {share:.0%} of it ({rate:.0f}/s): dropped {dropped}, refused {refused}",
                f"p50 {p50}, p99 {p99}",
                "",
                f"{p99.median / p50.median:.1f}",
            )
            if share == _HALF:
                report.targets.append(Target.at_most("p99 / p50 at half load", p99.median / p50.median, _TAIL))


def target(place: Place, url: str) -> Where:
    """Where stays are settled."""
    return Where(url, "/v1/settlements", place.headers)


def all_settled(answers: Answers) -> float:
    """How many a second. Raises AssertionError where any was refused."""
    assert not answers.others, f"refused: {answers.others}"
    return answers.per_second


@asynccontextmanager
async def floor(place: Place, url: str, lines: int, person: str) -> AsyncIterator[str]:
    """The floor, running on the same database with the pattern of a settlement of that many lines."""
    file = place.folder / f"template-{lines}.json"
    await template(place, url, lines, person, file)
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    database = make_url(place.url).set(drivername="postgresql").render_as_string(hide_password=False)
    program = [sys.executable, "-m", "scripts.benchmarks.floor", str(port), database, os.fspath(file)]
    process = subprocess.Popen(program)
    try:
        await _until_it_answers(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


async def _until_it_answers(url: str) -> None:
    deadline = time.monotonic() + 30
    async with httpx.AsyncClient() as client:
        while True:
            try:
                await client.get(url)
            except httpx.ConnectError:
                assert time.monotonic() < deadline, "the floor did not start"
            else:
                return
