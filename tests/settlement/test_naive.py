"""The naive model of domain §3-§5 reproduces the reference visits, so that it may judge the kernel elsewhere."""

from typing import Any

import pytest
from hypothesis import given, settings

from service.policy.load import shipped_packs
from tests.cases.claims import Person, cases, figures
from tests.settlement import naive
from tests.settlement.strategies import Step, years

COUNTY = "459901"


@pytest.mark.parametrize("case", cases("reference.yaml"), ids=lambda case: case["id"])
def test_the_naive_model_agrees_with_a_reference_case(case: dict[str, Any]) -> None:
    history: list[naive.Past] = []
    for step in case["visits"]:
        visit = step["visit"]
        identities = set(visit.get("identities", case["identities"]))

        figures = naive.settle(history, identities, visit, step["fee_lines"])

        assert figures == step["expect"], visit["visit_no"]


@settings(max_examples=250, deadline=None)
@given(years())
def test_the_kernel_agrees_with_the_naive_model_on_every_layer_of_random_years(year: list[Step]) -> None:
    person, history = Person(), list[naive.Past]()
    for visit, bill in year:
        claim = person.claim(visit, bill)
        pack = shipped_packs().on(COUNTY, claim.day)
        assert pack is not None

        settlement = person.settle(claim, pack)

        assert figures(settlement) == naive.settle(history, set(visit["identities"]), visit, bill)
