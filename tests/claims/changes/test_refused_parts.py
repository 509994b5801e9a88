"""Of which layers a refusal is taken, and never of more than the payer owes the hospital: pure."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.claims.changes.model import Part
from service.claims.changes.refusing import parts_of
from service.settlement.model import Award, Share

OWED = {"basic": 500, "serious": 300}
LAYERS = ("basic", "serious", "aid", "top_up")
fen = st.integers(0, 1_000_00)
layers = st.dictionaries(st.sampled_from(LAYERS), fen)


def award(layer: str, *shares: Share) -> Award:
    return Award(layer, "ratio", 0, 0, sum(share.amount for share in shares), False, False, shares, ())


AWARDS = (
    award("basic", Share("fund", 500, "hospital"), Share("fund", 70, "patient")),
    award("serious", Share("fund", 300, "hospital")),
    award("aid", Share("civil_affairs", 200, "hospital")),
)


@pytest.mark.parametrize(
    ("payer", "refused", "parts"),
    [
        ("fund", {"basic": 100}, {"basic": 100}),
        ("fund", {"serious": 300, "basic": 1}, {"basic": 1, "serious": 300}),
        # A later version moved an amount from one layer to another: the rest is taken there.
        ("fund", {"basic": 600}, {"basic": 500, "serious": 100}),
        ("fund", {"serious": 350}, {"basic": 50, "serious": 300}),
        ("fund", {"top_up": 120}, {"basic": 120}),
        ("fund", {"top_up": 520, "serious": 100}, {"basic": 500, "serious": 120}),
        # Never more than is owed, nor of what the patient gets, nor of another payer's.
        ("fund", {"basic": 5000}, OWED),
        ("civil_affairs", {"aid": 50}, {"aid": 50}),
        ("civil_affairs", {"basic": 900}, {"aid": 200}),
        ("serious_insurer", {"serious": 10}, {}),
        ("fund", {}, {}),
    ],
    ids=str,
)
def test_a_refusal_is_taken_of_its_layer_then_of_the_payers_others(
    payer: str, refused: Mapping[str, int], parts: Mapping[str, int]
) -> None:
    assert parts_of(AWARDS, payer, refused) == tuple(Part(layer, payer, amount) for layer, amount in parts.items())


@given(own=layers, others=layers, refused=layers)
def test_as_much_is_taken_as_was_refused_and_is_owed(
    own: dict[str, int], others: dict[str, int], refused: dict[str, int]
) -> None:
    awards = [award(layer, Share("fund", amount, "hospital")) for layer, amount in own.items()]
    awards += [award(layer, Share("insurer", amount, "hospital")) for layer, amount in others.items()]

    taken = parts_of(awards, "fund", refused)

    assert sum(part.amount for part in taken) == min(sum(refused.values()), sum(own.values()))
    assert all(0 < part.amount <= own[part.layer] for part in taken)
    assert all(part.amount >= min(refused.get(part.layer, 0), own[part.layer]) for part in taken)
