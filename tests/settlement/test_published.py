"""Examples that governments printed, each reproduced to the fen by a small pack of its own."""

from pathlib import Path
from typing import Any

import pytest

from service.money import ppm, share_of, yuan
from service.policy.load import load_pack, load_text, shipped_packs
from service.policy.model import Pack
from tests.cases.claims import Person, cases, figures

PACKS = Path(__file__).parents[1] / "cases" / "packs"
PUBLISHED = {case["id"]: case for case in cases("published.yaml")}
DECIDED_ELSEWHERE = ("basic", "serious", "aid")


def settled(case: dict[str, Any], pack: Pack) -> dict[str, str]:
    person = Person(frozenset(case["identities"]))
    return figures(person.settle(person.claim(case["visit"], case["fee_lines"]), pack))


@pytest.mark.parametrize("case", PUBLISHED.values(), ids=PUBLISHED.keys())
def test_a_printed_example_is_reproduced(case: dict[str, Any]) -> None:
    computed = settled(case, load_pack(PACKS / case["pack"]))

    assert {name: computed[name] for name in case["expect"]} == case["expect"], case["working"]


def test_each_printed_line_leaves_the_patient_what_the_page_says() -> None:
    case = PUBLISHED["20000-2012"]
    person = Person()
    settlement = person.settle(person.claim(case["visit"], case["fee_lines"]), load_pack(PACKS / case["pack"]))

    of_lines = [
        line.self_funded + line.first_pay + share_of(line.in_scope, ppm(case["copay"]))
        for line in settlement.line_amounts
    ]
    of_lines[0] = settlement.awards[0].deductible

    assert [yuan(amount) for amount in of_lines] == case["patient_by_line"], case["working"]


def test_bands_from_the_first_yuan_and_bands_above_the_deductible_differ_on_the_same_inputs() -> None:
    case = PUBLISHED["serious-zhang-100000"]
    text = (PACKS / case["pack"] / "pack.yaml").read_text(encoding="utf-8")

    above = load_text(text)
    absolute = load_text(text.replace("origin: above_deductible", "origin: absolute"))

    assert settled(case, above)["serious"] == "10000.00", "20 000 x 30 % + 10 000 x 40 %"
    assert settled(case, absolute)["serious"] == "12000.00", "20 000 .. 50 000 are all in the second band: x 40 %"


@pytest.mark.parametrize("case", cases("reference.yaml"), ids=lambda case: case["id"])
def test_layers_decided_elsewhere_with_our_amounts_change_nothing_after_them(case: dict[str, Any]) -> None:
    here, elsewhere = Person(frozenset(case["identities"])), Person(frozenset(case["identities"]))
    for step in case["visits"]:
        claim = here.claim(step["visit"], step["fee_lines"])
        pack = shipped_packs().on("459901", claim.day)
        assert pack is not None
        computed = figures(here.settle(claim, pack))
        decided = {layer: computed[layer] for layer in DECIDED_ELSEWHERE}

        given = elsewhere.claim(step["visit"] | {"decided": decided}, step["fee_lines"])

        assert figures(elsewhere.settle(given, pack)) == computed
        assert elsewhere.sums == here.sums
