"""A batch of transfers and its states: what may follow what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from service.payouts.items.model import Kind, Open
from service.registers.entries import BankAccount


class State(StrEnum):
    """Where a batch stands."""

    DRAFT = "draft"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    ANSWERED = "answered"


class Step(StrEnum):
    """What is done to a batch as a whole."""

    MADE = "made"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    ANSWERED = "answered"


TRANSITIONS: Final[Mapping[tuple[State, Step], State]] = MappingProxyType(
    {
        (State.DRAFT, Step.RELEASED): State.RELEASED,
        (State.DRAFT, Step.WITHDRAWN): State.WITHDRAWN,
        (State.RELEASED, Step.ANSWERED): State.ANSWERED,
    }
)
"""All there are. What was released may be at the bank already: it ends with the bank's answer, and never otherwise."""


REFERENCE_DIGITS: Final = 14
"""Digits of a transfer's reference: seven of its batch, six of its line, and a check digit."""


class Why(StrEnum):
    """Why somebody who is owed something is not in a batch."""

    NO_ACCOUNT = "account.none"
    ACCOUNT_INVALID = "account.invalid"
    OTHER_HOLDER = "account.holder"
    DECEASED = "account.deceased"
    NOT_CORRECTED = "account.not_corrected"
    CLERK = "returned_twice"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a batch is to hold: of these sources, of this township, of these persons; None: of all."""

    kinds: frozenset[Kind] | None = None
    township_code: str | None = None
    person_nos: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Ordered:
    """A batch as it is asked for."""

    payer: str
    pay_on: date
    layout: str
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer to be made: to whom, on which account, for what (fen), and at which attempt."""

    person_no: str
    relation: str | None
    account: BankAccount
    parts: tuple[Open, ...]
    attempt: int

    @property
    def amount(self) -> int:
        return sum(part.amount for part in self.parts)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Somebody who is owed something (fen; negative: owes it) and is not in the batch."""

    person_no: str
    amount: int
    why: Why


@dataclass(frozen=True, slots=True)
class Returned:
    """The last transfer of a claim that came back: its account, its attempt, and whether a clerk lets it go again."""

    item_id: UUID
    attempt: int
    account_key: bytes
    cleared: bool
