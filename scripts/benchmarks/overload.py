"""
Three times as many discharges as a server process can settle, for a minute: `scripts/prove/overload [SECONDS]`.

First what it can settle is measured (16 connections, each its next request as soon as it has an answer); then requests
come at three times that rate whether or not answers do; then it is asked again as at first. What was acknowledged is
looked for in the database, and no fen was lost or made (`proof.py`).
"""

import asyncio
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from scripts.benchmarks.bills import bodies
from scripts.benchmarks.load import Answers, closed, opened
from scripts.benchmarks.load import Target as Where
from scripts.benchmarks.place import Place, county
from scripts.benchmarks.proof import proof
from scripts.benchmarks.report import machine
from service.db import EVERY_COUNTY, seeing

TIMES: Final = 3
PEOPLE: Final = 60_000
MEASURED: Final = 800
CONNECTIONS: Final = 700
LINES: Final = 20
FAST_AGAIN: Final = 2.0
_AFTER: Final = 20.0


@dataclass
class Run:
    """What was seen, all in requests a second and seconds."""

    capacity: Answers
    flood: Answers
    asked: int
    recovered: float
    after: Answers
    lost: int
    kept: int
    notes: list[str]


async def overload(place: Place, seconds: float) -> Run:
    people = iter(zip(itertools.cycle(place.hospitals), place.people, strict=False))
    stock = bodies(people, LINES)

    def some(count: int) -> list[bytes]:
        found = list(itertools.islice(stock, count))
        assert len(found) == count, "more persons are needed"
        return found

    with place.server() as url:
        where = Where(url, "/v1/settlements", place.headers)
        await closed(where, some(MEASURED // 4), connections=16)
        capacity = await closed(where, some(MEASURED), connections=16)
        rate = TIMES * capacity.per_second
        sent = some(round(rate * seconds))
        over = time.perf_counter() + seconds
        flood = await opened(where, sent, rate=rate, connections=CONNECTIONS)
        recovered = await _until_fast(where, some(200), capacity.quantile(0.5) / 1000) - over
        after = await closed(where, some(MEASURED), connections=16)
    numbers = {orjson.loads(sent[place_])["visit_no"] for place_ in flood.acknowledged}
    rows = await place.rows("SELECT visit_no FROM live_visits WHERE visit_no = ANY (:sent)", sent=_numbers(sent))
    kept = {row[0] for row in rows}
    return Run(capacity, flood, len(sent), recovered, after, len(numbers - kept), len(kept), await proof(place))


def _numbers(sent: list[bytes]) -> list[str]:
    return [orjson.loads(body)["visit_no"] for body in sent]


async def _until_fast(where: Where, probes: list[bytes], usual: float) -> float:
    """The instant at which one request alone is answered within twice the time of one among 16 before."""
    began = time.perf_counter()
    async with httpx.AsyncClient(timeout=60) as client:
        for probe in probes:
            asked = time.perf_counter()
            key = {"Idempotency-Key": f"probe-{asked}", "Content-Type": "application/json"}
            headers = {**where.headers, **key}
            answer = await client.post(f"{where.url}{where.path}", content=probe, headers=headers)
            now = time.perf_counter()
            if answer.status_code == httpx.codes.CREATED and now - asked <= FAST_AGAIN * usual:
                return now
            assert now - began < _AFTER, "it does not recover"
    raise AssertionError("it does not recover")


def told(run: Run, seconds: float, on: Mapping[str, Any]) -> str:
    flood, refused = run.flood, sorted(run.flood.refusals)
    tail = f"{1000 * refused[int(0.99 * (len(refused) - 1))]:.0f} ms" if refused else "none"
    return "\n".join(
        [
            "# Overload",
            "",
            f"`scripts/prove/overload {seconds:.0f}`: one server process with its default limits; PostgreSQL, writing",
            f"through to the disk, and whoever asks are on the same {os.cpu_count()} cores. Bills of {LINES} lines.",
            "",
            "| | requests/s | p50 ms | p99 ms | slowest ms |",
            "|---|---|---|---|---|",
            _row("what it can settle (16 connections)", run.capacity),
            _row(f"accepted while {TIMES} times that was asked", flood),
            _row("afterwards, as at first", run.after),
            "",
            f"- Asked {run.asked} in {seconds:.0f} s: {len(flood.latencies)} settled, refused: {flood.others}.",
            f"- Of 100 refusals 99 came within {tail}. Not sent, for want of a connection: {flood.dropped}.",
            f"- Acknowledged and not on record: {run.lost}. On record of what was sent: {run.kept}.",
            f"- A request is answered within {FAST_AGAIN:.0f} times the median of at first again {run.recovered:.1f} s",
            "  after the last request of the flood was due, what had been accepted and waited still included.",
            *(f"- {note}" for note in run.notes),
            f"- {on['at']}, {on['commit']}: {on['cpu']}, Python {on['python']}; load before it {on['load_before'][0]}.",
            "",
        ]
    )


def _row(what: str, answers: Answers) -> str:
    quantiles = " | ".join(f"{answers.quantile(share):.0f}" for share in (0.5, 0.99, 1.0))
    return f"| {what} | {answers.per_second:.0f} | {quantiles} |"


async def _main(seconds: float) -> Run:
    with tempfile.TemporaryDirectory(prefix="onestop-overload-") as folder:
        path = Path(folder)
        # As root, PostgreSQL runs as another user, who must get in.
        path.chmod(0o755)
        async with county(path / "place", people=PEOPLE) as place:
            return await overload(place, seconds)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    on = machine()
    with seeing(EVERY_COUNTY):
        run = asyncio.run(_main(seconds))
    text = told(run, seconds, on)
    sys.stdout.write(text)
    Path("scripts/reports/overload.md").write_text(text, encoding="utf-8")
    assert run.lost == 0, "something acknowledged is not on record"
    assert set(run.flood.others) <= {503}, run.flood.others


if __name__ == "__main__":
    main()
