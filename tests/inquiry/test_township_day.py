"""A township clerk's day over HTTP: who is ours, which aid awaits us, what we apply for, approve and register."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from service.access.model import Role
from tests.cases.county import Call, done
from tests.claims.world import World
from tests.inquiry.patients import Patient, settled
from tests.inquiry.test_answer import on
from tests.payouts.claimants import APPROVE, CHIEF, CLERK, claim_body, handed_in, unconnected

pytestmark = pytest.mark.asyncio(loop_scope="module")

OURS, THEIRS = "459901771", "459901772"
ALLOWANCE = [{"class": "low_income_allowance", "valid_from": "2015-01-01"}]
GRANTED = {"outcome": "approved", "reason": "符合条件"}
AWAITED, MISSING = "/v1/township/claims?expected_aid=true", "/v1/aid-applications/missing?limit=200"


async def items(call: Call, path: str) -> list[Any]:
    found: list[Any] = (await done(await call("GET", path), 200))["items"]
    return found


async def waiting(world: World, township_code: str) -> Patient:
    """Somebody of the township whose aid was expected at discharge."""
    hospital = await world.county.hospital("level2", "county", aid="on_application")
    return await settled(world, hospital=hospital, person={"identities": ALLOWANCE, "township_code": township_code})


async def test_aid_is_found_applied_for_and_granted_by_two_people_of_the_township(world: World) -> None:
    clerk = await world.call_as(Role.TOWNSHIP, township_code=OURS)
    with on(world, date(2018, 6, 15)):
        patient = await waiting(world, OURS)
        other = await waiting(world, THEIRS)
        aid = patient.settlement["expected_aid"]

        [mine] = await items(clerk, "/v1/township/persons")
        assert (mine["person_no"], mine["visits"], mine["expected_aid"]) == (patient.person_no, 1, aid)
        assert [each["id"] for each in await items(clerk, AWAITED)] == [patient.settlement["id"]]
        missing = {each["settlement_id"] for each in await items(clerk, MISSING)}
        assert (patient.settlement["id"] in missing, other.settlement["id"] in missing) == (True, False)

        asked = {"settlement_id": patient.settlement["id"]}
        made = await done(await clerk("POST", "/v1/aid-applications", asked, headers=CLERK))
        path = f"/v1/aid-applications/{made['id']}"
        alone = await clerk("POST", f"{path}/decision", GRANTED, headers=CLERK)
        nobody = await clerk("POST", f"{path}/decision", GRANTED)
        assert [alone.status_code, nobody.status_code] == [409, 422], (alone.text, nobody.text)
        assert [each["state"] for each in await items(clerk, "/v1/aid-applications")] == ["waiting"]
        assert patient.settlement["id"] not in {each["settlement_id"] for each in await items(clerk, MISSING)}

        granted = await done(await clerk("POST", f"{path}/decision", GRANTED, headers=CHIEF), 200)

        assert (granted["state"], granted["granted"]) == ("approved", aid)
        [mine] = await items(clerk, "/v1/township/persons")
        assert (mine["visits"], mine["expected_aid"]) == (1, "0.00")
        assert await items(clerk, AWAITED) == []
        timeline = (
            await done(await (await patient.call())("GET", f"/v1/patient/claims/{granted['version_id']}"), 200)
        )["timeline"]
        assert ("owed_to_you", aid) in [(each["kind"], each["amount"]) for each in timeline]


async def test_a_manual_claim_is_registered_by_the_township_and_decided_elsewhere(world: World) -> None:
    clerk = await world.call_as(Role.TOWNSHIP, township_code=OURS)
    stranger = await world.call_as(Role.TOWNSHIP, township_code=THEIRS)
    _, id_no = await world.county.person([{"class": "registered_poor", "valid_from": "2015-01-01"}], township_code=OURS)
    body = claim_body(await unconnected(world), id_no)

    claim = await done(await clerk("POST", "/v1/manual-claims", body, headers=CLERK))
    path = f"/v1/manual-claims/{claim['id']}"
    for act, sent in (("review", None), ("decision", APPROVE)):
        assert (await clerk("POST", f"{path}/{act}", sent, headers=CHIEF)).status_code == 403
    assert (await stranger("GET", path)).status_code == 404
    await handed_in(world, claim)
    await done(await world.agency("POST", f"{path}/review", headers=CHIEF), 200)
    await done(await world.agency("POST", f"{path}/decision", APPROVE, headers=CHIEF), 200)

    assert (await done(await clerk("GET", path), 200))["state"] == "approved"
    assert await items(stranger, "/v1/manual-claims") == []


NOT_THEIRS: Sequence[tuple[str, str, Any]] = (
    ("GET", "/v1/settlements", None),
    ("GET", "/v1/rosters", None),
    ("GET", "/v1/payout-batches", None),
    ("GET", "/v1/objections", None),
    ("POST", "/v1/settlements/{}/reversal", {"reason": "x"}),
    ("GET", "/v1/settlements/{}/slip.pdf", None),
    ("GET", "/v1/persons/{}/accesses", None),
)


@pytest.mark.parametrize(("method", "path", "body"), NOT_THEIRS)
async def test_a_township_has_no_part_in_what_others_do(world: World, method: str, path: str, body: Any) -> None:
    clerk = await world.call_as(Role.TOWNSHIP, township_code=OURS)
    patient = await settled(world, person={"township_code": OURS})

    answer = await clerk(method, path.format(patient.settlement["id"]), body)

    assert (answer.status_code, answer.json()["code"]) == (403, "access.forbidden")
