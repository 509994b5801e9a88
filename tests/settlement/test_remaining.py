"""What is left of a year's limits, where a pack scales the deductible or counts it by disease and month."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from service.money import Fen, Ppm
from service.policy.conditions import Situation, VisitType
from service.policy.model import Pack
from service.policy.terms import RatioTerms, Source, Term
from service.settlement.remaining import Person, Remaining, remaining
from service.words import HospitalLevel, Location
from tests.settlement.settling import pack_on

DAY = date(2018, 6, 15)
HERE = Situation(VisitType.INPATIENT, frozenset(), Location.COUNTY, HospitalLevel.LEVEL2, False, False)


def pack_with(visit_type: VisitType, **deductible: Any) -> Pack:
    """The pack of 2018 with another deductible of its basic layer."""
    pack = pack_on(DAY)
    basic = pack.layers[0]
    terms = []
    for each in basic.terms:
        rule = each.rule
        if visit_type in each.visit_types and isinstance(rule, RatioTerms) and rule.deductible is not None:
            rule = replace(rule, deductible=replace(rule.deductible, **deductible))
        terms.append(replace(each, rule=rule))
    return replace(pack, layers=(replace(basic, terms=tuple(terms)), *pack.layers[1:]))


def deductible_of(pack: Pack, sums: Mapping[tuple[str, str], int], per: str, diseases: tuple[str, ...] = ()) -> Any:
    found: list[Remaining] = remaining(pack, Person(HERE, DAY, sums, diseases))
    left = [each for each in found if (each.layer, each.what, each.per) == ("basic", "deductible", per)]
    return [(each.disease, each.limit, each.left) for each in left]


@pytest.mark.parametrize(("stays", "left"), [(0, 300_00), (1, 150_00), (2, 120_00), (9, 120_00)])
def test_the_next_stay_of_the_year_uses_the_factor_of_its_ordinal_and_at_least_the_floor(stays: int, left: int) -> None:
    factors = (Ppm(1_000_000), Ppm(500_000), Ppm(250_000))
    pack = pack_with(VisitType.INPATIENT, repeat_factors=factors, floor=Fen(120_00))

    assert deductible_of(pack, {("2018", "stays"): stays}, "stay") == [(None, 300_00, left)]


def test_a_deductible_of_a_disease_and_month_is_what_this_month_has_left() -> None:
    stated = {"CD03": Term(Fen(50_00), Source()), "CD04": Term(Fen(60_00), Source())}
    by_disease = {"per": "disease_month", "amount": None, "by_disease": stated}
    pack = pack_with(VisitType.CHRONIC_OUTPATIENT, **by_disease)
    pool = next(each.pool for each in pack.layers[0].terms if VisitType.CHRONIC_OUTPATIENT in each.visit_types)
    sums = {("2018-06", f"{pool}.deductible.CD03"): 20_00, ("2018-05", f"{pool}.deductible.CD04"): 60_00}

    assert deductible_of(pack, sums, "disease_month", ("CD03", "CD04")) == [
        ("CD03", 50_00, 30_00),
        ("CD04", 60_00, 60_00),
    ]
