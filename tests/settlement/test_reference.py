"""Every reference visit through the kernel, to the fen."""

from datetime import date
from typing import Any

import pytest

from service.policy.load import shipped_packs
from tests.cases.claims import Person, cases, figures

COUNTY = "459901"


@pytest.mark.parametrize("case", cases("reference.yaml"), ids=lambda case: case["id"])
def test_reference_case(case: dict[str, Any]) -> None:
    person = Person(frozenset(case["identities"]))
    for step in case["visits"]:
        claim = person.claim(step["visit"], step["fee_lines"])
        pack = shipped_packs().on(COUNTY, claim.day)
        assert pack is not None

        settlement = person.settle(claim, pack)

        assert figures(settlement) == step["expect"], step["visit"]["visit_no"]


def test_there_are_ninety_one_visits_over_both_packs() -> None:
    days = [
        date.fromisoformat(step["visit"].get("discharged_on") or step["visit"]["service_on"])
        for case in cases("reference.yaml")
        for step in case["visits"]
    ]

    assert len(days) == 91
    assert {pack.id for day in days if (pack := shipped_packs().on(COUNTY, day))} == {
        "guangxi-county-2018",
        "guangxi-county-2022",
    }
