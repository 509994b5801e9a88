"""What a change of the bill may and may not change (domain §3, §4)."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from service.money import QUANTITY_PLACES, scaled, unscaled, yuan
from service.policy.load import shipped_packs
from service.policy.model import Pack
from service.policy.terms import AidTerms, Caps
from service.settlement.waterfall import settle
from tests.cases.claims import Person
from tests.settlement.settling import moderate, settled, with_lines
from tests.settlement.strategies import Step, lines, returned, years

ONE_YUAN = {"grade": "A", "unit_price": "1.00", "quantity": "1"}


@moderate
@given(years(max_visits=2), st.randoms(use_true_random=False))
def test_permuting_the_lines_changes_nothing(year: list[Step], random: Any) -> None:
    one, bill = settled(year)[-1], list(year[-1][1])
    random.shuffle(bill)

    permuted = with_lines(one, bill)

    assert sorted(permuted.line_amounts) == sorted(one.settlement.line_amounts)
    assert permuted._replace(line_amounts=()) == one.settlement._replace(line_amounts=())


@moderate
@given(years(max_visits=2), lines("A"), st.data())
def test_splitting_a_grade_a_line_changes_nothing(year: list[Step], line: dict[str, Any], data: st.DataObject) -> None:
    line.pop("price_ceiling", None)
    one, bill = settled(year)[-1], list(year[-1][1])
    quantity = scaled(line["quantity"], QUANTITY_PLACES)
    whole = with_lines(one, [*bill, line])
    amount = whole.line_amounts[-1].total
    first_quantity, first_amount = data.draw(st.integers(0, quantity)), data.draw(st.integers(0, amount))

    parts = [
        line | {"quantity": unscaled(q, QUANTITY_PLACES), "amount": yuan(a)}
        for q, a in ((first_quantity, first_amount), (quantity - first_quantity, amount - first_amount))
    ]

    assert with_lines(one, [*bill, *parts])._replace(line_amounts=()) == whole._replace(line_amounts=())


@moderate
@given(years(max_visits=2), lines())
def test_a_line_and_its_return_cancel(year: list[Step], line: dict[str, Any]) -> None:
    one, bill = settled(year)[-1], list(year[-1][1])

    with_return = with_lines(one, [line, *bill, returned(line)])

    first, *_, last = with_return.line_amounts
    assert all(there + back == 0 for there, back in zip(first, last, strict=True))
    assert with_return._replace(line_amounts=()) == one.settlement._replace(line_amounts=())


def without_caps(pack: Pack) -> Pack:
    """The pack with every cap taken out."""
    layers = []
    for layer in pack.layers:
        terms = tuple(
            replace(
                one,
                caps=Caps(),
                rule=replace(one.rule, classes=tuple(replace(c, annual_cap=None) for c in one.rule.classes))
                if isinstance(one.rule, AidTerms)
                else one.rule,
            )
            for one in layer.terms
        )
        layers.append(replace(layer, terms=terms))
    return replace(pack, layers=tuple(layers))


UNCAPPED = {pack.id: without_caps(pack) for pack in shipped_packs().packs}


@settings(max_examples=120, deadline=None)
@given(years(max_visits=3))
def test_without_caps_one_more_yuan_in_scope_never_lowers_what_the_payers_give(year: list[Step]) -> None:
    *_, one = settled(year)
    pack = UNCAPPED[one.pack.id]
    claim = replace(one.claim, decided={}, other=())
    richer = replace(claim, lines=Person().claim(one.visit, [*year[-1][1], ONE_YUAN]).lines)

    before, after = settle(claim, pack).split, settle(richer, pack).split

    assert after.paid_total >= before.paid_total - 1
