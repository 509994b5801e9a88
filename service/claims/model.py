"""The words of claims: the visit as ordered by a hospital, the person's history, and the settlement as recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from service.policy.conditions import VisitType
from service.settlement.model import Award, DecidedLayer, Finding, OtherCompensation, Settlement, SumKey


class ThirdParty(StrEnum):
    """Whether somebody else is liable for an injury (domain §6; 社会保险法 30)."""

    NONE = "none"
    UNKNOWN = "unknown"
    LIABLE_PAID = "liable_paid"
    LIABLE_UNPAID = "liable_unpaid"


class Status(StrEnum):
    """What a settlement is to the people who read it."""

    PREVIEW = "preview"
    SETTLED = "settled"
    ON_HOLD = "on_hold"
    REVERSED = "reversed"
    SUPERSEDED = "superseded"
    REVERSAL = "reversal"


class Cause(StrEnum):
    """Why a settlement was decided anew (domain §6, re-adjudication)."""

    IDENTITY = "identity"
    POLICY_AMENDMENT = "policy_amendment"
    CATALOGUE = "catalogue"
    HOSPITAL_CORRECTION = "hospital_correction"
    APPEAL = "appeal"
    LATE_AID = "late_aid"
    AID_REFUSED = "aid_refused"
    INJURY = "injury"
    REFUSAL = "refusal"
    CHAIN = "chain"


class OrderedLine(NamedTuple):
    """A fee line as the hospital sent it: price in millionths of a yuan, quantity in ten-thousandths, amount in fen."""

    line_no: int
    item_code: str
    item_name: str
    category: str
    grade: str | None
    unit_price: int
    quantity: int
    amount: int
    self_pay_ratio: int | None
    price_ceiling: int | None
    charged_on: date


class PlatformTotals(NamedTuple):
    """What another platform says of the whole bill, in fen."""

    total: int
    patient_pays: int


@dataclass(frozen=True, slots=True)
class Order:
    """
    A visit as the hospital asks to settle it. `person_key` is the keyed hash it named the person by.

    `advances` is false where the hospital lays nothing out; `approved_aid` is what the township granted of the aid
    that was expected (fen), None while it is not decided.
    """

    hospital_code: str
    visit_no: str
    interim_no: int
    visit_type: VisitType
    person_key: tuple[str, bytes]
    admitted_on: date
    last_day: date
    lines: tuple[OrderedLine, ...]
    diagnoses: tuple[tuple[str, str], ...] = ()
    referral_no: str | None = None
    disease_code: str | None = None
    invoice_no: str | None = None
    third_party: ThirdParty = ThirdParty.NONE
    injury_note: str = ""
    decided: tuple[DecidedLayer, ...] = ()
    platform_totals: PlatformTotals | None = None
    other: tuple[OtherCompensation, ...] = ()
    advances: bool = True
    approved_aid: int | None = None

    @property
    def is_stay(self) -> bool:
        return self.visit_type == VisitType.INPATIENT

    @property
    def may_end_a_stay(self) -> bool:
        """Whether it may be the last part of a stay, whose parts before hold all its cost."""
        return self.is_stay and self.interim_no == 0

    @property
    def stay_period(self) -> str:
        """The period under which the sums of a stay settled in parts are kept."""
        return f"stay:{self.hospital_code}:{self.visit_no}"


class BillLine(NamedTuple):
    """A line of a kept bill: as ordered, with the terms that were used and its parts (fen). `by_catalogue`: whose."""

    line_no: int
    item_code: str
    item_name: str
    category: str
    grade: str
    unit_price: int
    quantity: int
    amount: int
    first_pay_ratio: int
    ceiling: int | None
    charged_on: str
    by_catalogue: bool
    self_funded: int
    over_ceiling: int
    first_pay: int
    in_scope: int


class LiveVisit(NamedTuple):
    """A visit, or a part of a stay, that is settled and not reversed."""

    hospital_code: str
    visit_no: str
    interim_no: int
    county_code: str
    person_no: str
    settlement_id: UUID
    visit_type: str
    admitted_on: date
    last_day: date


@dataclass(frozen=True, slots=True)
class History:
    """
    What the service knows of the person before this visit: running sums, the parts of this visit, and other
    visits of the person that touch its days.
    """

    order_no: int
    sums: Mapping[SumKey, int]
    parts: tuple[LiveVisit, ...]
    others: tuple[LiveVisit, ...]
    earlier_lines: tuple[BillLine, ...] = ()

    @property
    def first_part(self) -> LiveVisit | None:
        return min(self.parts, key=lambda part: part.admitted_on) if self.parts else None


@dataclass(frozen=True, slots=True)
class Record:
    """
    A settlement as it is kept and answered. `query_code` opens the patient's own view (api.md, Patients).

    `case_id` is the visit's first version; `to_collect` what a patient has too much (fen), recorded and not posted.
    """

    id: UUID | None
    status: Status
    version: int
    county_code: str
    person_no: str
    hospital_code: str
    visit_no: str
    interim_no: int
    visit_type: VisitType
    admitted_on: date
    last_day: date
    disease_code: str | None
    referral_no: str | None
    invoice_no: str | None
    order_no: int
    pack_id: str
    pack_hash: str
    identities: tuple[str, ...]
    settlement: Settlement
    findings: tuple[Finding, ...]
    bill: tuple[BillLine, ...]
    trace: Mapping[str, Any]
    settled_at: datetime | None
    query_code: str | None
    operator: str | None
    client_id: str
    on_hold: bool
    reversal_of: UUID | None = None
    reversed_by: UUID | None = None
    hospital_bears: int = 0
    case_id: UUID | None = None
    replaces: UUID | None = None
    replaced_by: UUID | None = None
    cause: Cause | None = None
    to_collect: int = 0

    @property
    def awards(self) -> tuple[Award, ...]:
        return self.settlement.awards
