"""A top-up that is paid once a cycle, over all of a person's chronic visits in it (000 §四(四)2(4); domain §5, 5')."""

from dataclasses import dataclass
from datetime import date, timedelta

from service.money import Ppm
from service.policy.terms import Source
from service.words import IdentityClass


@dataclass(frozen=True, slots=True)
class DayOfYear:
    """A day of every year."""

    month: int
    day: int

    def after(self, day: date) -> date:
        """The first such day after another one."""
        this_year = date(day.year, self.month, self.day)
        return this_year if this_year > day else date(day.year + 1, self.month, self.day)


@dataclass(frozen=True, slots=True)
class Cycle:
    """One cycle: its days, the last day whose visits count, and the day by which it is paid."""

    start: date
    end: date
    counts_to: date
    pay_by: date


@dataclass(frozen=True, slots=True)
class CycleTerms:
    """
    What is paid to a share (`floor`) of the total, under which layer, to whom and when.

    Visits count on whose day the person had one of the `identities`. The first cycle begins on `first`, each later one
    on `begins`; a cycle is paid by the first `due` after its end.
    """

    layer: str
    payer: str
    identities: frozenset[IdentityClass]
    floor: Ppm
    first: date
    begins: DayOfYear
    due: DayOfYear
    source: Source

    def starting(self, start: date, valid_to: date | None) -> Cycle | None:
        """The cycle that begins on a day, cut off where the pack ends; None where none begins on it."""
        day = self.first
        while day < start:
            day = self.begins.after(day)
        if day != start or (valid_to is not None and start > valid_to):
            return None
        end = self.begins.after(start) - timedelta(days=1)
        return Cycle(start, end, end if valid_to is None else min(end, valid_to), self.due.after(end))

    def ended(self, today: date, valid_to: date | None) -> list[Cycle]:
        """The cycles that are over by a day, oldest first."""
        found: list[Cycle] = []
        day = self.first
        while (cycle := self.starting(day, valid_to)) is not None and cycle.end < today:
            found.append(cycle)
            day = self.begins.after(day)
        return found
