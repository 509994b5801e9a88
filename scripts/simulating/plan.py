"""What is to happen, all of it decided before anything does: a seed gives a list of events, which can be cut down."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from scripts.simulating.faults import Fault

FIRST_DAY: Final = date(2018, 1, 2)
PEOPLE: Final = 10
HOSPITALS: Final = 3
BILLING_DAY: Final = 1
PAYING_DAYS: Final = (15, 22)
BATCH_DAY: Final = 18
CYCLE_DAY: Final = (12, 12)
PRICES: Final = (1, 137, 1_000, 4_321, 12_345, 40_000, 88_888, 250_000)
IDENTITIES: Final[tuple[tuple[str, ...], ...]] = (
    (),
    ("registered_poor",),
    ("low_income_allowance",),
    ("registered_poor", "low_income_allowance"),
    ("key_aid",),
    ("extreme_poverty",),
    ("registered_poor", "severely_disabled"),
)
CAUSES: Final = ("identity", "policy_amendment", "catalogue")
PERCENTS: Final = (75, 70, 82)
EVENTS_A_DAY: Final = 0.9
FAULTS: Final = 0.4


@dataclass(frozen=True, slots=True)
class Event:
    """
    Something that happens on a day (0 is the first), and what goes wrong meanwhile.

    `pick` chooses among whatever is there by then, so that an event stays meaningful when others are left out.
    """

    day: int
    kind: str
    pick: int = 0
    person: int = 0
    where: int = 0
    amount: int = 0
    way: str = ""
    fault: Fault | None = None

    @property
    def date(self) -> date:
        return FIRST_DAY + timedelta(days=self.day)

    def told(self) -> str:
        """One line of a story."""
        said = [f"{name} {value}" for name in ("person", "where", "amount", "pick", "way") if (value := self._of(name))]
        wrong = f"; {self.fault.told()}" if self.fault is not None else ""
        return f"{self.date}: {' '.join([self.kind, *said])}{wrong}"

    def _of(self, name: str) -> Any:
        return getattr(self, name)


def planned(seed: int, days: int) -> list[Event]:
    """The events of that many days in their order: what people do, and what each month brings. Same seed, same plan."""
    dice = random.Random(seed)
    events = [Event(0, "account", person=person) for person in range(PEOPLE) if dice.random() < 0.7]
    for day in range(days):
        today = FIRST_DAY + timedelta(days=day)
        events += _monthly(dice, day, today)
        while dice.random() < EVENTS_A_DAY / (1 + EVENTS_A_DAY):
            events.append(_any(dice, day))
    return events


def _monthly(dice: random.Random, day: int, today: date) -> list[Event]:
    found = []
    if today.day == BILLING_DAY:
        found.append(Event(day, "bill", fault=_fault(dice)))
    if today.day in PAYING_DAYS:
        found += [
            Event(day, "pay", pick=dice.randrange(50), way=dice.choice(_PAYING), fault=_fault(dice)) for _ in range(6)
        ]
    if today.day == BATCH_DAY:
        found.append(Event(day, "batch", pick=dice.randrange(1 << PEOPLE), fault=_fault(dice)))
    if (today.month, today.day) == CYCLE_DAY:
        found.append(Event(day, "cycle", fault=_fault(dice)))
    return found


_PAYING: Final = ("whole", "whole", "whole", "half", "returned", "on the way")
_Made = Callable[[random.Random, int], Event]


def _visit(dice: random.Random, day: int) -> Event:
    return Event(
        day,
        "visit",
        person=dice.randrange(PEOPLE),
        where=dice.randrange(HOSPITALS),
        amount=dice.choice(PRICES),
        way=dice.choice(("stay", "chronic")),
        fault=_fault(dice),
    )


def _picking(kind: str, ways: Sequence[str] = ("",), most: int = 1) -> _Made:
    return lambda dice, day: Event(
        day, kind, pick=dice.randrange(50), amount=dice.randrange(most), way=dice.choice(ways), fault=_fault(dice)
    )


def _identity(dice: random.Random, day: int) -> Event:
    classes = ",".join(dice.choice(IDENTITIES))
    return Event(day, "identity", person=dice.randrange(PEOPLE), way=classes, fault=_fault(dice))


def _amendment(dice: random.Random, day: int) -> Event:
    return Event(day, "amendment", amount=dice.choice(PERCENTS))


_HAPPENS: Final[tuple[tuple[int, _Made], ...]] = (
    (40, _visit),
    (8, _identity),
    (8, _picking("redecision", CAUSES)),
    (8, _picking("reversal", ("alone", "chain"))),
    (8, _picking("aid", most=5)),
    (5, _picking("repetition")),
    (3, _picking("objection")),
    (2, _amendment),
    (3, lambda dice, day: Event(day, "account", person=dice.randrange(PEOPLE), fault=_fault(dice))),
)


def _any(dice: random.Random, day: int) -> Event:
    [make] = dice.choices([make for _, make in _HAPPENS], [weight for weight, _ in _HAPPENS])
    return make(dice, day)


def _fault(dice: random.Random) -> Fault | None:
    return Fault.drawn(dice) if dice.random() < FAULTS else None
