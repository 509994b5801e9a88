"""Many settlements decided anew: what the preview says is what happens, once, and only when a second person agrees."""

from typing import Any

import pytest

from service.money import fen
from tests.cases.county import done
from tests.claims.changes.people import POOR, anew, identify, month_stay, reversed_, settled, stand
from tests.claims.world import World, drifted
from tests.corrections.bulk.doing import APPROVES, ASKS, approved, asked, proved, read, rows_of, worked

pytestmark = pytest.mark.asyncio(loop_scope="module")

YEAR = {"from": "2018-01-01", "to": "2018-12-31"}


async def a_year(world: World, hospital: str, patient: str) -> list[dict[str, Any]]:
    return [
        await settled(world.agency, month_stay(hospital, patient, month, yuan))
        for month, yuan in ((2, 9_000), (5, 60_000), (8, 33_333))
    ]


async def test_what_is_approved_leaves_each_person_as_if_it_had_always_been_known(world: World) -> None:
    hospital = await world.county.hospital("level2", "county", name="一医院")
    late_no, late = await world.county.person()
    _, other = await world.county.person()
    always_no, always = await world.county.person(identities=POOR)
    first = await a_year(world, hospital, late)
    await a_year(world, hospital, other)
    before = await stand(world, late_no)
    await identify(world, late_no, "registered_poor")

    made = await asked(world, {"hospital_code": hospital, **YEAR})
    previewed = await worked(world, made["id"])
    expected = await rows_of(world, made["id"], "preview")
    unmoved = await stand(world, late_no)
    running = await approved(world, made["id"])
    finished = await worked(world, made["id"])
    rows = await rows_of(world, made["id"], "run")

    assert (made["state"], previewed["state"], running["state"], finished["state"]) == (
        "previewing",
        "previewed",
        "running",
        "done",
    )
    assert unmoved == before
    assert previewed["run"] is None
    assert (previewed["preview"]["changed"], previewed["preview"]["unchanged"]) == (3, 3)
    nameless = [{**row, "version_id": None} for row in rows]
    assert nameless == expected
    assert {**finished["run"], "largest": []} == {**finished["preview"], "largest": []}
    assert sum(fen(one["amount"]) for one in finished["run"]["payers"]) == fen(
        finished["run"]["patients_pay_less"]["amount"]
    )
    assert finished["run"]["patients_pay_less"]["persons"] == 1

    await a_year(world, hospital, always)
    after, wanted = await stand(world, late_no), await stand(world, always_no)
    assert after.sums == wanted.sums
    versions = await world.rows("SELECT version, count(*) FROM settlements WHERE person_no = :p GROUP BY 1", p=late_no)
    assert sorted(map(tuple, versions)) == [(1, 3), (2, 3)], "each settlement once, however many rest on others"
    read_again = await done(await world.agency("GET", f"/v1/settlements/{first[1]['id']}/versions"), 200)
    assert read_again["items"][-1]["operator"] == "Li"
    assert await drifted(world) == []
    assert await proved(world) == []


async def test_one_that_adds_the_same_as_before_but_on_other_sums_proves_clean(world: World) -> None:
    hospital = await world.county.hospital("level2", "county", name="一医院")
    person_no, patient = await world.county.person(identities=POOR)
    stays = await a_year(world, hospital, patient)
    await identify(world, person_no)
    # The last one is decided anew alone, and then once more together with those that it rests on.
    await anew(world.agency, stays[-1]["id"])

    made = await asked(world, {"hospital_code": hospital, **YEAR})
    await worked(world, made["id"])
    await approved(world, made["id"])
    await worked(world, made["id"])

    versions = await world.rows("SELECT max(version) FROM settlements WHERE person_no = :p", p=person_no)
    assert versions[0][0] == 3
    assert await drifted(world) == []
    assert await proved(world) == []


async def test_a_second_person_must_approve_and_only_a_whole_preview(world: World) -> None:
    hospital = await world.county.hospital("level2", "county", name="一医院")
    _, patient = await world.county.person()
    await settled(world.agency, month_stay(hospital, patient, 3))
    body = {"selection": {"hospital_code": hospital}, "cause": "catalogue", "note": "目录更正"}
    path = "/v1/readjudications"

    nobody = await world.agency("POST", path, body)
    made = await done(await world.agency("POST", path, body, key="once-only", headers=ASKS))
    again = await world.agency("POST", path, body, key="once-only", headers=ASKS)
    early = await world.agency("POST", f"{path}/{made['id']}/approval", headers=APPROVES)
    await worked(world, made["id"])
    alone = await world.agency("POST", f"{path}/{made['id']}/approval", headers=ASKS)
    unnamed = await world.agency("POST", f"{path}/{made['id']}/approval")
    await approved(world, made["id"])
    twice = await world.agency("POST", f"{path}/{made['id']}/approval", headers=APPROVES)
    late = await world.agency("POST", f"{path}/{made['id']}/withdrawal", headers=ASKS)

    assert again.json()["id"] == made["id"]
    assert [one.json()["code"] for one in (nobody, early, alone, unnamed, twice, late)] == [
        "readjudication.operator_needed",
        "readjudication.state",
        "readjudication.same_person",
        "readjudication.operator_needed",
        "readjudication.state",
        "readjudication.state",
    ]
    finished = await worked(world, made["id"])
    assert (finished["state"], finished["run"]["unchanged"]) == ("done", 1)


async def test_one_that_is_withdrawn_is_never_done(world: World) -> None:
    hospital = await world.county.hospital("level2", "county", name="一医院")
    person_no, patient = await world.county.person()
    await settled(world.agency, month_stay(hospital, patient, 3))
    await identify(world, person_no, "registered_poor")
    made = await asked(world, {"person_no": person_no})

    await done(await world.agency("POST", f"/v1/readjudications/{made['id']}/withdrawal", headers=ASKS), 200)
    after = await worked(world, made["id"])

    assert (after["state"], after["progress"]) == ("withdrawn", {"persons": 1, "previewed": 0, "done": 0})


@pytest.mark.parametrize(
    ("selection", "code"),
    [
        ({}, "request.invalid"),
        ({"person_no": None}, "request.invalid"),
        ({"from": "2018-02-01", "to": "2018-01-01"}, "request.invalid"),
        ({"policy": "sha256:short"}, "request.invalid"),
        ({"hospital_code": "H1", "colour": "red"}, "request.invalid"),
        ({"hospital_code": "H-NOWHERE"}, "readjudication.nothing_chosen"),
        ({"roster_id": "0198c7a4-5c00-7000-8000-000000000001"}, "readjudication.nothing_chosen"),
    ],
)
async def test_a_selection_that_means_nothing_is_refused_and_leaves_nothing(
    world: World, selection: dict[str, Any], code: str
) -> None:
    before = await world.counts()

    body = {"selection": selection, "cause": "identity", "note": "补录"}
    answer = await world.agency("POST", "/v1/readjudications", body, headers=ASKS)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await world.counts() == before


async def test_what_today_s_registers_refuse_stays_and_is_named_and_what_was_reversed_is_left_out(
    world: World,
) -> None:
    hospital = await world.county.hospital("level2", "county", name="一医院")
    person_no, patient = await world.county.person()
    first = await settled(world.agency, month_stay(hospital, patient, 3))
    barred_no, barred = await world.county.person()
    await settled(world.agency, month_stay(hospital, barred, 4))
    await identify(world, person_no, "registered_poor")
    insured = {"insured": [{"from": "2019-01-01"}]}
    await done(await world.agency("PUT", f"/v1/persons/{barred_no}", insured), 200)
    made = await asked(world, {"hospital_code": hospital})

    await worked(world, made["id"])
    await reversed_(world.agency, first["id"])
    await approved(world, made["id"])
    finished = await worked(world, made["id"])

    refused = [row for row in await rows_of(world, made["id"], "run") if row["outcome"] == "refused"]
    assert finished["preview"]["changed"] == 1
    assert (finished["state"], finished["run"]["changed"], finished["run"]["refused"]) == ("done", 0, 1)
    assert refused[0]["refusal"]["code"] == "person.not_insured"
    assert (await read(world, made["id"]))["run"]["payers"] == []
