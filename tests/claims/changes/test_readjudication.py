"""A settlement decided anew: in its place in the order, beside the old one, the difference to whom it is due."""

from uuid import UUID

import pytest

from service.access.model import Role
from service.claims import touched
from service.db import transaction_on
from tests.cases.county import COUNTY, done
from tests.claims.changes.people import (
    POOR,
    amounts,
    anew,
    identify,
    month_stay,
    moved,
    refused,
    reversed_,
    settled,
    stand,
)
from tests.claims.world import World, drifted

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_late_identity_gives_the_increase_to_the_patient_who_paid_at_the_counter(world: World) -> None:
    # 10 000 in scope at level 2: (10 000 - 300) x 75 % = 7 275, and 2 725 paid at the counter. Poor: 8 000 and 1 000.
    person_no, patient = await world.county.person()
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    assert (amounts(first)["basic"], amounts(first)["due_at_discharge"]) == (7_275_00, 2_725_00)
    await identify(world, person_no, "registered_poor")

    second = await anew(world.agency, first["id"])

    assert moved(second) == {("basic", "patient"): 725_00, ("top_up", "patient"): 1_000_00}
    assert amounts(second) == {
        "basic": 8_000_00,
        "serious": 0,
        "aid": 0,
        "other": 0,
        "top_up": 1_000_00,
        "paid_total": 9_000_00,
        "patient_pays": 1_000_00,
        "hospital_advances": 7_275_00,
        "owed_to_patient": 1_725_00,
        "due_at_discharge": 2_725_00,
        "to_collect": 0,
    }
    assert (second["version"], second["cause"], second["replaces"]) == (2, "identity", first["id"])
    assert (second["before"]["id"], second["after"]["id"]) == (first["id"], second["id"])
    assert (second["case_id"], second["query_code"]) == (first["id"], first["query_code"])
    zh, en = second["difference_explained"]["zh"], second["difference_explained"]["en"]
    assert "身份变更（补录）" in zh
    assert "当日身份由无变为建档立卡" in zh
    assert "基本医疗保险由 7275.00 元变为 8000.00 元" in zh
    assert "1725.00 yuan more is owed to the patient's account" in en
    old = await done(await world.hospital("GET", f"/v1/settlements/{first['id']}"), 200)
    assert (old["status"], old["replaced_by"]) == ("superseded", second["id"])
    assert amounts(old) == amounts(first)
    assert await drifted(world) == []


async def test_an_identity_that_was_wrong_is_taken_from_the_hospital_and_only_recorded_for_the_patient(
    world: World,
) -> None:
    person_no, patient = await world.county.person(POOR)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    await identify(world, person_no)

    second = await anew(world.agency, first["id"])

    assert moved(second) == {("basic", "hospital"): -725_00, ("top_up", "hospital"): -1_000_00}
    assert (second["to_collect"], second["due_at_discharge"]) == ("1725.00", "2725.00")
    assert "患者多得 1725.00 元" in second["difference_explained"]["zh"]


async def test_what_one_payer_owes_the_hospital_less_another_owes_it_more_before_the_patient(world: World) -> None:
    # Poor: 8 000 + 1 000, 1 000 at the counter. With the allowance aid pays 85 % of 2 000 = 1 700 and no top-up is
    # missing: 1 000 of it is the hospital's, which has laid out 9 000 either way, and 700 the patient's.
    person_no, patient = await world.county.person(POOR)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    await identify(world, person_no, "registered_poor", "low_income_allowance")

    second = await anew(world.agency, first["id"])

    assert moved(second) == {
        ("aid", "hospital"): 1_000_00,
        ("aid", "patient"): 700_00,
        ("top_up", "hospital"): -1_000_00,
    }
    assert (second["patient_pays"], second["due_at_discharge"]) == ("300.00", "1000.00")
    shares = [(one["paid"], one["pay_to"]) for one in second["layers"] if one["layer"] == "aid"]
    assert shares == [("1000.00", "hospital"), ("700.00", "patient")]


async def test_each_payer_keeps_what_it_owes_the_hospital_and_only_what_is_freed_passes_to_another(
    world: World,
) -> None:
    # Key aid alone: 7 275 + 70 % of 2 725 = 9 182.50. Poor as well: 8 000 + 70 % of 2 000 = 9 400, no top-up missing.
    # Basic owes 725 more and aid 507.50 less: the hospital gets 507.50 of the 725, the patient 217.50.
    key_aid = [{"class": "key_aid", "valid_from": "2015-01-01"}]
    person_no, patient = await world.county.person(key_aid)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    await identify(world, person_no, "key_aid", "registered_poor")

    second = await anew(world.agency, first["id"])

    assert moved(second) == {
        ("basic", "hospital"): 507_50,
        ("basic", "patient"): 217_50,
        ("aid", "hospital"): -507_50,
    }


async def test_there_and_back_again_leaves_the_ledger_as_it_was(world: World) -> None:
    person_no, patient = await world.county.person(POOR)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    before = await stand(world, person_no)
    await identify(world, person_no, "low_income_allowance")
    second = await anew(world.agency, first["id"])
    await identify(world, person_no, "registered_poor")

    third = await anew(world.agency, second["id"])

    assert amounts(third) == amounts(first)
    assert await stand(world, person_no) == before
    status, problem = await refused(world.agency, first["id"])
    assert (status, problem["code"], problem["replaced_by"]) == (409, "settlement.superseded", second["id"])
    await reversed_(world.agency, third["id"])
    assert (await stand(world, person_no)).accounts == {}


async def test_a_roster_that_says_what_a_later_version_rests_on_touches_nothing(world: World) -> None:
    person_no, patient = await world.county.person()
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    await identify(world, person_no, "registered_poor")
    second = await anew(world.agency, first["id"])

    async with transaction_on(world.app.state.engine) as tx:
        record = await touched.kept(tx, COUNTY, UUID(second["id"]))
    assert record is not None
    packs = world.app.state.law.packs

    assert touched.with_identities(record, frozenset({"registered_poor"}), packs) == []
    poor_no_more = touched.with_identities(record, frozenset(), packs)
    assert poor_no_more is not None
    assert {(one.layer, one.way, one.after - one.before) for one in poor_no_more} == {
        ("basic", "patient", -725_00),
        ("top_up", "patient", -1_000_00),
    }


async def test_what_comes_out_as_it_is_makes_no_version(world: World) -> None:
    _, patient = await world.county.person(POOR)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    counts = await world.counts()

    status, problem = await refused(world.agency, first["id"], "appeal")

    assert (status, problem["code"]) == (409, "settlement.unchanged")
    assert await world.counts() == counts


async def test_later_ones_are_decided_anew_with_it_and_come_out_as_if_it_had_always_been_so(world: World) -> None:
    person_no, patient = await world.county.person()
    bodies = [month_stay(world.hospital_code, patient, month, 50_000) for month in (3, 4, 5)]
    first, *_ = [await settled(world.hospital, body) for body in bodies]
    await identify(world, person_no, "low_income_allowance")
    _, other = await world.county.person([{"class": "low_income_allowance", "valid_from": "2015-01-01"}])
    straight = [await settled(world.hospital, month_stay(world.hospital_code, other, 3, 50_000))]

    status, problem = await refused(world.agency, first["id"])
    second = await anew(world.agency, first["id"], chain=True)

    assert (status, problem["code"], len(problem["later"])) == (409, "settlement.has_later", 2)
    assert [one["after"]["version"] for one in second["chain"]] == [2, 2]
    assert amounts(second)["aid"] == amounts(straight[0])["aid"]
    # The later ones keep the facts of their own decision; only the sums before them are others.
    mine = await stand(world, person_no)
    assert mine.sums["2018", "aid.paid"] == amounts(second)["aid"]
    assert await drifted(world) == []


async def test_the_versions_stand_side_by_side_with_what_each_changed(world: World) -> None:
    person_no, patient = await world.county.person()
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    await identify(world, person_no, "registered_poor")
    second = await anew(world.agency, first["id"])
    reversal = await reversed_(world.agency, second["id"])

    for asked in (first["id"], second["id"], reversal["id"]):
        items = (await done(await world.hospital("GET", f"/v1/settlements/{asked}/versions"), 200))["items"]
        assert [item["side"]["id"] for item in items] == [first["id"], second["id"], reversal["id"]]
    assert [item["status"] for item in items] == ["superseded", "reversed", "reversal"]
    assert [item["note"] for item in items] == [None, "补录", "录入有误"]
    assert items[1]["differences"] == second["differences"]
    assert items[1]["difference_explained"] == second["difference_explained"]
    listed = {}
    for status in ("settled", "superseded", "reversed", "reversal"):
        query = f"/v1/settlements?person_no={person_no}&status={status}"
        listed[status] = [one["id"] for one in (await done(await world.hospital("GET", query), 200))["items"]]
    assert listed == {
        "settled": [],
        "superseded": [first["id"]],
        "reversed": [second["id"]],
        "reversal": [reversal["id"]],
    }
    foreign = await world.call_as(Role.HOSPITAL, hospital_code=await world.county.hospital("township", "county"))
    assert (await foreign("GET", f"/v1/settlements/{first['id']}/versions")).status_code == 404


async def test_the_first_answer_comes_again_after_a_change(world: World) -> None:
    person_no, patient = await world.county.person()
    body = month_stay(world.hospital_code, patient, 6)
    first = await world.hospital("POST", "/v1/settlements", body, key="readjudicated-5")
    await identify(world, person_no, "registered_poor")
    path = f"/v1/settlements/{first.json()['id']}/readjudication"
    change = {"cause": "identity", "note": "补录"}
    second = await world.agency("POST", path, change, key="change-5")

    assert (await world.hospital("POST", "/v1/settlements", body, key="readjudicated-5")).content == first.content
    again = await world.agency("POST", path, change, key="change-5")
    assert (again.status_code, again.content) == (201, second.content)


async def test_a_person_who_was_not_insured_as_is_known_now_is_refused_without_a_field_to_blame(world: World) -> None:
    person_no, patient = await world.county.person(POOR)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    insured = {"insured": [{"from": "2019-01-01"}]}
    await done(await world.agency("PUT", f"/v1/persons/{person_no}", insured), 200)

    status, problem = await refused(world.agency, first["id"])

    assert (status, problem["code"]) == (422, "person.not_insured")
    assert "errors" not in problem
