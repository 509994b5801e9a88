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
