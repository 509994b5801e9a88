"""Worked examples with the hand calculation: half fens, decided layers, a change of pack, other guarantees."""

from pathlib import Path
from typing import Any

import pytest

from service.money import yuan
from service.policy.load import load_pack, shipped_packs
from service.policy.model import Pack
from service.settlement.model import Settlement
from tests.cases.claims import Person, cases, figures

PACKS = Path(__file__).parents[1] / "cases" / "packs"
HALF_FEN = cases("half_fen.yaml")
WORKED = [case for name in ("half_fen", "decided", "pack_change", "families") for case in cases(f"{name}.yaml")]


def settle_case(case: dict[str, Any]) -> list[tuple[dict[str, Any], Settlement]]:
    """The steps of a case with their settlements."""
    person, own = Person(frozenset(case["identities"])), load_pack(PACKS / case["pack"]) if "pack" in case else None
    done = []
    for step in case["visits"]:
        claim = person.claim(step["visit"], step["fee_lines"])
        pack: Pack | None = own or shipped_packs().on("459901", claim.day)
        assert pack is not None
        done.append((step, person.settle(claim, pack)))
    return done


def agrees(step: dict[str, Any], settlement: Settlement) -> bool:
    computed = figures(settlement)
    return all(computed[name] == amount for name, amount in step["expect"].items())


@pytest.mark.parametrize("case", WORKED, ids=lambda case: case["name"])
def test_worked_example(case: dict[str, Any]) -> None:
    for step, settlement in settle_case(case):
        computed = figures(settlement)
        assert {name: computed[name] for name in step["expect"]} == step["expect"], step["working"]
        for award in settlement.awards:
            assert award.base >= 0
            if award.layer in step.get("shares", {}):
                assert [yuan(share.amount) for share in award.shares] == step["shares"][award.layer], step["working"]
        if "lines" in step:
            assert [[yuan(part) for part in line[1:]] for line in settlement.line_amounts] == step["lines"]


def half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))


def half_towards_more(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


@pytest.mark.parametrize("case", HALF_FEN, ids=lambda case: case["name"])
def test_every_half_fen_case_fails_under_bankers_rounding(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("service.money", "service.settlement.rules.bands", "service.settlement.rules.ratio"):
        monkeypatch.setattr(f"{module}.round_half_up", half_even)

    assert not all(agrees(step, settlement) for step, settlement in settle_case(case))


def test_returns_fail_where_halves_go_up_instead_of_away_from_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.money.round_half_up", half_towards_more)

    of_returns = [case for case in HALF_FEN if "return" in case["name"]]

    assert len(of_returns) == 3
    assert not any(agrees(step, settlement) for case in of_returns for step, settlement in settle_case(case))
