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

from scripts.benchmarks.bills import LINES, bodies
from scripts.benchmarks.figures import Figure, Report, Target
from scripts.benchmarks.load import Answers, closed, opened
from scripts.benchmarks.load import Target as Where
from scripts.benchmarks.place import Place, county
from scripts.benchmarks.proof import proof
from scripts.benchmarks.template import template
from service.processes import listen

PEOPLE: Final = 20_000
CONNECTIONS: Final = 16
_OF_SIZE: Final = {1: 1_500, LINES: 1_500, 500: 120, 3_000: 24}
_RATES: Final = (0.25, 0.5, 0.75, 0.9)
_SECONDS_OPEN: Final = 10
_HALF: Final = 0.5
_OF_FLOOR, _OF_SPREAD, _TAIL = 0.5, 0.9, 5.0


@dataclass
class Runner:
    """A county, whose persons each stay in hospital once in June 2018, and the servers before it."""

    place: Place
    people: Iterator[str] = field(init=False)
    dice: random.Random = field(default_factory=lambda: random.Random(9))  # noqa: S311  (a load, not a secret)

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
        await _rates(runner, report)
        report.notes += await proof(place)
    return report


async def _sizes(runner: Runner, report: Report, runs: int, lines: int, count: int) -> None:
    """Throughput at one length of bill, the service and the floor in turns."""
    ours: list[float] = []
    theirs: list[float] = []
    with runner.place.server() as url:
        async with floor(runner.place, url, lines, next(runner.people)) as floor_url:
            for _ in range(runs):
                for where, kept in ((url, ours), (floor_url, theirs)):
                    asked = runner.made(runner.spread(), count, lines)
                    kept.append(_all_settled(await closed(_target(runner, where), asked, connections=CONNECTIONS)))
    mine = report.keep(f"settle_{lines}", Figure.of(ours, "/s"))
    least = report.keep(f"floor_{lines}", Figure.of(theirs, "/s"))
    ratio = mine.median / least.median
    report.row(f"closed loop, {lines} lines", mine, least, f"{ratio:.2f}")
    if lines == LINES:
        report.targets.append(Target.at_least("throughput / floor, 20 lines", ratio, _OF_FLOOR))


async def _shapes(runner: Runner, report: Report, runs: int) -> None:
    """The same with most discharges in one hospital, and with one person's one after another."""
    spread: list[float] = []
    hot: list[float] = []
    with runner.place.server() as url:
        target = _target(runner, url)
        for _ in range(runs):
            for who, kept in ((runner.spread(), spread), (runner.hot(), hot)):
                asked = runner.made(who, _OF_SIZE[LINES])
                kept.append(_all_settled(await closed(target, asked, connections=CONNECTIONS)))
    every, one = report.keep("spread", Figure.of(spread, "/s")), report.keep("hot", Figure.of(hot, "/s"))
    report.row("20 lines, spread over ten hospitals", every, "", "")
    report.row("20 lines, four in five in one hospital", one, "", f"{one.median / every.median:.2f} of the spread")
    report.targets.append(Target.at_least("hot hospital / spread", one.median / every.median, _OF_SPREAD))


async def _rates(runner: Runner, report: Report) -> None:
    """Latency at fixed rates, measured from the moment each request was due."""
    most = report.figures["spread"]["median"]
    with runner.place.server() as url:
        target = _target(runner, url)
        await closed(target, runner.made(runner.spread(), 300), connections=CONNECTIONS)
        for share in _RATES:
            rate = share * most
            asked = runner.made(runner.spread(), round(rate * _SECONDS_OPEN))
            found = await opened(target, asked, rate=rate, connections=256)
            p50, p99 = found.quantile(0.5), found.quantile(0.99)
            report.figures[f"open_{share}"] = {"rate": rate, "p50_ms": p50, "p99_ms": p99, "dropped": found.dropped}
            report.row(
                f"open loop at {share:.0%} of it ({rate:.0f}/s)",
                f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, dropped {found.dropped}, refused {sum(found.others.values())}",
                "",
                f"{p99 / p50:.1f}",
            )
            if share == _HALF:
                report.targets.append(Target.at_most("p99 / p50 at half load", p99 / p50, _TAIL))


def _target(runner: Runner, url: str) -> Where:
    return Where(url, "/v1/settlements", runner.place.headers)


def _all_settled(answers: Answers) -> float:
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
