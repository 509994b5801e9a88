"""How far it is to the next band: the reference pack of 2018, for the poor and for others."""

from datetime import date

import pytest

from service.policy.conditions import Situation, VisitType
from service.policy.load import load_packs
from service.settlement.bands_ahead import bands_ahead
from service.settlement.remaining import Person
from service.words import HospitalLevel, Location

DAY = date(2018, 6, 1)
PACK = load_packs(None).on("459901", DAY)
assert PACK is not None
SERIOUS = next(layer for layer in PACK.layers if layer.id == "serious")


@pytest.mark.parametrize(
    ("identities", "borne", "threshold", "ratio"),
    [
        # The poor: deductible 3 500, then bands above it to 40 000 and 60 000, ten points more than 60, 70 and 80 %.
        ({"registered_poor"}, 0, 3_500_00, 700_000),
        ({"registered_poor"}, 3_499_99, 3_500_00, 700_000),
        ({"registered_poor"}, 3_500_00, 43_500_00, 800_000),
        ({"registered_poor"}, 50_000_00, 63_500_00, 900_000),
        ({"registered_poor"}, 63_500_00, None, None),
        # Everybody else: deductible 8 000.
        (set(), 100_00, 8_000_00, 600_000),
        (set(), 47_999_99, 48_000_00, 700_000),
    ],
)
def test_the_next_band_begins_where_the_law_says(
    identities: set[str], borne: int, threshold: int | None, ratio: int | None
) -> None:
    assert PACK is not None
    at = Situation(
        VisitType.INPATIENT,
        frozenset(identities),
        Location.COUNTY,
        HospitalLevel.LEVEL2,
        specialist=False,
        referred=False,
    )
    pool = SERIOUS.on(VisitType.INPATIENT, DAY).pool

    ahead = bands_ahead(PACK, Person(at, DAY, {("2018", f"{pool}.base"): borne}))
    found = [each for each in ahead if each.layer == "serious"]

    assert [(each.threshold, each.left, each.ratio) for each in found] == (
        [] if threshold is None else [(threshold, threshold - borne, ratio)]
    )
