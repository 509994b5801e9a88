"""The words of back-pay: a file, its rows, and what became of each."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from service.errors import Text


class Outcome(StrEnum):
    """What a row comes to: it can be paid, its stay is settled already by whichever way, or it cannot be taken."""

    READY = "ready"
    SETTLED = "settled"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Row:
    """
    A row of the file. `amount` is what is still due (fen), `body` the stay as a settlement takes it (JSON); `code` and
    `reason` say why it is not taken; `settlement_id` is what its posting made.
    """

    row_no: int
    outcome: Outcome
    person_no: str | None = None
    amount: int | None = None
    body: str | None = None
    code: str | None = None
    reason: Text | None = None
    settlement_id: UUID | None = None


class Counts(NamedTuple):
    """How many rows came to what, and what the ready ones are due (fen)."""

    ready: int
    settled: int
    rejected: int
    amount: int


@dataclass(frozen=True, slots=True)
class Import:
    """
    A file of the bureau. `due_on`: the day by which what it is due is to be paid; `paid` and `left`: how much is, and
    is not (fen). `left` counts reversals; a preview of a content that is posted by another upload has nothing left.
    """

    county_code: str
    id: UUID
    content_hash: bytes
    filename: str
    agreement_on: date
    due_on: date
    client_id: str
    operator: str | None
    at: datetime
    counts: Counts
    posted_at: datetime | None = None
    paid: int = 0
    left: int = 0

    def is_overdue(self, today: date) -> bool:
        """Whether all of it should be paid by now and is not."""
        return self.due_on < today and self.left > 0
