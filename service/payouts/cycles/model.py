"""What a person's cycle comes to: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from service.money import share_of


class Visit(NamedTuple):
    """A chronic visit of a cycle (fen). `reimbursed`: all that the patient does not bear of it."""

    settlement_id: UUID
    service_on: date
    disease_code: str
    total: int
    reimbursed: int


class Figures(NamedTuple):
    """A person's cycle in fen. `amount` is what is missing to the target, never less than nothing."""

    total: int
    reimbursed: int
    target: int
    amount: int


def figures(visits: Iterable[Visit], floor: int) -> Figures:
    """The sum over the visits, rounded once: `floor` (ppm) of the total, less what was reimbursed."""
    found = list(visits)
    total, reimbursed = sum(one.total for one in found), sum(one.reimbursed for one in found)
    target = share_of(total, floor)
    return Figures(total, reimbursed, target, max(0, target - reimbursed))


@dataclass(frozen=True, slots=True)
class OfPerson:
    """A person's cycle as it is to be, and as it was posted last (None: never)."""

    person_no: str
    township_code: str | None
    visits: tuple[Visit, ...]
    now: Figures
    before: "Line | None"

    @property
    def difference(self) -> int:
        return self.now.amount - (self.before.figures.amount if self.before else 0)

    @property
    def is_new(self) -> bool:
        """Whether there is anything to write: figures that were not written before."""
        return self.before is None or self.before.figures != self.now


@dataclass(frozen=True, slots=True)
class Line:
    """What was written of a person's cycle. `case_id` is the first line's id, `serial` counts them."""

    id: UUID
    case_id: UUID
    person_no: str
    serial: int
    figures: Figures


def shared_by_disease(one: OfPerson) -> dict[str, int]:
    """The person's amount shared out over the diseases by what their visits cost; adds up to it exactly."""
    costs: dict[str, int] = {}
    for visit in one.visits:
        costs[visit.disease_code] = costs.get(visit.disease_code, 0) + visit.total
    whole, so_far, given, shares = sum(costs.values()), 0, 0, {}
    for disease, cost in sorted(costs.items()):
        so_far += cost
        upto = one.now.amount * so_far // whole if whole else 0
        shares[disease], given = upto - given, upto
    return shares


def persons_of(visits: Iterable[tuple[str, Visit]], persons: Sequence[str]) -> dict[str, tuple[Visit, ...]]:
    """The visits of each person, also of those who have none (left)."""
    found: dict[str, list[Visit]] = {person_no: [] for person_no in persons}
    for person_no, visit in visits:
        found[person_no].append(visit)
    return {person_no: tuple(own) for person_no, own in found.items()}
