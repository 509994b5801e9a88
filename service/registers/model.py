"""
The words of the registers, and the facts that a visit is judged by.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from service.money import Ppm
from service.words import IdentityClass

AID_CLASSES: Final = frozenset(
    {
        IdentityClass.EXTREME_POVERTY,
        IdentityClass.LOW_INCOME_ALLOWANCE,
        IdentityClass.THREE_NO,
        IdentityClass.KEY_AID,
        IdentityClass.LOW_INCOME_MARGIN,
    }
)
"""The classes that civil affairs keeps; others come from the poverty office or the disability federation."""


class AidMode(StrEnum):
    """Whether medical aid is settled at discharge or applied for later (000 §五(四))."""

    ON_THE_SPOT = "on_the_spot"
    ON_APPLICATION = "on_application"


class Grade(StrEnum):
    A = "A"
    B = "B"
    C = "C"


class Sex(StrEnum):
    MALE = "male"
    FEMALE = "female"


class CardStatus(StrEnum):
    APPLIED = "applied"
    APPROVED = "approved"
    REFUSED = "refused"


class KeyKind(StrEnum):
    """What a person may be looked up by."""

    PERSON_NO = "person_no"
    ID_NO = "id_no"
    SOCIAL_CARD_NO = "social_card_no"


ID_CARD: Final = "id_card"
"""The type of identity document whose number is checked; others are taken as written."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes a register, when and why: kept on every row that the change adds or supersedes."""

    at: datetime
    by: str
    reason: str = ""


class ChronicRules(Protocol):
    """What the policy pack in force says about chronic cards (000 annex; 001)."""

    @property
    def certificate_months(self) -> int: ...
    @property
    def certificate_levels(self) -> frozenset[str]: ...
    @property
    def disease_codes(self) -> frozenset[str]: ...


class Law(Protocol):
    """What the registers ask of the policy packs (`app.state.packs`)."""

    def chronic_rules(self, county_code: str, day: date) -> ChronicRules | None:
        """None where no pack is in force."""
        ...

    def agreement_warning_days(self, county_code: str, day: date) -> int | None:
        """How many days before its end an agreement is warned of; None where no pack says so."""
        ...

    def deposit_waived(self, county_code: str, day: date) -> frozenset[str]:
        """The identity classes that are treated first and pay afterwards (先诊疗后付费, 000)."""
        ...


@dataclass(frozen=True, slots=True)
class FactsAsked:
    """
    What a visit needs to know of the registers.

    `person_key` comes from `keys.person_key`; `last_day` is the day of discharge or service; the catalogue answers
    with every version in force on some day from `charged_from` to `charged_to`. With `county_code`, only a person
    whom that county knows is found.
    """

    person_key: tuple[str, bytes]
    hospital_code: str
    last_day: date
    charged_from: date
    charged_to: date
    referral_no: str | None = None
    disease_code: str | None = None
    item_codes: list[str] | tuple[str, ...] = ()
    county_code: str | None = None


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A person on the visit's last day. `barred` is the reason of a bar in force that day."""

    county_code: str
    person_no: str
    insured: bool
    barred: str | None
    identities: tuple[str, ...]
    born_on: date | None
    died_on: date | None


@dataclass(frozen=True, slots=True)
class HospitalFacts:
    """A hospital on the visit's last day; `location` is seen from the person's county."""

    hospital_code: str
    county_code: str
    level: str
    location: str
    specialist: bool
    connected: bool
    suspended: str | None
    aid: str


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    insurer: str
    policy_no: str


@dataclass(frozen=True, slots=True)
class ReferralFacts:
    """A referral of the person's county, whoever's. In force from its approval to `valid_to`."""

    referral_no: str
    person_no: str
    hospital_code: str
    approved_on: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class CardFacts:
    id: UUID
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """
    One version of a fee item. `self_pay_ratio` in parts per million; `price_ceiling` in millionths of a yuan,
    the one for the visit's hospital level, None where the county sets none.
    """

    item_code: str
    grade: str
    self_pay_ratio: Ppm
    price_ceiling: int | None
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """
    Everything the registers know that decides a visit.

    `person` and `hospital` are None where unknown. `agreements` are those in force on the last day between
    the insurers of the person's county and the hospital; `agreement_expired` says that one ended before.
    """

    person: PersonFacts | None
    hospital: HospitalFacts | None
    agreements: tuple[AgreementFacts, ...]
    agreement_expired: bool
    referral: ReferralFacts | None
    card: CardFacts | None
    catalogue: tuple[CatalogueItem, ...]
