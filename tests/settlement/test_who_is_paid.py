"""Where a layer's money goes: to the hospital that laid it out, to the patient, or nowhere yet (domain §5, §6)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from service.money import yuan
from service.settlement.model import Claim, Settlement
from service.settlement.waterfall import settle
from tests.cases.claims import Person
from tests.settlement.settling import pack_on
from tests.settlement.strategies import Bill

BILL: Bill = [
    {"grade": "A", "unit_price": "20000.00", "quantity": "1"},
    {"grade": "C", "unit_price": "1000.00", "quantity": "1"},
]
"""For the poor at level 3: basic 20 000 x 65 % = 13 000, serious (7 000 - 3 500) x 70 % = 2 450, the floor 18 900."""


def claim(*identities: str, location: str = "county", **facts: Any) -> Claim:
    visit = {
        "visit_no": "V1",
        "visit_type": "inpatient",
        "discharged_on": "2018-06-01",
        "hospital_level": "level3_city",
        "hospital_location": location,
        "referral": True,
    }
    return replace(Person(frozenset(identities)).claim(visit, BILL), **facts)


def settled(*identities: str, **facts: Any) -> Settlement:
    return settle(claim(*identities, **facts), pack_on(date(2018, 6, 1)))


def ways(settlement: Settlement) -> dict[str, tuple[str, str]]:
    """What each layer pays, and to whom."""
    return {
        award.layer: (yuan(award.paid), award.shares[0].pay_to) for award in settlement.awards if award.rule != "other"
    }


def test_a_connected_hospital_in_county_advances_every_layer() -> None:
    assert ways(settled("registered_poor")) == {
        "basic": ("13000.00", "hospital"),
        "serious": ("2450.00", "hospital"),
        "aid": ("0.00", "hospital"),
        "top_up": ("3450.00", "hospital"),
    }


@pytest.mark.parametrize("facts", [{"location": "city"}, {"agreement": False}], ids=["out of county", "no agreement"])
def test_the_top_up_is_advanced_only_in_county_and_under_an_agreement(facts: dict[str, Any]) -> None:
    settlement = settled("registered_poor", **facts)

    assert ways(settlement) == {
        "basic": ("13000.00", "hospital"),
        "serious": ("2450.00", "hospital"),
        "aid": ("0.00", "hospital"),
        "top_up": ("3450.00", "patient"),
    }
    assert yuan(settlement.split.owed_to_patient) == "3450.00"
    assert yuan(settlement.split.due_at_discharge) == "5550.00", "the 2 100 that stay, and 3 450 that come back"


def test_a_hospital_that_advances_nothing_leaves_everything_owed_to_the_patient() -> None:
    settlement = settled("registered_poor", "low_income_allowance", advances=False)

    assert {to for _, to in ways(settlement).values()} == {"patient"}
    assert settlement.split.due_at_discharge == settlement.amounts.total
    assert settlement.split.owed_to_patient == settlement.split.paid_total


def test_aid_on_application_is_expected_and_shifts_nothing_onto_the_top_up() -> None:
    on_the_spot = settled("registered_poor", "low_income_allowance")
    on_application = settled("registered_poor", "low_income_allowance", on_application=True)

    assert [award.expected for award in on_application.awards] == [False, False, True, False, False]
    assert [award.paid for award in on_application.awards] == [award.paid for award in on_the_spot.awards]
    assert yuan(on_application.split.expected_aid) == "3867.50", "(20 000 - 13 000 - 2 450) x 85 %"
    assert on_application.split.patient_pays == on_the_spot.split.patient_pays
    assert on_application.entries == on_the_spot.entries, "expected aid uses up the year's caps"
    assert (
        on_application.split.due_at_discharge == on_the_spot.split.due_at_discharge + on_application.split.expected_aid
    )


def test_an_injury_on_hold_posts_nothing_and_is_all_due_at_discharge() -> None:
    clear = settled("registered_poor")
    on_hold = settled("registered_poor", on_hold=True)

    assert {to for _, to in ways(on_hold).values()} == {"patient"}, "released to the patient, or refused"
    assert on_hold.split.held == clear.split.paid_total
    assert on_hold.split.due_at_discharge == on_hold.amounts.total
    assert on_hold.entries == clear.entries, "accumulators are consumed"
