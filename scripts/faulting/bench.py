"""A run of the bench: rounds of faults under traffic, each followed by a look at everything that was promised."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from scripts.faulting.asking import Watch
from scripts.faulting.cast import Cast, assembled
from scripts.faulting.checking import RECOVERY_SECONDS, Checker
from scripts.faulting.kinds import KINDS, Kind
from scripts.faulting.place import opened
from scripts.faulting.stories import STORIES

_CREW: Final = 5
_BETWEEN: Final = (0.2, 0.8)


@dataclass
class Outcome:
    """What came of a run: what was broken how often and where, how long recovery took, and what was wrong."""

    seed: int
    without: str | None
    struck: Counter[str] = field(default_factory=Counter)
    places: dict[str, Counter[str]] = field(default_factory=dict)
    recovery: dict[str, list[float]] = field(default_factory=dict)
    heard: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    rows: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    after: str = ""


async def run(
    folder: Path, *, seed: int, minutes: float, kinds: Sequence[Kind] = KINDS, without: str | None = None
) -> Outcome:
    """Break things until the time is over or something is wrong. The seed decides what is broken, in which order."""
    outcome, began = Outcome(seed, without), time.monotonic()
    async with opened(folder, without=without) as place:
        watch = Watch()
        cast = await assembled(place, watch)
        crew = [asyncio.create_task(_work(cast, Random(f"{seed}-{number}"), outcome)) for number in range(_CREW)]
        try:
            await _rounds(cast, outcome, kinds, time.monotonic() + minutes * 60)
        finally:
            for one in crew:
                one.cancel()
            await asyncio.gather(*crew, return_exceptions=True)
            await cast.http.aclose()
        outcome.rows = {"settlements": await place.scalar("SELECT count(*) FROM settlements")}
        outcome.heard = watch.heard
        outcome.acknowledged = Counter(one.path.split("/")[2] for one in watch.acknowledged)
    outcome.seconds = time.monotonic() - began
    return outcome


async def _rounds(cast: Cast, outcome: Outcome, kinds: Sequence[Kind], until: float) -> None:
    dice, checker = Random(outcome.seed), Checker(cast)
    deck: list[Kind] = []
    while time.monotonic() < until and not outcome.wrong:
        if not deck:
            deck = [kind for kind in kinds for _ in range(kind.SHARE)]
            dice.shuffle(deck)
        await _struck(cast, checker, outcome, deck.pop(), dice)
    if not outcome.wrong:
        outcome.after = "everything"
        outcome.wrong += await checker.look(dice, whole=True)


async def _struck(cast: Cast, checker: Checker, outcome: Outcome, kind: Kind, dice: Random) -> None:
    """One fault, the recovery, and the look."""
    cast.watch.open.set()
    await asyncio.sleep(dice.uniform(*_BETWEEN))
    where = await kind.strike(cast, dice)
    outcome.after = f"{kind.NAME}: {where}"
    outcome.struck[kind.NAME] += 1
    outcome.places.setdefault(kind.NAME, Counter())[where] += 1
    try:
        took = await cast.watch.pause(RECOVERY_SECONDS)
    except TimeoutError:
        outcome.wrong.append(
            f"no answer {RECOVERY_SECONDS:.0f} s after the fault: {sorted(cast.watch.waiting.values())}"
        )
        return
    outcome.recovery.setdefault(kind.NAME, []).append(took)
    outcome.wrong += [*cast.watch.wrong, *await checker.look(dice)]
    print(f"{sum(outcome.struck.values()):4} {took:6.2f} s  {outcome.after}", flush=True)


async def _work(cast: Cast, dice: Random, outcome: Outcome) -> None:
    """One of those who tell stories, for ever. A story that ends otherwise than it should is something wrong."""
    stories, weights = zip(*STORIES, strict=True)
    while True:
        [story] = dice.choices(stories, weights)
        try:
            await story(cast, dice)
        except (AssertionError, KeyError, ValueError, IndexError) as error:
            cast.watch.wrong.append(f"{story.__name__}: {type(error).__name__}: {str(error)[:400]}")
            return
        outcome.told[story.__name__] += 1
