"""A settlement that was decided anew: its patient and its township see what holds, once, and what it replaced."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from service.access.model import Role
from service.money import fen
from tests.cases.county import done
from tests.claims.bills import Body, fee_line
from tests.claims.changes.people import anew, identify, reversed_
from tests.claims.world import World
from tests.inquiry.patients import Patient, settled, settled_again
from tests.inquiry.test_answer import on

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARGIN = [{"class": "low_income_margin", "valid_from": "2015-01-01"}]
PLACE = "459901779"


@dataclass(frozen=True)
class Changed:
    """A patient whose settlement was decided anew, and the version that holds."""

    patient: Patient
    newest: Body

    @property
    def claim(self) -> str:
        return f"/v1/patient/claims/{self.newest['id']}"


async def decided_anew(world: World, **more: Any) -> Changed:
    patient = await settled(world, person={"identities": MARGIN, "township_code": PLACE}, **more)
    await identify(world, patient.person_no, "low_income_allowance")
    newest = await anew(world.agency, patient.settlement["id"])
    assert newest["patient_pays"] != patient.settlement["patient_pays"]
    return Changed(patient, newest)


async def again_in_july(patient: Patient) -> Patient:
    days: Body = {
        "admitted_on": "2018-07-01",
        "discharged_on": "2018-07-09",
        "fee_lines": [fee_line(charged_on="2018-07-02")],
    }
    return await settled_again(patient.world, patient.person_no, patient.id_no, **days)


async def test_the_list_has_each_case_once_with_its_newest_version(world: World) -> None:
    changed = await decided_anew(world)
    other = await again_in_july(changed.patient)

    listed = await done(await (await changed.patient.call())("GET", "/v1/patient/claims"), 200)

    told = {each["id"]: (each["status"], each["version"], each["patient_pays"]) for each in listed["items"]}
    assert told == {
        changed.newest["id"]: ("settled", 2, changed.newest["patient_pays"]),
        other.settlement["id"]: ("settled", 1, other.settlement["patient_pays"]),
    }


async def test_an_earlier_version_is_still_read_and_says_which_replaced_it(world: World) -> None:
    changed = await decided_anew(world)
    call = await changed.patient.call()

    old = await done(await call("GET", changed.patient.claim), 200)
    new = await done(await call("GET", changed.claim), 200)

    assert (old["status"], old["version"], old["replaced_by"]) == ("superseded", 1, changed.newest["id"])
    assert old["patient_pays"] == changed.patient.settlement["patient_pays"]
    assert (new["status"], new["version"], new["replaced_by"]) == ("settled", 2, None)
    assert [(each["version"], each["status"]) for each in new["versions"]] == [(1, "superseded"), (2, "settled")]
    for answer in (old, new):
        kinds = [(each["kind"], each["amount"]) for each in answer["timeline"]]
        assert ("settled", changed.patient.settlement["due_at_discharge"]) in kinds
        assert ("replaced", changed.newest["patient_pays"]) in kinds
    [said] = [each["text"] for each in old["timeline"] if each["kind"] == "replaced"]
    assert "第 2 版" in said["zh"]
    assert "version 2" in said["en"]


async def test_every_version_of_a_case_that_was_reversed_after_all_is_read(world: World) -> None:
    changed = await decided_anew(world)
    await reversed_(world.agency, changed.newest["id"])
    call = await changed.patient.call()

    listed = await done(await call("GET", "/v1/patient/claims"), 200)
    old, new = [await done(await call("GET", path), 200) for path in (changed.patient.claim, changed.claim)]

    assert [(each["id"], each["status"]) for each in listed["items"]] == [(changed.newest["id"], "reversed")]
    assert (old["status"], new["status"]) == ("superseded", "reversed")
    assert [each["kind"] for each in new["timeline"] if each["kind"] in ("settled", "replaced", "reversed")] == [
        "settled",
        "replaced",
        "reversed",
    ]


async def test_what_is_held_and_what_was_expected_is_told_only_of_the_version_that_holds(world: World) -> None:
    hospital = await world.county.hospital("level2", "county", aid="on_application")
    changed = await decided_anew(world, hospital=hospital)
    call = await changed.patient.call()
    held = await settled(world, injury={"third_party": "unknown", "note": "待查"})

    old, new = [await done(await call("GET", path), 200) for path in (changed.patient.claim, changed.claim)]
    on_hold = await done(await (await held.call())("GET", held.claim), 200)

    assert "aid_expected" not in [each["kind"] for each in old["timeline"]]
    assert "aid_expected" in [each["kind"] for each in new["timeline"]]
    assert on_hold["status"] == "on_hold"
    assert "on_hold" in [each["kind"] for each in on_hold["timeline"]]


async def test_an_objection_to_an_earlier_version_is_told_with_the_newest(world: World) -> None:
    patient = await settled(world, person={"identities": MARGIN})
    call = await patient.call()
    await done(await call("POST", f"{patient.claim}/objection", {"reason": "身份有误"}))
    await identify(world, patient.person_no, "low_income_allowance")
    newest = await anew(world.agency, patient.settlement["id"])

    answer = await done(await call("GET", f"/v1/patient/claims/{newest['id']}"), 200)

    assert [each["reason"] for each in answer["objections"]] == ["身份有误"]
    assert "objection_received" in [each["kind"] for each in answer["timeline"]]


async def year_of(patient: Patient) -> tuple[int, str, str, str]:
    year = await done(await (await patient.call())("GET", "/v1/patient/year?year=2018"), 200)
    return year["visits"], year["total"], year["paid_total"], year["patient_pays"]


async def test_the_year_counts_what_holds_and_nothing_twice(world: World) -> None:
    changed = await decided_anew(world)
    other = await again_in_july(changed.patient)

    counted = await year_of(changed.patient)
    layers = (await done(await (await changed.patient.call())("GET", "/v1/patient/year?year=2018"), 200))["layers"]
    await reversed_(world.agency, other.settlement["id"])
    without_other = await year_of(changed.patient)
    await reversed_(world.agency, changed.newest["id"])
    nothing = await year_of(changed.patient)

    assert counted[0] == 2
    assert fen(counted[1]) == fen(changed.newest["amounts"]["total"]) + fen(other.settlement["amounts"]["total"])
    assert without_other == (1, "1000.00", changed.newest["paid_total"], changed.newest["patient_pays"])
    assert nothing == (0, "0.00", "0.00", "0.00")
    assert sum(map(fen, layers.values())) == fen(counted[2])


async def test_the_township_sees_each_case_once_and_sums_what_holds(world: World) -> None:
    hospital = await world.county.hospital("level2", "county", aid="on_application")
    township = await world.call_as(Role.TOWNSHIP, township_code=PLACE)

    async def told(path: str, no: str, *names: str) -> list[tuple[Any, ...]]:
        items = (await done(await township("GET", f"/v1/township/{path}"), 200))["items"]
        return [tuple(each[name] for name in names) for each in items if each["person_no"] == no]

    sums = ("visits", "patient_pays", "expected_aid")
    with on(world, date(2018, 6, 15)):
        changed = await decided_anew(world, hospital=hospital)
        newest, no = changed.newest, changed.patient.person_no
        awaited = await told("claims?expected_aid=true", no, "id", "patient_pays")
        year = await told("persons", no, *sums)
        await reversed_(world.agency, newest["id"])
        left = await told("claims", no, "id"), await told("persons", no, *sums)

    assert newest["expected_aid"] != "0.00"
    assert awaited == [(newest["id"], newest["patient_pays"])]
    assert year == [(1, newest["patient_pays"], newest["expected_aid"])]
    assert left == ([], [(0, "0.00", "0.00")])
