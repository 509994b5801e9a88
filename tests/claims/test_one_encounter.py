"""The same encounter is never paid twice, and no return or date makes money (domain §5, §6)."""

from typing import Any

import pytest

from tests.cases.county import done
from tests.claims.bills import Body, chronic, fee_line, stay
from tests.claims.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

POOR = [{"class": "registered_poor", "valid_from": "2015-01-01"}]


async def refused(world: World, body: Body) -> tuple[str, str]:
    answer = await world.agency("POST", "/v1/settlements", body)
    problem = answer.json()
    assert answer.status_code in (409, 422), answer.text
    return problem["code"], problem["errors"][0]["pointer"]


def codes(answer: Body) -> list[str]:
    return [finding["code"] for finding in answer["findings"]]


async def a_patient(world: World) -> str:
    _, id_number = await world.county.person(POOR)
    return id_number


async def settled(world: World, body: Body) -> Any:
    return await done(await world.agency("POST", "/v1/settlements", body))


async def test_two_stays_of_one_day_in_one_hospital_are_one(world: World) -> None:
    patient = await a_patient(world)
    day = {"admitted_on": "2018-06-02", "discharged_on": "2018-06-02"}
    elsewhere = await world.county.hospital("township", "county")
    await settled(world, stay(world.hospital_code, patient, **day))

    assert await refused(world, stay(world.hospital_code, patient, **day)) == ("visit.overlap", "/admitted_on")
    transferred = await settled(world, stay(elsewhere, patient, **day))

    assert "visit.touches_stay" in codes(transferred)


async def test_a_second_chronic_visit_of_a_day_is_pointed_out(world: World) -> None:
    person_no, patient = await world.county.person(POOR)
    await world.county.card(person_no, "CD03")

    first = await settled(world, chronic(world.hospital_code, patient))
    second = await settled(world, chronic(world.hospital_code, patient))

    assert "visit.same_day" not in codes(first)
    assert "visit.same_day" in codes(second)


async def test_a_chronic_visit_is_no_part_of_a_stay(world: World) -> None:
    person_no, patient = await world.county.person(POOR)
    await world.county.card(person_no, "CD03")
    body = stay(world.hospital_code, patient, interim_no=1)
    await settled(world, body)

    mixed = chronic(world.hospital_code, patient, visit_no=body["visit_no"])

    assert await refused(world, mixed) == ("visit.interim_order", "/interim_no")


@pytest.mark.parametrize(("begins", "accepted"), [("2018-06-09", True), ("2018-06-10", True), ("2018-06-11", False)])
async def test_a_part_begins_where_the_one_before_it_ended(world: World, begins: str, accepted: bool) -> None:
    patient = await a_patient(world)
    first = stay(world.hospital_code, patient, interim_no=1)
    await settled(world, first)
    last = first | {"interim_no": 0, "admitted_on": begins, "discharged_on": "2018-06-12"}

    if accepted:
        await settled(world, last)
    else:
        assert await refused(world, last) == ("visit.dates", "/admitted_on")


async def test_nothing_is_returned_at_a_price_at_which_nothing_was_charged(world: World) -> None:
    patient = await a_patient(world)
    lines = [
        fee_line(1, "R-1", price="100.00", quantity="60"),
        fee_line(2, "R-1", price="6000.00", quantity="-1"),
    ]

    assert await refused(world, stay(world.hospital_code, patient, fee_lines=lines)) == (
        "fee_lines.net_negative",
        "/fee_lines/1",
    )


async def test_returns_do_not_move_cost_from_one_kind_to_another(world: World) -> None:
    """Charged once as self-funded and once in scope; returned twice as in scope."""
    patient = await a_patient(world)
    lines = [
        fee_line(1, "R-2", quantity="1", grade="C", charged_on="2018-06-02"),
        fee_line(2, "R-2", quantity="1", grade="A", charged_on="2018-06-04"),
        fee_line(3, "R-2", quantity="-2", grade="A", charged_on="2018-06-04"),
        fee_line(4, "R-3"),
    ]

    assert await refused(world, stay(world.hospital_code, patient, fee_lines=lines)) == (
        "fee_lines.net_negative",
        "/fee_lines",
    )


async def test_a_line_dated_before_its_item_is_settled_on_the_item_s_terms_all_the_same(world: World) -> None:
    patient = await a_patient(world)
    item = {"item_code": "K-1", "name": "护理用品", "category": "material", "grade": "C", "valid_from": "2018-01-01"}
    await done(await world.agency("POST", "/v1/catalogue", item))
    line = fee_line(1, "K-1", grade="A", charged_on="2017-12-31")

    answer = await settled(world, stay(world.hospital_code, patient, fee_lines=[line]))

    assert answer["amounts"]["self_funded"] == answer["amounts"]["total"]
    assert answer["terms_used"] == {"catalogue": [1], "caller": []}


async def test_something_is_not_charged_for_nothing(world: World) -> None:
    patient = await a_patient(world)
    line = fee_line(1, price="0.00", quantity="1", amount="0.01")

    assert await refused(world, stay(world.hospital_code, patient, fee_lines=[line])) == (
        "fee_lines.amount_mismatch",
        "/fee_lines/0/amount",
    )


async def test_nobody_is_treated_before_birth(world: World) -> None:
    _, patient = await world.county.person(
        POOR, id_no=None, id_type="birth_certificate", born_on="2018-06-05", social_card_no="NB-0001"
    )
    body = stay(world.hospital_code, patient) | {"person": {"social_card_no": "NB-0001"}}

    assert await refused(world, body) == ("visit.dates", "/admitted_on")
