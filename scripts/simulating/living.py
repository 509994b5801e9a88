"""One process's share of the seeds: lived through one after the other, those that fail told as short stories."""

import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.simulating.faults import breakable
from scripts.simulating.plan import Event, planned
from scripts.simulating.running import Failure, Told, Worlds, shortest
from service.db import EVERY_COUNTY, seeing
from tests.claims import world as worlds
from tests.conftest import Cluster


@dataclass
class Lived:
    """What one process has simulated."""

    told: Told = field(default_factory=Told)
    seeds: int = 0
    seconds: float = 0.0
    stories: list[str] = field(default_factory=list)


def simulate(cluster: Cluster, seeds: Sequence[int], days: int, share: int, minutes: float) -> Lived:
    """
    Live through these seeds in a database of our own; each line on standard output is a seed that is done.

    None is begun later than so many minutes from now.
    """
    with tempfile.TemporaryDirectory() as folder, seeing(EVERY_COUNTY), breakable():
        return asyncio.run(_simulate(cluster, Path(folder), seeds, days, share, minutes))


async def _simulate(
    cluster: Cluster, folder: Path, seeds: Sequence[int], days: int, share: int, minutes: float
) -> Lived:
    lived, until = Lived(), time.monotonic() + 60 * minutes
    async with worlds.made(cluster, folder) as world:
        # The application has begun to write its log.
        logging.getLogger("onestop").setLevel(logging.CRITICAL)
        place = Worlds(world, 460_001 + 1_000 * share)
        for seed in seeds:
            if (began := time.monotonic()) > until:
                break
            plan = planned(seed, days)
            try:
                lived.told.add(await place.live(plan))
            except Failure as failure:
                _say(f"seed {seed} failed, and is being cut down: {failure}")
                lived.stories.append(await story(place, seed, days, failure))
            lived.seeds += 1
            lived.seconds += (took := time.monotonic() - began)
            _say(f"seed {seed}: {days} days in {took:.1f} s")
    return lived


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
            told[0] = str(again)
            return True
        return False

    short = await shortest(plan, fails)
    return "\n".join([f"seed {seed}, {len(short)} of {len(plan)} events:", *(f"  {e.told()}" for e in short), told[0]])
