"""The words of objections: their states, how they end, and the objection itself with what was done about it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID


class State(StrEnum):
    """Where an objection stands. It begins as received; decided and withdrawn are its two ends."""

    RECEIVED = "received"
    UNDER_REVIEW = "under_review"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """How an objection was decided."""

    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    DISMISSED = "dismissed"


NEXT: Final[dict[State, frozenset[State]]] = {
    State.RECEIVED: frozenset({State.UNDER_REVIEW, State.WITHDRAWN}),
    State.UNDER_REVIEW: frozenset({State.DECIDED, State.WITHDRAWN}),
    State.DECIDED: frozenset(),
    State.WITHDRAWN: frozenset(),
}
"""Which state may follow which."""

OPEN: Final = frozenset(state for state, following in NEXT.items() if following)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done about an objection, by whom and when. `reason` and the rest only where decided."""

    state: State
    at: datetime
    client_id: str
    operator: str | None
    outcome: Outcome | None = None
    reason: str | None = None
    version_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A paper that was handed in with an objection; `size` in bytes."""

    id: UUID
    name: str
    media_type: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection to a settlement. `due_on`: the day by which it must be decided; None where no pack says."""

    county_code: str
    id: UUID
    settlement_id: UUID
    person_no: str
    hospital_code: str
    filed_by: str
    reason: str
    contact: str | None
    due_on: date | None
    client_id: str
    operator: str | None
    at: datetime
    steps: tuple[Step, ...] = ()
    documents: tuple[Document, ...] = ()

    @property
    def state(self) -> State:
        return self.steps[-1].state if self.steps else State.RECEIVED

    def is_overdue(self, today: date) -> bool:
        return self.state in OPEN and self.due_on is not None and self.due_on < today
