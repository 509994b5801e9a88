"""The words of a bulk re-adjudication: what is chosen, what comes of each settlement, how far it is."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from service.claims.model import Cause


class Phase(StrEnum):
    """What is done with a person: shown what would come of it, or done."""

    PREVIEW = "preview"
    RUN = "run"


class Outcome(StrEnum):
    """What comes of a settlement: anew by choice, or because it rests on one; as it was; refused by the registers."""

    CHANGED = "changed"
    CHAINED = "chained"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class State(StrEnum):
    PREVIEWING = "previewing"
    PREVIEWED = "previewed"
    RUNNING = "running"
    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Which settlements are decided anew: the live ones for which everything that is said here holds.

    `first` and `last` hold the last day of the visit; `pack_hash` is the law that decided it; `roster_id` an applied
    list, whose changes of identities touch it.
    """

    person_no: str | None = None
    hospital_code: str | None = None
    first: date | None = None
    last: date | None = None
    pack_hash: str | None = None
    roster_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Readjudication:
    """A re-adjudication as it stands; counts are of persons. `amendment_id`: the change of law whose cost it shows."""

    county_code: str
    id: UUID
    selection: Selection
    cause: Cause
    note: str
    client_id: str
    operator: str
    at: datetime
    amendment_id: UUID | None = None
    approved_by: str | None = None
    approved_client_id: str | None = None
    approved_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None
    persons: int = 0
    previewed: int = 0
    done: int = 0

    @property
    def state(self) -> State:
        if self.withdrawn_at is not None:
            return State.WITHDRAWN
        if self.approved_at is None:
            return State.PREVIEWED if self.previewed == self.persons else State.PREVIEWING
        return State.DONE if self.done == self.persons else State.RUNNING


class Row(NamedTuple):
    """
    What came, or would come, of one settlement. `patient`: what the patient pays more; `differences`: per layer,
    payer and payee what the payer owes more; `moved`: their sum without signs (fen).
    """

    settlement_id: UUID
    person_no: str
    hospital_code: str
    outcome: Outcome
    version_id: UUID | None
    refusal: dict[str, str] | None
    patient: int
    moved: int
    differences: list[list[Any]]


class Paying(NamedTuple):
    """How many persons pay more, or less, and how much in all (fen, without sign)."""

    persons: int
    amount: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a phase has come to so far: settlements by outcome, net by payer and layer, patients, the largest."""

    outcomes: dict[Outcome, int]
    payers: list[tuple[str, str, int]]
    pay_more: Paying
    pay_less: Paying
    largest: list[Row]
