"""A run of the bench: rounds of faults under traffic, each followed by a look at everything that was promised."""

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

from scripts.faulting.asking import Watch
from scripts.faulting.cast import Cast, assembled
from scripts.faulting.checking import RECOVERY_SECONDS, Checker
from scripts.faulting.kinds import KINDS, Kind
from scripts.faulting.place import opened
from scripts.faulting.spared import Spared
from scripts.faulting.stories import STORIES, Story
from scripts.faulting.taken_out import PROTECTIONS
from service.clock import Clock
from service.proof.seals.actions import seal
from tests.cases.county import COUNTY

T = TypeVar("T")
_CREW: Final = 4
_PATIENTS: Final = 60
_MORE: Final = 10
_BEING_WRITTEN: Final = """
    SELECT count(*) FROM pg_stat_activity WHERE application_name = 'onestop' AND backend_xid IS NOT NULL
"""
_PAUSE: Final = 0.05
_GLANCE: Final = 0.2
_STRIKE_SECONDS: Final = 300.0
_LOOK_SECONDS: Final = 300.0
_BETWEEN: Final = (0.1, 0.5)


@dataclass
class Outcome:
    """
    What came of a run: what was broken how often and where, how long it took from there until all was answered again,
    and what was wrong. `spared`: faults that did not come about. `cuts`: every place of the discharge path.
    """

    seed: int
    without: str | None
    struck: Counter[str] = field(default_factory=Counter)
    spared: Counter[str] = field(default_factory=Counter)
    places: dict[str, Counter[str]] = field(default_factory=dict)
    cuts: list[str] = field(default_factory=list)
    recovery: dict[str, list[float]] = field(default_factory=dict)
    heard: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    rows: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    forgotten: int = 0
    seconds: float = 0.0
    after: str = ""
    database: str = ""


async def run(
    folder: Path,
    *,
    seed: int,
    minutes: float,
    most: int | None = None,
    patients: int = _PATIENTS,
    kinds: Sequence[Kind] = KINDS,
    without: str | None = None,
) -> Outcome:
    """
    Break things until the time is over or something is wrong. The seed decides what is broken, in which order.

    `most`: so many faults, and of each kind one before any comes twice.
    """
    outcome, began = Outcome(seed, without), time.monotonic()
    async with opened(folder, without=without) as place:
        watch = Watch()
        try:
            cast = await assembled(place, watch, patients)
        except AssertionError as error:
            outcome.after, outcome.wrong = "no fault at all: while the county was entered", [str(error)]
            outcome.seconds = time.monotonic() - began
            return outcome
        crew = [asyncio.create_task(_work(cast, Random(f"{seed}-{number}"), outcome)) for number in range(_CREW)]
        try:
            await _rounds(cast, outcome, kinds, time.monotonic() + minutes * 60, most)
        finally:
            for one in crew:
                one.cancel()
            await asyncio.gather(*crew, return_exceptions=True)
            await cast.http.aclose()
        outcome.rows = {"settlements": await place.scalar("SELECT count(*) FROM settlements")}
        outcome.database = (await place.scalar("SELECT version()")).partition(" on ")[0]
        outcome.heard, outcome.forgotten = watch.heard, watch.forgotten
        outcome.cuts = cast.every_cut
        outcome.acknowledged = Counter(one.path.split("/")[2] for one in watch.acknowledged)
    outcome.seconds = time.monotonic() - began
    return outcome


async def _rounds(cast: Cast, outcome: Outcome, kinds: Sequence[Kind], until: float, most: int | None) -> None:
    # What a fault draws depends on the machine: what comes next must not.
    order, dice, checker = Random(f"{outcome.seed}-order"), Random(outcome.seed), Checker(cast)
    deck: list[Kind] = []
    while time.monotonic() < until and not outcome.wrong and (most is None or sum(outcome.struck.values()) < most):
        if not deck:
            deck = [kind for kind in kinds for _ in range(kind.SHARE if most is None else 1)]
            order.shuffle(deck)
        await _struck(cast, checker, outcome, deck.pop(), dice)
    if not outcome.wrong:
        outcome.after = "everything"
        outcome.wrong += await checker.look(dice, whole=True)


async def _struck(cast: Cast, checker: Checker, outcome: Outcome, kind: Kind, dice: Random) -> None:
    """One fault, the recovery, and the look."""
    watch = cast.watch
    watch.open.set()
    await asyncio.sleep(dice.uniform(*_BETWEEN))
    outcome.after, late = kind.NAME, f"the fault itself does not end within {_STRIKE_SECONDS:.0f} s"
    began, spared = time.monotonic(), False
    try:
        try:
            where = await _unless_wrong(watch, kind.strike(cast, dice), _STRIKE_SECONDS)
        except Spared as reason:
            where, spared = str(reason), True
        outcome.after, late = f"{kind.NAME}: {where}", f"no answer within {RECOVERY_SECONDS:.0f} s of the fault's end"
        await _unless_wrong(watch, watch.pause(), RECOVERY_SECONDS)
        took = time.monotonic() - began
        late = f"no end of the look within {_LOOK_SECONDS:.0f} s"
        async with asyncio.timeout(_LOOK_SECONDS):
            found = await checker.look(dice)
            await _turn_the_month(cast)
    except AssertionError as error:
        outcome.wrong += [*watch.wrong, str(error), *await _left_behind(checker)]
        return
    except TimeoutError:
        outcome.wrong += [*watch.wrong, f"{late}: {sorted(watch.waiting.values())}", *await _left_behind(checker)]
        return
    outcome.wrong += [*watch.wrong, *found]
    if spared:
        outcome.spared[outcome.after] += 1
        print(f"did not come about: {outcome.after}", flush=True)
        return
    outcome.struck[kind.NAME] += 1
    outcome.places.setdefault(kind.NAME, Counter())[where] += 1
    outcome.recovery.setdefault(kind.NAME, []).append(took)
    print(f"{sum(outcome.struck.values()):4} {took:6.2f} s  {outcome.after}", flush=True)


async def _left_behind(checker: Checker) -> list[str]:
    """What a run that ends early leaves on record."""
    try:
        async with asyncio.timeout(RECOVERY_SECONDS):
            return await checker.on_record()
    except TimeoutError:
        return [f"the database does not say what is on record within {RECOVERY_SECONDS:.0f} s"]


async def _unless_wrong(watch: Watch, act: Coroutine[Any, Any, T], seconds: float) -> T:
    """What it comes to. Raises TimeoutError, and AssertionError as soon as something was heard that is wrong."""
    task, until = asyncio.create_task(act), time.monotonic() + seconds
    while not task.done() and not watch.wrong and time.monotonic() < until:
        await asyncio.wait({task}, timeout=_GLANCE)
    if task.done():
        return task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    if watch.wrong:
        raise AssertionError("something was wrong before all was answered again")
    raise TimeoutError


async def _turn_the_month(cast: Cast) -> None:
    """
    Let the calendar go on, when all that was written is sealed and nothing is being written.

    Days do not jump in a county: what is written over a month's jump would be dated long before what is sealed.
    """
    if cast.month_over is None:
        return
    await seal(cast.place.engine, COUNTY, Clock(source=cast.place.shift.now))
    while await cast.place.scalar(_BEING_WRITTEN):
        await asyncio.sleep(_PAUSE)
    cast.place.shift.turn_to(cast.month_over)
    cast.month_over = None


def _stories(without: str | None) -> list[tuple[Story, int]]:
    """All of them; those that need the protection which was taken out more often than the others."""
    needing = PROTECTIONS[without].stories if without is not None else ()
    return [(story, weight * _MORE if story.__name__ in needing else weight) for story, weight in STORIES]


async def _work(cast: Cast, dice: Random, outcome: Outcome) -> None:
    """One of those who tell stories, for ever. A story that ends otherwise than it should is something wrong."""
    stories, weights = zip(*_stories(outcome.without), strict=True)
    while True:
        [story] = dice.choices(stories, weights)
        try:
            async with cast.stories.passed():
                await story(cast, dice)
        except (AssertionError, KeyError, ValueError, IndexError) as error:
            cast.watch.wrong.append(f"{story.__name__}: {type(error).__name__}: {str(error)[:400]}")
            return
        outcome.told[story.__name__] += 1
