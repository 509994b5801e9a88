"""One seed: a county of its own in a database of its own, lived through; if it fails, told as a short story."""

import asyncio
import gc
import logging
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop

from scripts.simulating.faults import breakable
from scripts.simulating.plan import Event, planned
from scripts.simulating.running import Failure, Told, Worlds, shortest
from service.db import EVERY_COUNTY, seeing
from tests.claims import world as worlds
from tests.conftest import Cluster

_OBJECTS_BEFORE_A_LOOK: Final = 10_000


@dataclass(frozen=True)
class Lived:
    """What came of a seed: `story` is how it failed, None where everything held; `database` the server's version."""

    seed: int
    days: int
    told: Told
    seconds: float
    database: str
    story: str | None = None


def simulate(cluster: Cluster, seed: int, days: int) -> Lived:
    """Live through a seed's plan, and say on standard output that it is done."""
    with (
        tempfile.TemporaryDirectory() as folder,
        seeing(EVERY_COUNTY),
        breakable(),
        # As server processes have it.
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        lived = runner.run(_simulate(cluster, Path(folder), seed, days))
    _say(f"seed {seed}: {days} days in {lived.seconds:.1f} s")
    return lived


async def _simulate(cluster: Cluster, folder: Path, seed: int, days: int) -> Lived:
    began, told, failed = time.monotonic(), Told(), None
    async with worlds.made(cluster, folder) as world:
        # The application has begun to write its log.
        logging.getLogger("onestop").setLevel(logging.CRITICAL)
        place = Worlds(world)
        with _leaving_alone_what_stays():
            try:
                told = await place.live(planned(seed, days))
            except Failure as failure:
                _say(f"seed {seed} failed, and is being cut down: {failure}")
                failed = await story(place, seed, days, failure)
        [[database]] = await world.rows("SHOW server_version")
    return Lived(seed, days, told, time.monotonic() - began, f"PostgreSQL {database}", failed)


@contextmanager
def _leaving_alone_what_stays() -> Iterator[None]:
    """As a server process does: the application is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
    looked, *_ = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BEFORE_A_LOOK)
    try:
        yield
    finally:
        gc.set_threshold(looked)
        # The next seed has an application of its own.
        gc.unfreeze()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def story(place: Worlds, seed: int, days: int, failure: Failure) -> str:
    """The shortest plan found that still fails, in words."""
    plan = planned(seed, days)
    if failure.event is not None:
        plan = plan[: plan.index(failure.event) + 1]
    told = [str(failure)]

    async def fails(events: Sequence[Event]) -> bool:
        try:
            await place.live(events)
        except Failure as again:
            if again.kind == failure.kind:
                told[0] = str(again)
                return True
        return False

    short = await shortest(plan, fails)
    return "\n".join([f"seed {seed}, {len(short)} of {len(plan)} events:", *(f"  {e.told()}" for e in short), told[0]])
