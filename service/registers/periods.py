"""
Facts in time, purely: what a correction changes, what holds from a day on, what contradicts itself.

A `Dated` fact holds from its first to its last day, both included; None is open on that side.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Generic, TypeVar

from service.registers.model import Author

W = TypeVar("W", bound=Hashable)

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dated(Generic[W]):
    what: W
    valid_from: date | None
    valid_to: date | None = None

    @property
    def first(self) -> date:
        return self.valid_from or date.min

    @property
    def last(self) -> date:
        return self.valid_to or date.max

    def holds_on(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Recorded(Generic[W]):
    """A fact as the register holds it: its row and who put it there."""

    row: int
    fact: Dated[W]
    author: Author


@dataclass(frozen=True, slots=True)
class Correction(Generic[W]):
    """Rows to supersede and facts to add; what stays the same is in neither."""

    superseded: tuple[int, ...]
    added: tuple[Dated[W], ...]


def correction(known: Mapping[int, Dated[W]], wanted: Iterable[Dated[W]]) -> Correction[W]:
    """What turns the known rows into the wanted facts."""
    left = list(wanted)
    superseded = []
    for row, fact in known.items():
        if fact in left:
            left.remove(fact)
        else:
            superseded.append(row)
    return Correction(tuple(superseded), tuple(left))


def before(facts: Iterable[Dated[W]], day: date) -> list[Dated[W]]:
    """The part of the facts that holds before a day."""
    return [replace(f, valid_to=min(f.last, day - ONE_DAY)) for f in facts if f.first < day]


def since(facts: Iterable[Dated[W]], day: date) -> list[Dated[W]]:
    """The part of the facts that holds on a day and after."""
    return [replace(f, valid_from=max(f.first, day)) for f in facts if f.last >= day]


def changed_from(known: Iterable[Dated[W]], wanted: Iterable[Dated[W]], day: date) -> list[Dated[W]]:
    """The known facts until the day before, the wanted ones from the day on."""
    return joined([*before(known, day), *since(wanted, day)])


def amended(known: Iterable[Dated[W]], day: date, amend: Callable[[W], W]) -> list[Dated[W]]:
    """The known facts until the day before; from the day on, each with the same amendment."""
    facts = list(known)
    return joined([*before(facts, day), *(replace(f, what=amend(f.what)) for f in since(facts, day))])


def joined(facts: Iterable[Dated[W]]) -> list[Dated[W]]:
    """The same facts with neighbouring periods of the same thing made one."""
    result: dict[W, list[Dated[W]]] = {}
    for fact in sorted(facts, key=lambda f: f.first):
        same = result.setdefault(fact.what, [])
        if same and same[-1].last != date.max and fact.first <= same[-1].last + ONE_DAY:
            later = fact if fact.last > same[-1].last else same[-1]
            same[-1] = replace(same[-1], valid_to=later.valid_to)
        else:
            same.append(fact)
    return [fact for same in result.values() for fact in same]


def first_overlap(facts: Sequence[Dated[W]], things: Sequence[Hashable]) -> int | None:
    """
    The index of the first fact that holds on a day on which an earlier one of the same thing does.

    `things` names what each fact is about: of one thing, one fact holds on a day.
    """
    for index, fact in enumerate(facts):
        for earlier, thing in zip(facts[:index], things[:index], strict=True):
            if thing == things[index] and fact.first <= earlier.last and earlier.first <= fact.last:
                return index
    return None
