"""Manual claims: from the counter to the decision, each step by the right person, each encounter once."""

from datetime import date, timedelta
from typing import Any

import pytest

from service.access.resealing import count_by_key, reseal
from service.access.vault import Vault, new_key, parse_keys
from service.paper.handed_in import LARGEST
from service.payouts.manual.actions import MOST_PAPERS
from service.payouts.manual.store import SEALED
from service.payouts.workdays import is_working_day, working_days_after
from tests.cases.county import done
from tests.claims.bills import layers_of
from tests.claims.changes.people import POOR
from tests.claims.world import World, drifted
from tests.conftest import KEYS
from tests.payouts.claimants import (
    APPROVE,
    CHIEF,
    CLERK,
    MISSING,
    PDF,
    REFUSE,
    acted,
    approved,
    claim_body,
    hand_in,
    handed_in,
    picture,
    posted_paper,
    registered,
    township,
    unconnected,
    under_review,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

ABSENT = "0198c7a4-5c00-7000-8000-00000000dead"
LONG = timedelta(days=400)


async def test_an_approved_claim_is_settled_by_the_engine_and_owed_to_the_patient(world: World) -> None:
    # In county, 1 000 in scope: basic 80 % = 800, top-up to 90 % = 100. Nothing is advanced.
    person_no, claim = await registered(world)
    done_claim = await approved(world, claim)

    settlement = await done(await world.agency("GET", f"/v1/settlements/{done_claim['settlement_id']}"), 200)
    paid = {name: layer["paid"] for name, layer in layers_of(settlement).items()}
    assert paid == {"basic": "800.00", "serious": "0.00", "aid": "0.00", "other": "0.00", "top_up": "100.00"}
    assert {layer["pay_to"] for layer in settlement["layers"] if layer["paid"] != "0.00"} == {"patient"}
    assert (settlement["owed_to_patient"], settlement["hospital_advances"], settlement["due_at_discharge"]) == (
        "900.00",
        "0.00",
        "1000.00",
    )
    owed = await world.rows(
        "SELECT sum(amount)::bigint FROM postings WHERE payee = :payee AND target = 'unbilled'",
        payee=f"person:{person_no}",
    )
    assert owed[0][0] == 900_00
    sources = await world.rows("SELECT kind, source_id::text FROM payout_sources WHERE origin = :o", o=settlement["id"])
    assert [tuple(row) for row in sources] == [("manual", claim["id"])]
    assert await drifted(world) == []


async def test_layers_that_another_platform_decided_are_taken_as_they_are(world: World) -> None:
    decided = [{"layer": "basic", "paid": "700.00", "settlement_no": "N1", "platform": "national"}]
    _, claim = await registered(world, decided_layers=decided)

    settlement_id = (await approved(world, claim))["settlement_id"]

    settlement = await done(await world.agency("GET", f"/v1/settlements/{settlement_id}"), 200)
    layers = layers_of(settlement)
    assert (layers["basic"]["paid"], layers["basic"]["pay_to"], layers["top_up"]["paid"]) == (
        "700.00",
        "elsewhere",
        "200.00",
    )
    assert settlement["owed_to_patient"] == "200.00"


ACTS: dict[str, tuple[str, Any]] = {
    "request": ("request", MISSING),
    "review": ("review", None),
    "approve": ("decision", APPROVE),
    "refuse": ("decision", REFUSE),
}
ALLOWED = {
    ("registered", "request"): "incomplete",
    ("registered", "review"): "under_review",
    ("incomplete", "review"): "under_review",
    ("incomplete", "refuse"): "refused",
    ("under_review", "request"): "incomplete",
    ("under_review", "approve"): "approved",
    ("under_review", "refuse"): "refused",
}
WAY = {
    "registered": (),
    "incomplete": ("request",),
    "under_review": ("review",),
    "approved": ("review", "approve"),
    "refused": ("review", "refuse"),
}


@pytest.mark.parametrize("state", WAY)
@pytest.mark.parametrize("act", ACTS)
async def test_every_pair_of_states_is_entered_or_refused(world: World, state: str, act: str) -> None:
    _, claim = await registered(world)
    await handed_in(world, claim)
    for step in WAY[state]:
        await done(await acted(world, claim, *ACTS[step]), 200)
    before = await world.counts()

    answer = await acted(world, claim, *ACTS[act])

    if (state, act) in ALLOWED:
        assert (answer.status_code, answer.json()["state"]) == (200, ALLOWED[state, act])
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "manual_claim.state")
        assert await world.counts() == before, "a refusal leaves nothing behind"
    read = await done(await world.agency("GET", f"/v1/manual-claims/{claim['id']}"), 200)
    assert read["state"] == ALLOWED.get((state, act), state)


async def test_papers_are_taken_until_it_is_reviewed_and_again_when_more_is_asked_for(world: World) -> None:
    _, claim = await registered(world)
    claim = await under_review(world, claim)

    late = await posted_paper(world, claim, "invoice", PDF)
    await done(await acted(world, claim, "request", MISSING), 200)
    added = await hand_in(world, claim, "invoice", PDF)

    assert (late.status_code, late.json()["code"]) == (409, "manual_claim.state")
    assert added["steps"][-1]["reason"] == MISSING["reason"]


async def test_it_is_reviewed_only_with_every_paper_that_the_policy_asks_for(world: World) -> None:
    _, claim = await registered(world)
    assert claim["documents_missing"] == claim["documents_needed"]
    assert set(claim["documents_needed"]) == {
        "invoice",
        "fee_list",
        "poverty_proof",
        "identity_card",
        "household_book",
        "bank_card",
    }
    for kind in claim["documents_needed"][:-1]:
        claim = await hand_in(world, claim, kind)

    answer = await acted(world, claim, "review")

    assert (answer.status_code, answer.json()["code"]) == (409, "manual_claim.documents_missing")
    assert answer.json()["missing"] == claim["documents_needed"][-1:]


async def test_who_is_not_poor_brings_no_proof_of_poverty(world: World) -> None:
    _, patient = await world.county.person()
    body = claim_body(await unconnected(world), patient)

    claim = await done(await world.agency("POST", "/v1/manual-claims", body))

    assert "poverty_proof" not in claim["documents_needed"]


async def test_who_registered_it_does_not_decide_it_and_who_decides_is_named(world: World) -> None:
    _, claim = await registered(world)
    await under_review(world, claim)

    nobody = await acted(world, claim, "decision", APPROVE, headers={})
    same = await acted(world, claim, "decision", APPROVE, headers=CLERK)
    other = await acted(world, claim, "decision", APPROVE, headers=CHIEF)

    assert [nobody.json()["code"], same.json()["code"]] == ["payout.operator_missing", "payout.same_person"]
    assert other.status_code == 200


async def test_sent_twice_it_is_registered_and_approved_once(world: World) -> None:
    _, patient = await world.county.person(POOR)
    body = claim_body(await unconnected(world), patient)
    claims = [await world.agency("POST", "/v1/manual-claims", body, key="mc-1", headers=CLERK) for _ in range(2)]
    claim = claims[0].json()
    await under_review(world, claim)
    decisions = [await acted(world, claim, "decision", APPROVE, key="mc-2") for _ in range(2)]

    assert claims[0].content == claims[1].content
    assert decisions[0].content == decisions[1].content
    assert decisions[1].headers["Idempotent-Replayed"] == "true"


async def test_the_reason_must_hold_for_the_hospital(world: World) -> None:
    _, patient = await world.county.person(POOR)

    wrong = await world.agency("POST", "/v1/manual-claims", claim_body(world.hospital_code, patient))
    outage = await world.agency("POST", "/v1/manual-claims", claim_body(world.hospital_code, patient, "outage"))

    assert (wrong.status_code, wrong.json()["code"]) == (422, "manual_claim.reason")
    assert outage.status_code == 201, outage.text


@pytest.mark.parametrize(
    ("visit", "code", "pointer"),
    [
        ({"person": {"id_no": "459901199901010019"}}, "person.unknown", "/visit/person"),
        ({"fee_lines": []}, "fee_lines.empty", "/visit/fee_lines"),
        ({"discharged_on": "2018-05-01"}, "visit.dates", "/visit/discharged_on"),
        ({"hospital_code": "H-NOWHERE"}, "hospital.unknown", "/visit/hospital_code"),
        ({"invoice_no": None}, "request.invalid", ""),
        ({"injury": {"third_party": "liable_paid"}}, "injury.liable_paid", "/visit/injury/third_party"),
    ],
)
async def test_what_could_never_be_settled_is_not_registered(
    world: World, visit: dict[str, Any], code: str, pointer: str
) -> None:
    _, patient = await world.county.person(POOR)
    body = claim_body(await unconnected(world), patient)
    before = await world.counts()

    answer = await world.agency("POST", "/v1/manual-claims", body | {"visit": body["visit"] | visit})

    assert answer.json()["code"] == code, answer.text
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)
    assert await world.counts() == before


async def test_a_township_registers_and_sees_its_own_people_alone(world: World) -> None:
    own, other = await township(world), await township(world, "459901999")
    _, patient = await world.county.person(POOR)
    body = claim_body(await unconnected(world), patient)

    foreign = await other("POST", "/v1/manual-claims", body)
    claim = await done(await own("POST", "/v1/manual-claims", body))

    assert (foreign.status_code, foreign.json()["code"]) == (422, "person.unknown")
    path = f"/v1/manual-claims/{claim['id']}"
    assert (await own("GET", path)).status_code == 200
    unseen, absent = await other("GET", path), await other("GET", f"/v1/manual-claims/{ABSENT}")
    assert (unseen.status_code, unseen.json()) == (404, absent.json())
    assert claim["id"] in [each["id"] for each in (await own("GET", "/v1/manual-claims?limit=200")).json()["items"]]
    assert (await other("GET", "/v1/manual-claims")).json()["items"] == []
    assert (await own("POST", f"{path}/review")).status_code == 403


async def test_it_is_due_in_working_days_and_then_listed_as_overdue(world: World) -> None:
    _, claim = await registered(world)
    today = world.app.state.clock.now().date()
    assert claim["due_on"] == working_days_after(today, 15).isoformat()
    usual = world.app.state.clock
    world.app.state.clock = type(usual)(shift=usual.shift + LONG)
    listed = await done(await world.agency("GET", "/v1/manual-claims?overdue=true&limit=200"), 200)
    world.app.state.clock = usual
    assert claim["id"] in [each["id"] for each in listed["items"]]


BAD = {
    "empty": b"",
    "text under a right name": b"hello, this is a picture",
    "a zip bomb": b"PK\x03\x04" + bytes(4096),
    "a programme": b"MZ\x90\x00" + bytes(64),
    "a cut-off picture": picture()[:200],
    "a cut-off pdf": PDF[:-8],
    "too large": b"%PDF-1.7\n" + bytes(LARGEST) + b"%%EOF",
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_not_a_paper_is_refused_and_leaves_nothing(world: World, name: str) -> None:
    _, claim = await registered(world)
    before = await world.counts()

    answer = await posted_paper(world, claim, "invoice", BAD[name], "发票.jpg")

    assert (answer.status_code, answer.json()["code"]) == (422, "document.refused"), name
    assert await world.counts() == before


async def test_papers_come_back_byte_for_byte_lie_sealed_and_a_path_in_the_name_is_only_a_name(world: World) -> None:
    _, claim = await registered(world)
    name = "../../etc/清单.pdf"

    claim = await hand_in(world, claim, "fee_list", PDF, name)
    again = await hand_in(world, claim, "fee_list", PDF, "b.pdf")

    assert again["documents"] == claim["documents"]
    [paper] = claim["documents"]
    got = await world.agency("GET", f"/v1/manual-claims/{claim['id']}/documents/{paper['id']}")
    assert (got.content, got.headers["content-type"]) == (PDF, "application/pdf")
    assert got.headers["content-disposition"] == 'attachment; filename="document.pdf"'
    kept = " ".join(await world.contents("manual_claim_documents"))
    assert "清单" not in kept
    assert PDF.hex() not in kept
    bodies = " ".join(await world.contents("manual_claims"))
    assert "T-A" not in bodies, "the visit lies sealed"


async def test_a_claim_has_room_for_so_many_papers(world: World) -> None:
    _, claim = await registered(world)
    for number in range(MOST_PAPERS):
        await hand_in(world, claim, "invoice", PDF + b"%" * number + b"\n%%EOF")

    answer = await posted_paper(world, claim, "invoice", picture())

    assert (answer.status_code, answer.json()["code"]) == (409, "manual_claim.too_many_documents")


async def test_what_was_done_is_never_edited_and_an_ended_claim_stays(world: World) -> None:
    _, claim = await registered(world)
    await approved(world, claim)
    for table in ("manual_claims", "manual_claim_steps", "manual_claim_documents"):
        for statement in (f"UPDATE {table} SET client_id = 'x'", f"DELETE FROM {table}"):  # noqa: S608 - our own names
            with pytest.raises(Exception, match=r"only grows|keeps its history"):
                await world.rows(statement)
    reopened = "UPDATE manual_claims SET state = 'registered', settlement_id = NULL WHERE id = :id"
    with pytest.raises(Exception, match="keeps its history"):
        await world.rows(reopened, id=claim["id"])


async def test_what_lies_sealed_is_sealed_anew_with_the_newest_key(world: World) -> None:
    _, claim = await registered(world)
    claim = await hand_in(world, claim, "invoice", PDF)
    newer = Vault(parse_keys(f"{new_key('newer')},{KEYS}"))

    async for _ in reseal(world.system, newer, SEALED):
        pass

    assert {kind.rpartition("/")[2] for kind in await count_by_key(world.system, SEALED)} == {"newer"}
    usual, world.app.state.vault = world.app.state.vault, newer
    document = await world.agency("GET", f"/v1/manual-claims/{claim['id']}/documents/{claim['documents'][0]['id']}")
    world.app.state.vault = usual
    assert document.content == PDF


async def test_a_hospital_takes_nothing_back_that_was_paid_to_the_patient(world: World) -> None:
    _, patient = await world.county.person(POOR)
    body = claim_body(world.hospital_code, patient, "outage")
    claim = await done(await world.agency("POST", "/v1/manual-claims", body, headers=CLERK))
    settlement_id = (await approved(world, claim))["settlement_id"]

    answer = await world.hospital("POST", f"/v1/settlements/{settlement_id}/reversal", {"reason": "x"})

    assert (answer.status_code, answer.json()["code"]) == (409, "settlement.not_the_hospitals")


@pytest.mark.parametrize(
    ("day", "count", "due"),
    [
        (date(2018, 6, 1), 15, date(2018, 6, 25)),  # over the Dragon Boat holiday of 18 June 2018
        (date(2018, 9, 28), 1, date(2018, 9, 29)),  # a Saturday worked in exchange for the National Day week
        (date(2018, 9, 30), 1, date(2018, 10, 8)),
        (date(2027, 1, 1), 1, date(2027, 1, 4)),  # not published yet: Monday to Friday
    ],
)
async def test_working_days_know_the_holidays_and_the_days_worked_for_them(day: date, count: int, due: date) -> None:
    assert working_days_after(day, count) == due
    assert is_working_day(due)
