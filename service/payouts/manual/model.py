"""The words of manual claims: where one stands, what may follow, the papers, and the claim with its history."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from service.payouts.items.model import Stage
from service.words import ClaimDocument


class State(StrEnum):
    """Where a manual claim stands. What follows approval the bank says, by what became of the money."""

    REGISTERED = "registered"
    INCOMPLETE = "incomplete"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    REFUSED = "refused"
    PAID = "paid"
    RETURNED = "returned"


class RouteReason(StrEnum):
    """Why the visit was not settled at the hospital."""

    NOT_CONNECTED = "not_connected"
    OUTAGE = "outage"
    PERSON_UNKNOWN_THEN = "person_unknown_then"


NEXT: Final[dict[State, frozenset[State]]] = {
    State.REGISTERED: frozenset({State.INCOMPLETE, State.UNDER_REVIEW}),
    State.INCOMPLETE: frozenset({State.UNDER_REVIEW, State.REFUSED}),
    State.UNDER_REVIEW: frozenset({State.INCOMPLETE, State.APPROVED, State.REFUSED}),
    State.APPROVED: frozenset(),
    State.REFUSED: frozenset(),
    State.PAID: frozenset(),
    State.RETURNED: frozenset(),
}
"""Which state people may let follow which."""

OPEN: Final = tuple(state for state, following in NEXT.items() if following)
COLLECTING: Final = frozenset({State.REGISTERED, State.INCOMPLETE})
"""While papers are taken."""


AFTER_APPROVAL: Final[dict[Stage, State]] = {
    Stage.OPEN: State.APPROVED,
    Stage.IN_BATCH: State.APPROVED,
    Stage.PAID: State.PAID,
    Stage.RETURNED: State.RETURNED,
}
"""Where an approved claim stands, by how far its money has got."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done about a claim. `reason`: what is missing, or why it was decided so."""

    state: State
    at: datetime
    client_id: str
    operator: str | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that was handed in; `size` in bytes."""

    id: UUID
    kind: ClaimDocument
    name: str
    media_type: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Encounter:
    """Which visit a claim is about."""

    person_no: str
    hospital_code: str
    visit_no: str
    interim_no: int
    visit_type: str
    disease_code: str | None
    admitted_on: date
    last_day: date
    invoice_no: str


@dataclass(frozen=True, slots=True)
class ManualClaim:
    """
    A claim, its papers and its history. `body` is the visit as it was handed in (JSON), `due_on` the day by which it
    is to be decided, `needed` the papers that the county's policy asks for.
    """

    county_code: str
    id: UUID
    encounter: Encounter
    reason: RouteReason
    body: str
    state: State
    due_on: date
    needed: tuple[ClaimDocument, ...]
    client_id: str
    operator: str | None
    at: datetime
    settlement_id: UUID | None = None
    steps: tuple[Step, ...] = ()
    papers: tuple[Paper, ...] = ()

    @property
    def missing(self) -> tuple[ClaimDocument, ...]:
        """The papers that are needed and not there."""
        there = {paper.kind for paper in self.papers}
        return tuple(kind for kind in self.needed if kind not in there)

    def is_overdue(self, today: date) -> bool:
        """Whether it should be decided by now and is not."""
        return self.state in OPEN and self.due_on < today
