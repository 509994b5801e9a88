"""The words of the ledger: what a payer owes a payee, and in which state it is."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

PERSON: Final = "person:"
"""What the payees begin with that are patients."""


class State(StrEnum):
    """
    Where an amount that a payer owes a payee stands (domain §7). Together with payer and payee: an account.

    `fund` is the payer's own money, from which every claim comes. `prepaid` is money that the payee received
    before there was a claim for it: an overpayment, or a prepayment waiting to be offset.
    """

    FUND = "fund"
    UNBILLED = "unbilled"
    BILLED = "billed"
    PAID = "paid"
    DEDUCTED = "deducted"
    RETURNED = "returned"
    PREPAID = "prepaid"


class Cause(StrEnum):
    """What may move money. One entry per cause and its id."""

    SETTLEMENT = "settlement"
    REVERSAL = "reversal"
    READJUDICATION = "readjudication"
    STATEMENT = "statement"
    PAYMENT = "payment"
    RETURN = "return"
    DEDUCTION = "deduction"
    RELEASE = "release"
    HOLD = "hold"
    REFUND = "refund"
    CYCLE = "cycle"
    PAYOUT = "payout"


class Share(NamedTuple):
    """What one payer pays one payee under one layer, in fen. Negative on a reversal."""

    layer: str
    payer: str
    payee: str
    amount: int


class Claimed(NamedTuple):
    """What a case makes a payer owe a payee so far, and how much of it nobody has billed or paid out (fen)."""

    layer: str
    payer: str
    payee: str
    amount: int
    unbilled: int


class Posting(NamedTuple):
    """
    A positive amount (fen) that moves from one state to another, between the same payer and payee.

    An entry of these cannot be unbalanced: what leaves the source arrives at the target.
    """

    layer: str
    payer: str
    payee: str
    source: State
    target: State
    amount: int


@dataclass(frozen=True, slots=True)
class Entry:
    """
    Why postings were made: the cause and its id, which is the entry's own id, so that a cause acts once.

    A claim begins with an entry that names its `settlement_id`, and the `case_id`: the first settlement of the
    visit, which its reversal and its later versions share.
    """

    county_code: str
    id: UUID
    cause: Cause
    settlement_id: UUID | None
    case_id: UUID | None
    at: datetime
    on_day: date


def hospital(code: str) -> str:
    """The payee of what a hospital has laid out."""
    return f"hospital:{code}"


def person(person_no: str) -> str:
    """The payee of what is owed to a patient's account."""
    return f"{PERSON}{person_no}"


def is_person(payee: str) -> bool:
    """Whether a payee is a patient."""
    return payee.startswith(PERSON)
