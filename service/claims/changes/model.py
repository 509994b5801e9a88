"""The words of change: why a settlement is decided anew, what was laid out at the counter, and what a change made."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from service.claims.model import Cause, Order, Record, ThirdParty
from service.ledger.model import Posting
from service.settlement.model import Entry


class Part(NamedTuple):
    """What one payer pays under one layer, in fen."""

    layer: str
    payer: str
    amount: int


@dataclass(frozen=True, slots=True)
class Change:
    """
    Why and how a settlement is decided anew.

    `order` is the hospital's corrected bill; `approved_aid` what the township granted of the expected aid (fen);
    `third_party` what was found out about an injury; `refused` what a payer refused after review, layer by layer.
    """

    cause: Cause
    note: str = ""
    order: Order | None = None
    approved_aid: int | None = None
    third_party: ThirdParty | None = None
    refused: tuple[Part, ...] = ()


class Borne(NamedTuple):
    """
    Who laid the money out, as far as it decides who gets a difference (domain §6); amounts in fen.

    `counter`: what the patient paid at discharge. `hospital`: what each payer owed the hospital by the version
    before, refused parts included. `refused`: what payers refused the hospital.
    """

    counter: int
    hospital: tuple[Part, ...]
    refused: tuple[Part, ...] = ()


class Live(NamedTuple):
    """A live settlement of a person in its place in the order, with what it added to the sums."""

    settlement_id: UUID
    order_no: int
    hospital_code: str
    visit_no: str
    interim_no: int
    last_day: date
    entries: tuple[Entry, ...]

    @property
    def stay(self) -> tuple[str, str]:
        return self.hospital_code, self.visit_no


@dataclass(frozen=True, slots=True)
class Made:
    """A reversal or a new version, with what it replaces, what it gives back and what the ledger gets."""

    record: Record
    before: Record
    gives_back: tuple[Entry, ...]
    adds: tuple[Entry, ...]
    postings: tuple[Posting, ...]
