"""Words that both the law and the registers use, so that they cannot mean two things."""

from enum import StrEnum


class HospitalLevel(StrEnum):
    """Hospital level (domain §5)."""

    TOWNSHIP = "township"
    LEVEL2 = "level2"
    LEVEL3_CITY = "level3_city"
    LEVEL3_REGION = "level3_region"


class Location(StrEnum):
    """Where a hospital lies, seen from the person's county; `city` is the same insurance pool (domain §5)."""

    COUNTY = "county"
    CITY = "city"
    REGION = "region"
    OUTSIDE = "outside"


class IdentityClass(StrEnum):
    """What a person is on a roster (domain §5)."""

    REGISTERED_POOR = "registered_poor"
    LIFTED_BUT_COVERED = "lifted_but_covered"
    EXTREME_POVERTY = "extreme_poverty"
    LOW_INCOME_ALLOWANCE = "low_income_allowance"
    THREE_NO = "three_no"
    KEY_AID = "key_aid"
    SEVERELY_DISABLED = "severely_disabled"
    MONITORED = "monitored"
    LOW_INCOME_MARGIN = "low_income_margin"


class ClaimDocument(StrEnum):
    """A paper that belongs to a manual claim."""

    INVOICE = "invoice"
    FEE_LIST = "fee_list"
    POVERTY_PROOF = "poverty_proof"
    IDENTITY_CARD = "identity_card"
    HOUSEHOLD_BOOK = "household_book"
    BANK_CARD = "bank_card"


class FindingCode(StrEnum):
    """What a clerk should look at; it stops no discharge unless a pack says so (api.md, findings)."""

    OTHER_CUT = "other.cut"
    LINE_OUTSIDE_STAY = "line.outside_stay"
    LINE_SAME_ITEM_SAME_DAY = "line.same_item_same_day"
    LINE_ROUNDING_ACCEPTED = "line.rounding_accepted"
    CATALOGUE_DIFFERS = "catalogue.differs"
    AGREEMENT_EXPIRED = "agreement.expired"
    INJURY_RECOURSE = "injury.recourse"
    VISIT_TOUCHES_STAY = "visit.touches_stay"
    VISIT_SAME_DAY = "visit.same_day"
