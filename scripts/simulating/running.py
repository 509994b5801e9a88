"""Live through a plan, day by day, checking each; and cut a plan that fails down to the few events it takes."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count, groupby
from typing import Final

from scripts.simulating.acting import ACTS
from scripts.simulating.county import Town, founded
from scripts.simulating.faults import Line
from scripts.simulating.plan import Event
from scripts.simulating.proving import prove_day, prove_year
from tests.claims.world import World

MONTH_END: Final = 28
_TELLING: Final = 40


@dataclass(slots=True)
class Told:
    """What came of a plan: how often each thing happened, what was struck by which fault, what was verified."""

    events: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    checked: int = 0
    days_checked: int = 0

    def add(self, other: "Told") -> None:
        for mine, others in ((self.events, other.events), (self.faults, other.faults)):
            for name, times in others.items():
                mine[name] = mine.get(name, 0) + times
        self.checked += other.checked
        self.days_checked += other.days_checked


@dataclass
class Failure(Exception):
    """Something that must hold does not, after this event (None: in the proof at the end)."""

    event: Event | None
    cause: Exception

    @property
    def kind(self) -> tuple[str, ...]:
        """What fails, without the figures: a shorter plan that fails of something else tells another story."""
        said = self.cause.args[0] if self.cause.args else ""
        what = sorted(said) if isinstance(said, dict) else [str(said)[:_TELLING]]
        return type(self.cause).__name__, *what

    def __str__(self) -> str:
        return f"{self.event.told() if self.event else 'at the end'}: {type(self.cause).__name__}: {self.cause}"


class Worlds:
    """A place where county after county is founded, each with numbers that no other has."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._counties = count(460_001)
        self._serial = count(1)

    async def live(self, events: Sequence[Event]) -> Told:
        """A new county lives through a plan. Raises Failure."""
        town = await founded(self._world, str(next(self._counties)), self._serial)
        told, last, sealed = Told(), None, (0, 0)
        try:
            for day, today in groupby(events, key=lambda event: event.date):
                town.service.turn_to(day)
                for event in today:
                    last = event
                    if await _happens(town, town.line, event):
                        told.events[event.kind] = told.events.get(event.kind, 0) + 1
                assert last is not None
                await prove_day(town)
                told.days_checked += 1
                if last.date.day >= MONTH_END and (month := (last.date.year, last.date.month)) != sealed:
                    await town.seal()
                    sealed = month
            last = None
            await town.seal()
            told.checked = await prove_year(town)
        except Exception as error:
            raise Failure(last, error) from error
        told.faults = town.line.struck
        return told


async def _happens(town: Town, line: Line, event: Event) -> bool:
    line.planned = event.fault
    try:
        return await ACTS[event.kind](town, event)
    finally:
        line.planned = None


Fails = Callable[[Sequence[Event]], Awaitable[bool]]


async def shortest(events: Sequence[Event], fails: Fails, tries: int = 200) -> list[Event]:
    """Leave out events, in ever smaller pieces, as long as what is left still fails (ddmin)."""
    left, pieces = list(events), 2
    while len(left) > 1 and tries > 0:
        size = -(-len(left) // pieces)
        for first in range(0, len(left), size):
            fewer = left[:first] + left[first + size :]
            tries -= 1
            if fewer and await fails(fewer):
                left, pieces = fewer, max(pieces - 1, 2)
                break
        else:
            if size == 1:
                break
            pieces = min(2 * pieces, len(left))
    return left
