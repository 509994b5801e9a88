"""A reversal takes back exactly what its settlement did, once, and in any interleaving (domain §6)."""

from typing import Any

import pytest

from service.access.model import Role
from tests.cases.county import done
from tests.claims.bills import chronic
from tests.claims.changes.people import POOR, amounts, month_stay, moved, reversed_, settled, stand
from tests.claims.world import World, drifted

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def refused(world: World, settlement_id: str, call: Any = None, **more: Any) -> Any:
    caller = call or world.hospital
    answer = await caller("POST", f"/v1/settlements/{settlement_id}/reversal", {"reason": "录入有误", **more})
    return answer.status_code, answer.json()


async def test_a_reversal_is_the_copy_with_the_signs_turned_and_gives_everything_back(world: World) -> None:
    person_no, patient = await world.county.person(POOR)
    before = await stand(world, person_no)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))

    reversal = await reversed_(world.hospital, first["id"])

    assert (reversal["status"], reversal["reversal_of"]) == ("reversal", first["id"])
    assert amounts(reversal) == {name: -amount for name, amount in amounts(first).items()}
    assert moved(reversal) == {("basic", "hospital"): -8_000_00, ("top_up", "hospital"): -1_000_00}
    assert "录入有误" in reversal["explanation"]["zh"][0]
    assert await stand(world, person_no) == before
    read = await done(await world.hospital("GET", f"/v1/settlements/{first['id']}"), 200)
    assert (read["status"], read["reversed_by"]) == ("reversed", reversal["id"])
    assert await done(await world.hospital("GET", f"/v1/settlements/{reversal['id']}"), 200) == {
        key: value for key, value in reversal.items() if key not in ("differences", "chain")
    }
    assert await drifted(world) == []


async def test_the_visit_can_be_settled_anew_after_its_reversal(world: World) -> None:
    _, patient = await world.county.person(POOR)
    body = month_stay(world.hospital_code, patient, 6)
    first = await settled(world.hospital, body)
    await reversed_(world.hospital, first["id"])

    again = await settled(world.hospital, body)

    assert again["id"] != first["id"]
    assert amounts(again) == amounts(first)


async def test_a_reversal_exists_once(world: World) -> None:
    _, patient = await world.county.person(POOR)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    reversal = await reversed_(world.hospital, first["id"])

    status, problem = await refused(world, first["id"])
    of_reversal, own = await refused(world, reversal["id"])

    assert (status, problem["code"], problem["reversed_by"]) == (409, "settlement.already_reversed", reversal["id"])
    assert (of_reversal, own["code"]) == (409, "settlement.is_reversal")


async def test_later_settlements_are_named_to_their_hospital_and_counted_to_others(world: World) -> None:
    _, patient = await world.county.person(POOR)
    elsewhere = await world.county.hospital("township", "county")
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 3))
    own = await settled(world.hospital, month_stay(world.hospital_code, patient, 4))
    await settled(world.agency, month_stay(elsewhere, patient, 5))

    status, problem = await refused(world, first["id"])
    _, chained = await refused(world, first["id"], chain=True)
    _, seen_by_agency = await refused(world, first["id"], world.agency)

    assert (status, problem["code"], problem["others"]) == (409, "settlement.has_later", 1)
    assert [later["settlement_id"] for later in problem["later"]] == [own["id"]]
    assert chained["code"] == "settlement.has_later", "a hospital may not chain across hospitals"
    assert (len(seen_by_agency["later"]), seen_by_agency["others"]) == (2, 0)


async def test_a_visit_of_another_year_does_not_stand_in_the_way(world: World) -> None:
    _, patient = await world.county.person(POOR)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 12))
    other = month_stay(world.hospital_code, patient, 1) | {"admitted_on": "2019-02-01", "discharged_on": "2019-02-09"}
    await settled(world.hospital, other)

    await reversed_(world.hospital, first["id"])


async def test_a_chained_reversal_decides_anew_all_that_rested_on_it(world: World) -> None:
    # 50 000 yuan in scope each: basic pays 40 000, 10 000 goes to the serious-illness sums. The first stay gets
    # (10 000 - 3 500) x 70 % = 4 550 and 450 to reach 90 %; the second 7 000, which is above 90 %: 3 000 are due.
    # Alone, the second is as the first was: 2 000 less for it, which its patient has paid too little.
    person_no, patient = await world.county.person(POOR)
    elsewhere = await world.county.hospital("level2", "county", name="另一家医院")
    await world.county.agreement(elsewhere)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 3, 50_000))
    second = await settled(world.agency, month_stay(elsewhere, patient, 4, 50_000))
    alone, other = await world.county.person(POOR)
    expected = await settled(world.agency, month_stay(elsewhere, other, 4, 50_000))
    assert (amounts(first)["serious"], amounts(second)["serious"]) == (4_550_00, 7_000_00)

    reversal = await reversed_(world.agency, first["id"], chain=True)

    [chained] = reversal["chain"]
    assert (chained["before"]["id"], chained["hospital_code"]) == (second["id"], elsewhere)
    assert moved(chained) == {("serious", "hospital"): -2_450_00, ("top_up", "hospital"): 450_00}
    now = await done(await world.agency("GET", f"/v1/settlements/{chained['after']['id']}"), 200)
    assert amounts(now) == amounts(expected) | {"to_collect": 2_000_00}
    assert (now["version"], now["cause"], now["replaces"]) == (2, "chain", second["id"])
    mine, theirs = await stand(world, person_no), await stand(world, alone)
    assert mine.sums == theirs.sums
    assert mine.accounts == theirs.accounts
    assert await drifted(world) == []


async def test_other_hospitals_see_the_chain_in_their_events(world: World) -> None:
    _, patient = await world.county.person(POOR)
    elsewhere = await world.county.hospital("level2", "county", name="第三家医院")
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 3))
    second = await settled(world.agency, month_stay(elsewhere, patient, 4))
    their = await world.call_as(Role.HOSPITAL, hospital_code=elsewhere)

    await reversed_(world.agency, first["id"], chain=True)

    events = (await done(await their("GET", "/v1/events"), 200))["items"]
    [told] = [event for event in events if event["kind"] == "settlement.readjudicated"]
    assert (told["data"]["replaces"], told["data"]["cause"]) == (second["id"], "chain")
    own = (await done(await world.hospital("GET", "/v1/events"), 200))["items"]
    assert first["id"] in [event["data"]["reversal_of"] for event in own if event["kind"] == "settlement.reversed"]


async def test_parts_of_a_stay_are_reversed_last_first_and_even_a_chain_does_not_jump_that(world: World) -> None:
    person_no, patient = await world.county.person(POOR)
    before = await stand(world, person_no)
    days = [("2018-12-01", "2018-12-31"), ("2018-12-31", "2019-01-20"), ("2019-01-20", "2019-02-03")]
    visit_no, parts = None, []
    for (admitted, left), number in zip(days, (1, 2, 0), strict=True):
        body = month_stay(world.hospital_code, patient, 12, interim_no=number)
        body |= {"admitted_on": admitted, "discharged_on": left, "visit_no": visit_no or body["visit_no"]}
        visit_no = body["visit_no"]
        parts.append(await settled(world.hospital, body))

    for chain in (False, True):
        status, problem = await refused(world, parts[0]["id"], chain=chain)
        assert (status, problem["code"], len(problem["later"])) == (409, "settlement.has_later", 2)
    for part in reversed(parts):
        await reversed_(world.hospital, part["id"])

    assert await stand(world, person_no) == before


async def test_a_chronic_visit_gives_its_disease_and_month_back(world: World) -> None:
    person_no, patient = await world.county.person(POOR)
    await world.county.card(person_no, "CD03")
    before = await stand(world, person_no)
    first = await settled(world.hospital, chronic(world.hospital_code, patient))
    second = await settled(world.hospital, chronic(world.hospital_code, patient, service_on="2018-06-20"))

    for visit in (second, first):
        await reversed_(world.hospital, visit["id"])

    assert await stand(world, person_no) == before


async def test_a_foreign_settlement_does_not_exist_for_another_hospital(world: World) -> None:
    _, patient = await world.county.person(POOR)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    elsewhere = await world.county.hospital("township", "county")
    foreign = await world.call_as(Role.HOSPITAL, hospital_code=elsewhere)

    status, problem = await refused(world, first["id"], foreign)

    assert (status, problem["code"]) == (404, "settlement.unknown")


async def test_the_original_request_gets_its_first_answer_after_everything(world: World) -> None:
    _, patient = await world.county.person(POOR)
    body, path = month_stay(world.hospital_code, patient, 6), "/v1/settlements"
    first = await world.hospital("POST", path, body, key="first-answer-5")
    reversal_body = {"reason": "录入有误", "chain": False}
    reversal_path = f"{path}/{first.json()['id']}/reversal"
    reversal = await world.hospital("POST", reversal_path, reversal_body, key="reversal-5")

    again = await world.hospital("POST", path, body, key="first-answer-5")
    reversed_again = await world.hospital("POST", reversal_path, reversal_body, key="reversal-5")

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (reversed_again.status_code, reversed_again.content) == (201, reversal.content)
