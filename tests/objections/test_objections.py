"""Objections: from the patient's word to the decision, by somebody else, in time; papers that are what they seem."""

import io
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from service.access.model import Role
from service.access.resealing import count_by_key, reseal
from service.access.vault import Vault, new_key, parse_keys
from service.objections.actions import MOST_DOCUMENTS
from service.objections.store import SEALED
from service.paper.handed_in import LARGEST
from tests.cases.county import Call, done
from tests.claims.changes.people import anew
from tests.claims.world import World
from tests.conftest import KEYS
from tests.inquiry.patients import Patient, settled, settled_again

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = timedelta(days=400)
ABSENT = "0198c7a4-5c00-7000-8000-00000000dead"
CLERK, CHIEF = {"X-Operator": "clerk-1"}, {"X-Operator": "chief-2"}
LATER = {"admitted_on": "2018-07-01", "discharged_on": "2018-07-09"}
DISMISSED = {"outcome": "dismissed", "reason": "经核对，收费无误。"}


def picture(kind: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(file, kind)
    return file.getvalue()


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n0\n%%EOF\n"


async def filed(world: World, by: Call | None = None, **more: Any) -> tuple[Patient, Any]:
    """A patient, and an objection to the settlement: the patient's own, or somebody's at a counter."""
    patient = await settled(world)
    if by is not None:
        body = {"settlement_id": patient.settlement["id"], "reason": "金额不对"}
        return patient, await done(await by("POST", "/v1/objections", body, **more))
    call = await patient.call()
    return patient, await done(await call("POST", f"{patient.claim}/objection", {"reason": "金额不对"}))


async def test_a_patient_objects_and_reads_what_was_decided(world: World) -> None:
    patient, objection = await filed(world)
    path = f"/v1/objections/{objection['id']}"
    version = await settled_again(world, patient.person_no, patient.id_no, visit_no="V-other", **LATER)

    await done(await world.agency("POST", f"{path}/review", headers=CLERK), 200)
    decision = {"outcome": "partly_upheld", "reason": "其中一项已更正。"}
    linked = decision | {"version_id": version.settlement["id"]}
    wrong = await world.agency("POST", f"{path}/decision", linked, headers=CHIEF)
    decided = await done(await world.agency("POST", f"{path}/decision", decision, headers=CHIEF), 200)

    assert (wrong.status_code, wrong.json()["code"]) == (422, "objection.version"), "of another visit"
    assert (objection["state"], objection["filed_by"], decided["state"]) == ("received", "patient", "decided")
    answer = await done(await (await patient.call())("GET", patient.claim), 200)
    [own] = answer["objections"]
    assert (own["outcome"], own["steps"][-1]["reason"]) == ("partly_upheld", "其中一项已更正。")
    kinds = [each["kind"] for each in answer["timeline"]]
    assert kinds[-3:] == ["objection_received", "objection_under_review", "objection_decided"]


ROUTES = {"review": None, "decision": DISMISSED, "withdrawal": None}
ALLOWED = {
    ("received", "review"),
    ("received", "withdrawal"),
    ("under_review", "decision"),
    ("under_review", "withdrawal"),
}
TO = {"received": (), "under_review": ("review",), "decided": ("review", "decision"), "withdrawn": ("withdrawal",)}


@pytest.mark.parametrize("state", TO)
@pytest.mark.parametrize("act", ROUTES)
async def test_every_pair_of_states_is_entered_or_refused(world: World, state: str, act: str) -> None:
    _, objection = await filed(world)
    path = f"/v1/objections/{objection['id']}"
    for step in TO[state]:
        await done(await world.agency("POST", f"{path}/{step}", ROUTES[step], headers=CHIEF), 200)
    before = await world.counts()

    answer = await world.agency("POST", f"{path}/{act}", ROUTES[act], headers=CHIEF)

    if (state, act) in ALLOWED:
        assert answer.status_code == 200
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "objection.state")
        assert await world.counts() == before, "a refusal leaves nothing behind"


async def test_one_is_open_at_a_time_also_when_two_come_at_once(world: World) -> None:
    patient, objection = await filed(world)
    call = await patient.call()

    again = await call("POST", f"{patient.claim}/objection", {"reason": "还是不对"})
    counter = await world.agency("POST", "/v1/objections", {"settlement_id": patient.settlement["id"], "reason": "x"})
    assert [again.json()["code"], counter.json()["code"]] == ["objection.open"] * 2

    await done(await call("POST", f"/v1/patient/objections/{objection['id']}/withdrawal"), 200)
    await done(await call("POST", f"{patient.claim}/objection", {"reason": "还是不对"}))


async def test_sent_twice_it_is_filed_once_and_patients_keys_are_their_own(world: World) -> None:
    one, other = await settled(world), await settled(world)
    key, body = str(uuid4()), {"reason": "不对"}
    first, second = await one.call(), await other.call()

    answers = [await first("POST", f"{one.claim}/objection", body, key=key) for _ in range(2)]
    foreign = await done(await second("POST", f"{other.claim}/objection", body, key=key))

    assert answers[0].content == answers[1].content
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert foreign["settlement_id"] == other.settlement["id"]


async def test_who_filed_it_does_not_decide_it_and_who_decides_is_named(world: World) -> None:
    _, objection = await filed(world, world.agency, headers=CLERK)
    path = f"/v1/objections/{objection['id']}"
    await done(await world.agency("POST", f"{path}/review", headers=CLERK), 200)

    nobody = await world.agency("POST", f"{path}/decision", DISMISSED)
    same = await world.agency("POST", f"{path}/decision", DISMISSED, headers=CLERK)
    other = await world.agency("POST", f"{path}/decision", DISMISSED, headers=CHIEF)

    assert [nobody.json()["code"], same.json()["code"]] == ["objection.operator_needed", "objection.same_person"]
    assert other.status_code == 200


async def test_beside_somebody_unknown_of_the_same_client_nobody_is_a_second_person(world: World) -> None:
    _, unnamed = await filed(world, world.agency)
    _, elsewhere = await filed(world, world.hospital)
    decided = []
    for objection in (unnamed, elsewhere):
        path = f"/v1/objections/{objection['id']}"
        await done(await world.agency("POST", f"{path}/review"), 200)
        decided.append(await world.agency("POST", f"{path}/decision", DISMISSED, headers=CHIEF))

    assert (decided[0].status_code, decided[0].json()["code"]) == (409, "objection.same_person")
    assert decided[1].status_code == 200


async def test_a_hospital_sees_those_it_filed_and_a_stranger_none(world: World) -> None:
    patient, own = await filed(world, world.hospital)
    _, patients = await filed(world)
    stranger = await world.call_as(Role.HOSPITAL, hospital_code="H45990107777")
    other_county = await world.call_as(Role.AGENCY, county_code="459999")

    assert (await world.hospital("GET", f"/v1/objections/{own['id']}")).status_code == 200
    absent = await stranger("GET", f"/v1/objections/{ABSENT}")
    for caller, objection in ((world.hospital, patients), (stranger, own), (other_county, own)):
        answer = await caller("GET", f"/v1/objections/{objection['id']}")
        assert (answer.status_code, answer.json()) == (404, absent.json())
    call = await (await settled(world)).call()
    foreign = await call("POST", f"{patient.claim}/objection", {"reason": "x"})
    assert (foreign.status_code, foreign.json()["code"]) == (404, "claim.unknown")
    refused = await stranger("POST", "/v1/objections", {"settlement_id": patient.settlement["id"], "reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (404, "settlement.unknown")


async def test_it_is_due_by_the_packs_days_and_then_listed_as_overdue(world: World) -> None:
    _, objection = await filed(world)
    assert objection["due_on"] is not None
    listed = await done(await world.agency("GET", "/v1/objections?limit=200"), 200)
    assert objection["id"] in [each["id"] for each in listed["items"]]

    overdue = await done(await world.agency("GET", "/v1/objections?overdue=true"), 200)
    assert objection["id"] not in [each["id"] for each in overdue["items"]]
    usual = world.app.state.clock
    world.app.state.clock = type(usual)(shift=usual.shift + LONG)
    overdue = await done(await world.agency("GET", "/v1/objections?overdue=true&state=received&limit=200"), 200)
    world.app.state.clock = usual
    assert objection["id"] in [each["id"] for each in overdue["items"]]
    assert all(each["overdue"] for each in overdue["items"])


async def test_papers_come_back_byte_for_byte_and_lie_sealed(world: World) -> None:
    patient, objection = await filed(world)
    call = await patient.call()
    path = f"/v1/patient/objections/{objection['id']}/documents"
    papers = {"发票.jpg": picture(), "照片.png": picture("PNG"), "../../清单.pdf": PDF}

    for name, content in papers.items():
        await done(await call("POST", path, files={"file": (name, content)}))
    twice = await done(await call("POST", path, files={"file": ("again.jpg", picture())}))

    assert [each["media_type"] for each in twice["documents"]] == ["image/jpeg", "image/png", "application/pdf"]
    for each, content in zip(twice["documents"], papers.values(), strict=True):
        got = await world.agency("GET", f"/v1/objections/{objection['id']}/documents/{each['id']}")
        assert (got.content, got.headers["content-type"]) == (content, each["media_type"])
        assert got.headers["content-disposition"].startswith("attachment")
    kept = " ".join(await world.contents("objection_documents"))
    assert "发票" not in kept
    assert PDF.hex() not in kept


BAD = {
    "empty": b"",
    "text under a right name": b"hello, this is a picture",
    "a web page": b"<html><script>alert(1)</script></html>",
    "a programme": b"MZ\x90\x00" + bytes(64),
    "an archive": b"PK\x03\x04" + bytes(64),
    "a cut-off picture": picture()[:200],
    "a cut-off png": picture("PNG")[:-8],
    "a cut-off pdf": PDF[:-8],
    "a pdf that runs": PDF.replace(b"<<>>", b"<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>", 1),
    "a pdf that hides that it runs": PDF.replace(b"<<>>", b"<</OpenAction<</S/J#61vaScript/#4aS(x)>>>>", 1),
    "too large": b"%PDF-1.7\n" + bytes(LARGEST) + b"%%EOF",
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_not_a_paper_is_refused_and_leaves_nothing(world: World, name: str) -> None:
    _, objection = await filed(world, world.agency)
    before = await world.counts()

    answer = await world.agency(
        "POST", f"/v1/objections/{objection['id']}/documents", files={"file": ("photo.jpg", BAD[name])}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "document.refused"), name
    assert await world.counts() == before


async def test_an_objection_has_room_for_so_many_papers(world: World) -> None:
    _, objection = await filed(world, world.agency)
    path = f"/v1/objections/{objection['id']}/documents"
    for number in range(MOST_DOCUMENTS):
        await done(await world.agency("POST", path, files={"file": ("a.pdf", PDF + b"%" * number + b"\n%%EOF")}))

    answer = await world.agency("POST", path, files={"file": ("b.jpg", picture())})

    assert (answer.status_code, answer.json()["code"]) == (409, "objection.too_many_documents")


async def test_what_was_said_and_decided_is_never_edited(world: World) -> None:
    patient, objection = await filed(world)
    path = f"/v1/objections/{objection['id']}"
    await done(await world.agency("POST", f"{path}/documents", files={"file": ("a.jpg", picture())}))
    await done(await world.agency("POST", f"{path}/review", headers=CLERK), 200)
    await done(await world.agency("POST", f"/v1/settlements/{patient.settlement['id']}/query-code"))
    for table in ("objections", "objection_steps", "objection_documents", "query_codes"):
        for statement in (f"UPDATE {table} SET client_id = 'x'", f"DELETE FROM {table}"):  # noqa: S608 - our own names
            with pytest.raises(Exception, match=r"only grows|keeps its history"):
                await world.rows(statement)


async def test_what_lies_sealed_is_sealed_anew_with_the_newest_key(world: World) -> None:
    _, objection = await filed(world)
    path = f"/v1/objections/{objection['id']}"
    held = await done(await world.agency("POST", f"{path}/documents", files={"file": ("a.jpg", picture())}))
    newer = Vault(parse_keys(f"{new_key('newer')},{KEYS}"))

    async for _ in reseal(world.system, newer, SEALED):
        pass

    assert {kind.rpartition("/")[2] for kind in await count_by_key(world.system, SEALED)} == {"newer"}
    usual, world.app.state.vault = world.app.state.vault, newer
    document = await world.agency("GET", f"{path}/documents/{held['documents'][0]['id']}")
    said = await done(await world.agency("GET", path), 200)
    world.app.state.vault = usual
    assert (document.content, said["reason"]) == (picture(), "金额不对")


async def test_a_decision_names_the_version_that_it_caused_and_everybody_can_follow_it(world: World) -> None:
    patient, objection = await filed(world)
    path = f"/v1/objections/{objection['id']}"
    await done(await world.agency("POST", f"{path}/review", headers=CLERK), 200)
    await done(await world.agency("PUT", f"/v1/persons/{patient.person_no}", {"identities": []}), 200)
    version = await anew(world.agency, patient.settlement["id"], "appeal")
    upheld = {"outcome": "upheld", "reason": "身份已更正，重新结算。", "version_id": version["id"]}
    itself = upheld | {"version_id": patient.settlement["id"]}
    refused = await world.agency("POST", f"{path}/decision", itself, headers=CHIEF)
    decided = await done(await world.agency("POST", f"{path}/decision", upheld, headers=CHIEF), 200)

    assert (refused.status_code, refused.json()["code"]) == (422, "objection.version")
    assert (decided["outcome"], decided["steps"][-1]["version_id"]) == ("upheld", version["id"])
    assert (version["version"], version["cause"], version["replaces"]) == (2, "appeal", patient.settlement["id"])
    call = await patient.call()
    for claim in (patient.claim, f"/v1/patient/claims/{version['id']}"):
        told = await done(await call("GET", claim), 200)
        assert [(one["id"], one["outcome"]) for one in told["objections"]] == [(objection["id"], "upheld")]
        assert "objection_decided" in [each["kind"] for each in told["timeline"]]


async def test_what_waits_for_a_decision_is_a_deadline_and_its_hospital_is_told(world: World) -> None:
    _, own = await filed(world, world.hospital)
    _, patients = await filed(world)
    path = f"/v1/objections/{own['id']}"

    async def due(by: Call) -> dict[str, tuple[str, str]]:
        found = (await done(await by("GET", "/v1/deadlines"), 200))["items"]
        mine = [one for one in found if one["subject"] in (own["id"], patients["id"])]
        return {one["subject"]: (one["kind"], one["due_on"]) for one in mine}

    awaited = ("objection.decide", own["due_on"])
    insurer = await world.call_as(Role.PAYER, payers=frozenset({"top_up_insurer"}))
    assert await due(world.agency) == {own["id"]: awaited, patients["id"]: awaited}
    assert (await due(world.hospital), await due(insurer)) == ({own["id"]: awaited}, {})
    await done(await world.agency("POST", f"{path}/review", headers=CLERK), 200)
    await done(await world.agency("POST", f"{path}/decision", DISMISSED, headers=CHIEF), 200)
    assert list(await due(world.agency)) == [patients["id"]]

    told, after = [], "0-0"
    while items := (page := await done(await world.hospital("GET", f"/v1/events?after={after}"), 200))["items"]:
        told += [(one["kind"], one["data"]) for one in items if one["subject"] in (own["id"], patients["id"])]
        after = page["next"]
    settlement = {"settlement_id": own["settlement_id"]}
    assert told == [
        ("objection.filed", settlement | {"due_on": own["due_on"]}),
        ("objection.decided", settlement | {"outcome": "dismissed", "version_id": None}),
    ], "of a patient's objection no hospital is told"
