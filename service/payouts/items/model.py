"""The words of money that goes to a patient's own account."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """
    Where an amount that is owed to a patient comes from.

    `settlement` and `difference` need no word of their own: the ledger's entry says it. The others are named by
    whoever made the entry (`store.add_source`).
    """

    SETTLEMENT = "settlement"
    DIFFERENCE = "difference"
    CYCLE = "cycle"
    MANUAL = "manual"
    AID = "aid"
    BACKPAY = "backpay"
    RELEASE = "release"


class Stage(StrEnum):
    """How far a claim of a patient's has got: its last transfer, or that there was none yet."""

    OPEN = "open"
    IN_BATCH = "in_batch"
    PAID = "paid"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Source:
    """
    What stands behind an entry of the ledger (`origin`) that owes somebody something: the claim, the application, the
    line of a list; and by when it is to be paid, where the law says so.
    """

    origin: UUID
    kind: Kind
    source_id: UUID
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """An amount (fen) that nobody has ordered to be paid; negative: to be taken from what the person gets next."""

    person_no: str
    origin: UUID
    layer: str
    amount: int
    kind: Kind
    source_id: UUID
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a case owes its patient (fen): not ordered yet, ordered, and paid; and what became of it last."""

    unbilled: int
    ordered: int
    paid: int
    stage: Stage
    reason: str | None
