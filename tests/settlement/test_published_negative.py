"""The printed example whose figures contradict each other is refused, and accepted once they agree."""

from pathlib import Path

import pytest

from service.claims.decided import check_decided
from service.claims.model import PlatformTotals
from service.claims.refusals import PartsMismatch
from service.money import fen
from service.policy.load import load_pack
from service.settlement.model import DecidedLayer
from tests.cases.claims import Person, cases

PACKS = Path(__file__).parents[1] / "cases" / "packs"


def test_the_example_whose_parts_exceed_its_total_is_refused() -> None:
    (case,) = cases("published_negative.yaml")
    pack = load_pack(PACKS / case["pack"])
    person = Person(frozenset(case["identities"]))
    settlement = person.settle(person.claim(case["visit"], case["fee_lines"]), pack)
    decided = [DecidedLayer(layer, fen(paid), "N1", "national") for layer, paid in case["visit"]["decided"].items()]
    printed = PlatformTotals(**{name: fen(amount) for name, amount in case["platform_totals"].items()})

    with pytest.raises(PartsMismatch) as refused:
        check_decided(pack, settlement.amounts, decided, printed)

    assert refused.value.code == "decided_layers.parts_mismatch"
    assert [error.pointer for error in refused.value.errors] == ["/platform_totals/patient_pays"], case["working"]
    corrected = printed._replace(patient_pays=fen(case["adds_up_with"]))
    assert check_decided(pack, settlement.amounts, decided, corrected).keys() == case["visit"]["decided"].keys()
