"""Random people, bills and years of the reference county, written as the reference cases are written."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from service.money import PRICE_PLACES, QUANTITY_PLACES, price_times_quantity, unscaled, yuan
from service.settlement.scope import add_up, scope_of
from service.words import HospitalLevel, Location
from tests.cases.claims import fee_line

Bill = list[Mapping[str, Any]]
Step = tuple[dict[str, Any], Bill]
"""A visit and its fee lines."""

IDENTITIES = (
    "registered_poor",
    "lifted_but_covered",
    "extreme_poverty",
    "low_income_allowance",
    "three_no",
    "key_aid",
    "severely_disabled",
    "monitored",
    "low_income_margin",
)
POOR = ("registered_poor", "lifted_but_covered")
DISEASES = ("CD02", "CD03", "CD08", "CD27")
SPANS = ((date(2018, 1, 1), 364), (date(2018, 11, 1), 120), (date(2022, 1, 1), 364), (date(2022, 2, 1), 60))
"""First day and length: a plain year, a new year, and the year and the weeks in which the packs change."""

identities = st.lists(st.sampled_from(IDENTITIES), max_size=3, unique=True).map(sorted)
ratios = st.sampled_from(("0", "0.05", "0.10", "0.15", "0.333333", "0.5", "1"))


def _prices() -> st.SearchStrategy[int]:
    """Millionths of a yuan: whole fen mostly, small and dear, some with all six decimals."""
    fen = st.one_of(st.integers(1, 5_000), st.integers(1, 3_000_000), st.integers(1_000_000, 60_000_000))
    return st.one_of(fen.map(lambda amount: amount * 10_000), st.integers(1, 2_000_000_000))


@st.composite
def lines(draw: st.DrawFn, grades: str = "ABC") -> dict[str, Any]:
    grade = draw(st.sampled_from(grades))
    price = draw(_prices())
    quantity = draw(st.one_of(st.integers(1, 5).map(lambda n: n * 10_000), st.integers(1, 99_999)))
    line = {
        "grade": grade,
        "unit_price": unscaled(price, PRICE_PLACES),
        "quantity": unscaled(quantity, QUANTITY_PLACES),
    }
    if draw(st.integers(0, 4)) == 0:
        off = draw(st.sampled_from((-1, 1)))
        line["amount"] = yuan(max(0, price_times_quantity(price, quantity) + off))
    # Only grade B has a first-pay share, whatever else a line says.
    if grade == "B" or draw(st.integers(0, 4)) == 0:
        line["self_pay_ratio"] = draw(ratios)
    if grade != "C" and draw(st.booleans()):
        line["price_ceiling"] = unscaled(max(1, price * draw(st.integers(10, 150)) // 100), PRICE_PLACES)
    return line


def returned(line: Mapping[str, Any]) -> dict[str, Any]:
    """The line that takes another back whole."""
    back = {**line, "quantity": f"-{line['quantity']}"}
    return back | {"amount": f"-{line['amount']}"} if "amount" in line else back


@st.composite
def bills(draw: st.DrawFn, grades: str = "ABC", min_size: int = 1) -> Bill:
    """A bill with returns in it, whole and in part."""
    bill = draw(st.lists(lines(grades), min_size=min_size, max_size=4))
    for line in list(bill):
        if draw(st.integers(0, 7)) == 0:
            bill.append(returned(line))
    bill.append({"grade": "A", "unit_price": "1.00", "quantity": "1"})
    if draw(st.integers(0, 3)) == 0:
        part = draw(st.integers(1, 9_999))
        bill.append({"grade": "A", "unit_price": "0.85", "quantity": "3"})
        bill.append({"grade": "A", "unit_price": "0.85", "quantity": f"-{unscaled(part, QUANTITY_PLACES)}"})
    return draw(st.permutations(bill))


def in_scope_of(bill: Bill) -> tuple[int, int]:
    """Total and in-scope amount of a bill in fen, by the kernel's own scope rule."""
    amounts = add_up(scope_of(fee_line(number, line, date(2018, 1, 1))) for number, line in enumerate(bill, 1))
    return amounts.total, amounts.in_scope


@st.composite
def _decided(draw: st.DrawFn, bill: Bill) -> dict[str, str]:
    """Any of the first three layers as another platform settled them, together within scope."""
    left = in_scope_of(bill)[1]
    decided = {}
    for layer in draw(st.lists(st.sampled_from(("basic", "serious", "aid")), unique=True, max_size=3)):
        paid = draw(st.integers(0, left))
        decided[layer] = yuan(paid)
        left -= paid
    return decided


@st.composite
def stays(draw: st.DrawFn, number: int, who: list[str], span: tuple[date, int]) -> list[Step]:
    """A stay, whole or in up to three parts whose last days ascend."""
    hospital: dict[str, Any] = {
        "visit_no": f"V{number}",
        "visit_type": "inpatient",
        "hospital_level": draw(st.sampled_from(list(HospitalLevel))).value,
        "hospital_location": draw(st.sampled_from(list(Location))).value,
        "specialist_hospital": draw(st.booleans()),
        "referral": draw(st.booleans()),
    }
    days = sorted(draw(st.lists(st.integers(0, span[1]), min_size=1, max_size=3, unique=True)))
    parts = []
    for index, day in enumerate(days):
        visit = hospital | {"discharged_on": (span[0] + timedelta(days=day)).isoformat()}
        if len(days) > 1:
            visit["interim_no"] = (index + 1) % len(days)
        parts.append((visit, *draw(_bill_and_extras(who))))
    return [(visit | extras, bill) for visit, bill, extras in parts]


@st.composite
def chronic_visits(draw: st.DrawFn, number: int, who: list[str], span: tuple[date, int]) -> list[Step]:
    visit = {
        "visit_no": f"V{number}",
        "visit_type": "chronic_outpatient",
        "hospital_level": draw(st.sampled_from(list(HospitalLevel))).value,
        "hospital_location": draw(st.sampled_from(list(Location))).value,
        "disease": draw(st.sampled_from(DISEASES)),
        "service_on": (span[0] + timedelta(days=draw(st.integers(0, span[1])))).isoformat(),
    }
    bill, extras = draw(_bill_and_extras(who))
    return [(visit | extras, bill)]


@st.composite
def _bill_and_extras(draw: st.DrawFn, who: list[str]) -> tuple[Bill, dict[str, Any]]:
    bill = draw(bills())
    extras: dict[str, Any] = {"identities": draw(identities) if draw(st.integers(0, 4)) == 0 else who}
    if draw(st.integers(0, 3)) == 0:
        extras["decided"] = draw(_decided(bill))
    if draw(st.integers(0, 3)) == 0:
        amounts = st.integers(0, in_scope_of(bill)[0]).map(yuan)
        extras["other"] = draw(st.lists(amounts, min_size=1, max_size=2))
    return bill, extras


@st.composite
def years(draw: st.DrawFn, max_visits: int = 4) -> list[Step]:
    """The visits of one person in the order in which they are settled, which need not be the order of their days."""
    who, span = draw(identities), draw(st.sampled_from(SPANS))
    steps: list[Step] = []
    for number in range(draw(st.integers(1, max_visits))):
        kind = stays if draw(st.integers(0, 2)) else chronic_visits
        steps += draw(kind(number, who, span))
    return steps
