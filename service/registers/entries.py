"""
What stands in the registers. When it holds is kept apart (`periods.Dated`): these classes name the columns of a fact.
"""

from dataclasses import dataclass
from datetime import date, datetime

from service.registers.model import ID_CARD, AidMode, CardStatus, Sex
from service.registers.periods import Dated


@dataclass(frozen=True, slots=True)
class BankAccount:
    holder: str
    bank: str
    number: str


@dataclass(frozen=True, slots=True)
class Payee:
    """Who takes the money for a person: a guardian or an heir."""

    name: str
    relation: str
    id_no: str | None = None
    phone: str | None = None
    bank_account: BankAccount | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A person as registered; what is dated (insurance, identities, bars) is kept apart."""

    county_code: str
    person_no: str
    name: str
    township_code: str | None = None
    household_no: str | None = None
    id_type: str = ID_CARD
    id_no: str | None = None
    social_card_no: str | None = None
    phone: str | None = None
    bank_account: BankAccount | None = None
    payee: Payee | None = None
    born_on: date | None = None
    died_on: date | None = None
    sex: Sex | None = None


@dataclass(frozen=True, slots=True)
class Insured:
    """A period of insurance says nothing but when."""


@dataclass(frozen=True, slots=True)
class RosterIdentity:
    """An identity and the roster it comes from."""

    identity_class: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """Why a person gets no benefits, or a hospital settles nothing, for a while."""

    cause: str


@dataclass(frozen=True, slots=True)
class HospitalTerms:
    """What is known of a hospital for some time. `location` is seen from the county that registers it."""

    name: str
    level: str
    location: str
    specialist: bool = False
    connected: bool = True
    aid: str = AidMode.ON_THE_SPOT
    bank_account_enc: bytes | None = None


@dataclass(frozen=True, slots=True)
class SeenFrom:
    """Where a hospital lies, seen from another county."""

    county_code: str
    location: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """An insurer advances its part through a hospital."""

    insurer: str
    hospital_code: str
    policy_no: str


@dataclass(frozen=True, slots=True)
class Referral:
    """A hospital that a person was sent to; valid from the day of approval."""

    person_no: str
    hospital_code: str


@dataclass(frozen=True, slots=True)
class ChronicCard:
    """A card for one chronic disease, and the application behind it."""

    person_no: str
    disease_code: str
    certificate_hospital_code: str
    certificate_issued_on: date
    applied_on: date
    status: str = CardStatus.APPLIED
    decision_reason: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class CatalogueTerms:
    """
    An item of the county's fee catalogue. `self_pay_ratio` (先行自付比例) in parts per million; ceilings in millionths
    of a yuan, None where that level has none.
    """

    name: str
    category: str
    grade: str
    self_pay_ratio: int = 0
    ceiling_township: int | None = None
    ceiling_level2: int | None = None
    ceiling_level3_city: int | None = None
    ceiling_level3_region: int | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is dated about a person."""

    insured: tuple[Dated[Insured], ...] = ()
    identities: tuple[Dated[RosterIdentity], ...] = ()
    barred: tuple[Dated[Bar], ...] = ()
