"""A person entered twice is found and joined, and neither history is lost."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from service.registers.persons import duplicates
from tests.claims.bills import stay
from tests.corrections.conftest import done
from tests.registers.conftest import Call
from tests.registers.examples import HOSPITAL, a_card, a_hospital, a_person, a_referral, id_no

Settle = Callable[[dict[str, Any]], Awaitable[Any]]

OLD_NUMBER = id_no(1)[:6] + id_no(1)[8:17]
POOR = {"class": "registered_poor", "source": "扶贫办"}


def entered_again(**changes: Any) -> dict[str, Any]:
    """The same person once more, by the old number."""
    again = {"id_type": "old_id_card", "id_no": OLD_NUMBER, "social_card_no": "459901009999", "born_on": "1950-03-07"}
    return a_person(2, **{**again, "household_no": "H0001", "sex": "male", **changes})


@pytest.fixture
async def twice(agency: Call) -> Call:
    await done(agency, "POST", "/v1/hospitals", a_hospital(), 201)
    identities = [POOR | {"valid_from": "2018-01-01", "valid_to": "2018-03-31"}]
    await done(agency, "POST", "/v1/persons", a_person(1, identities=identities, phone=None), 201)
    more = [POOR | {"valid_from": "2018-03-01"}, {"class": "three_no", "valid_from": "2018-02-01"}]
    insured = [{"from": "2016-01-01"}]
    await done(agency, "POST", "/v1/persons", entered_again(identities=more, insured=insured), 201)
    return agency


async def test_two_entries_of_one_person_are_found(twice: Call) -> None:
    await done(twice, "POST", "/v1/persons", a_person(3, household_no="H0001", name="张小四"), 201)

    found = (await done(twice, "GET", "/v1/persons/duplicates"))["items"]

    assert [(each["one"]["person_no"], each["other"]["person_no"], each["why"]) for each in found] == [
        ("P000001", "P000002", ["id_no", "name_birthday_household"])
    ]


async def test_entries_of_one_birthday_are_compared_by_name_number_and_phone_and_twins_are_left_alone(
    agency: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1 and 2: one name, two digits changed places; 1 and 5: one phone, two households; 3 and 4: twins."""
    monkeypatch.setattr(duplicates, "_PAIRS_AT_ONCE", 3)
    phone = {"phone": "13800000001"}
    people = [
        a_person(12, name="张一"),
        a_person(21, name="张 一", phone=None),
        a_person(30, name="李大", household_no="H7", **phone),
        a_person(31, name="李二", household_no="H7", **phone),
        a_person(45, name="王五"),
        a_person(50, name="张一", phone=None, id_no=id_no(50, "19510307")),
    ]
    for person in people:
        await done(agency, "POST", "/v1/persons", person, 201)

    found, path = [], "/v1/persons/duplicates?limit=1"
    while True:
        page = await done(agency, "GET", path)
        found += [(each["one"]["person_no"], each["other"]["person_no"], each["why"]) for each in page["items"]]
        if page["next_cursor"] is None:
            break
        path = f"/v1/persons/duplicates?limit=1&cursor={page['next_cursor']}"

    assert found == [
        ("P000012", "P000021", ["id_no_alike", "name_birthday"]),
        ("P000012", "P000045", ["phone_birthday"]),
    ]


async def test_joined_they_are_one_person_with_both_histories(twice: Call) -> None:
    await done(twice, "POST", "/v1/chronic-cards", a_card(person_no="P000002"), 201)
    await done(twice, "POST", "/v1/referrals", a_referral(person_no="P000002"), 201)

    joined = await done(twice, "POST", "/v1/persons/P000001/join", {"other": "P000002"})

    assert joined["insured"] == [{"from": "2016-01-01", "to": None}]
    assert sorted((each["class"], each["valid_from"], each["valid_to"]) for each in joined["identities"]) == [
        ("registered_poor", "2018-01-01", None),
        ("three_no", "2018-02-01", None),
    ]
    assert joined["phone"] == "13800001234"
    for number in ("P000001", "P000002"):
        assert (await done(twice, "GET", f"/v1/persons/{number}"))["person_no"] == "P000001"
    for asked in (f"id_no={OLD_NUMBER}", f"id_no={id_no(1)}", "social_card_no=459901009999", "person_no=P000002"):
        assert (await done(twice, "GET", f"/v1/recognition?{asked}"))["person_no"] == "P000001"
    cards = (await done(twice, "GET", "/v1/chronic-cards?person_no=P000001"))["items"]
    assert [card["disease_code"] for card in cards] == ["CD02"]
    assert (await done(twice, "GET", "/v1/referrals/ZZ001"))["person_no"] == "P000001"
    assert [each["person_no"] for each in (await done(twice, "GET", "/v1/persons"))["items"]] == ["P000001"]
    assert (await done(twice, "GET", "/v1/persons/duplicates"))["items"] == []

    before = await done(twice, "GET", "/v1/persons/P000002/as-of?day=2018-06-01")
    assert before["identities"] == []
    await done(twice, "PUT", "/v1/persons/P000001", {"id_no": id_no(3), "reason": "更正"})
    assert (await done(twice, "GET", f"/v1/recognition?id_no={OLD_NUMBER}"))["person_no"] == "P000001"


async def test_an_entry_with_settlements_survives_and_is_not_joined_away(twice: Call, settled: Settle) -> None:
    await settled(stay(HOSPITAL, OLD_NUMBER))

    refused = await done(twice, "POST", "/v1/persons/P000001/join", {"other": "P000002"}, 409)
    assert refused["code"] == "person.has_settlements"
    await done(twice, "POST", "/v1/persons/P000002/join", {"other": "P000001"})

    again = await settled(stay(HOSPITAL, id_no(1), admitted_on="2018-06-09", discharged_on="2018-06-12"))
    assert again["person_no"] == "P000002"


async def test_the_survivor_has_the_identity_card_and_both_numbers_lead_to_them(twice: Call) -> None:
    joined = await done(twice, "POST", "/v1/persons/P000002/join", {"other": "P000001"})

    assert (joined["id_type"], joined["id_no"], joined["social_card_no"]) == ("id_card", id_no(1), "459901009999")
    for asked in (f"id_no={OLD_NUMBER}", f"id_no={id_no(1)}", "person_no=P000001"):
        assert (await done(twice, "GET", f"/v1/recognition?{asked}"))["person_no"] == "P000002"


async def test_a_number_that_leads_to_the_person_already_is_not_taken(twice: Call) -> None:
    await done(twice, "POST", "/v1/persons/P000001/join", {"other": "P000002"})
    await done(twice, "PUT", "/v1/persons/P000001", {"social_card_no": "459901009999", "reason": "换卡"})
    await done(twice, "POST", "/v1/persons", a_person(3), 201)

    taken = {"social_card_no": "459901009999", "reason": "换卡"}
    assert (await done(twice, "PUT", "/v1/persons/P000003", taken, 409))["code"] == "person.exists"


async def test_joins_that_cannot_be_are_refused(twice: Call) -> None:
    path = "/v1/persons/P000001/join"
    assert (await done(twice, "POST", path, {"other": "P000001"}, 422))["code"] == "person.join_self"
    assert (await done(twice, "POST", path, {"other": "P9"}, 404))["code"] == "person.unknown"
    await done(twice, "POST", path, {"other": "P000002"})
    assert (await done(twice, "POST", path, {"other": "P000002"}, 409))["code"] == "person.joined_already"


async def test_who_was_this_person_on_a_day_as_known_then(twice: Call) -> None:
    change = {"identities": [], "township_code": "459901999", "as_of": "2018-02-01", "reason": "核查"}
    first = await done(twice, "GET", "/v1/persons/P000001/as-of?day=2018-02-15")
    await done(twice, "PUT", "/v1/persons/P000001", change)

    async def asked(query: str) -> Any:
        return await done(twice, "GET", f"/v1/persons/P000001/as-of?{query}")

    now = await asked("day=2018-02-15")
    assert now["identities"] == []
    assert now["township_code"] == "459901999"
    instant = first["known_at"].replace("+", "%2B")
    then = await asked(f"day=2018-02-15&known_at={instant}")
    assert [each["class"] for each in then["identities"]] == ["registered_poor"]
    assert then["township_code"] == "459901001"
    assert await done(twice, "GET", "/v1/persons/P000001/as-of?known_at=2010-01-01T00:00:00Z", status=404)
