"""Objections and the versions of a settlement: one is to the visit, and a decision causes what came after it."""

import pytest

from tests.cases.county import done
from tests.claims.changes.people import anew, identify
from tests.claims.world import World
from tests.inquiry.patients import settled
from tests.objections.test_objections import CHIEF, CLERK, filed

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_objection_is_to_the_visit_whichever_version_it_was_filed_about(world: World) -> None:
    patient, objection = await filed(world)
    path = f"/v1/objections/{objection['id']}"
    await identify(world, patient.person_no, "extreme_poverty")
    second = await anew(world.agency, patient.settlement["id"], "appeal")

    body = {"settlement_id": second["id"], "reason": "仍有异议"}
    again = await world.agency("POST", "/v1/objections", body)
    shown = await done(await world.agency("GET", f"/v1/objections?settlement_id={second['id']}"), 200)
    await done(await world.agency("POST", f"{path}/review", headers=CLERK), 200)
    upheld = {"outcome": "upheld", "reason": "已更正。"}
    first = upheld | {"version_id": patient.settlement["id"]}
    itself = await world.agency("POST", f"{path}/decision", first, headers=CHIEF)
    decided = await world.agency("POST", f"{path}/decision", upheld | {"version_id": second["id"]}, headers=CHIEF)

    assert (again.status_code, again.json()["code"]) == (409, "objection.open")
    assert [each["id"] for each in shown["items"]] == [objection["id"]]
    assert itself.json()["code"] == "objection.version"
    assert decided.status_code == 200


async def test_a_version_made_before_the_objection_was_not_caused_by_it(world: World) -> None:
    patient = await settled(world)
    first = patient.settlement["id"]
    await identify(world, patient.person_no, "extreme_poverty")
    second = await anew(world.agency, first, "appeal")
    filing = {"settlement_id": first, "reason": "金额不对"}
    objection = await done(await world.agency("POST", "/v1/objections", filing, headers=CLERK))
    path = f"/v1/objections/{objection['id']}"
    await done(await world.agency("POST", f"{path}/review", headers=CLERK), 200)

    decision = {"outcome": "upheld", "reason": "已更正。", "version_id": second["id"]}
    decided = await world.agency("POST", f"{path}/decision", decision, headers=CHIEF)

    assert (decided.status_code, decided.json()["code"]) == (422, "objection.version")
