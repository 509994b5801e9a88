"""Near misses: in the way of a manual claim until a clerk has said, by name and with the reason, that it is another."""

import asyncio
from typing import Any

import pytest

from service.access.resealing import count_by_key
from service.payouts.encounters.store import SEALED
from tests.cases.county import done
from tests.claims.bills import chronic, stay
from tests.claims.changes.people import POOR, anew, settled
from tests.claims.world import World
from tests.payouts.claimants import APPROVE, CHIEF, CLERK, acted, claim_body, township, unconnected, under_review

pytestmark = pytest.mark.asyncio(loop_scope="module")

REASON = "两次就诊，病历与票据均已核对"
ABSENT = "0198c7a4-5c00-7000-8000-00000000dead"


async def pairs(world: World, person_no: str, query: str = "") -> list[Any]:
    page = await done(await world.agency("GET", f"/v1/encounters/near-misses?person_no={person_no}{query}"), 200)
    return list(page["items"])


async def dismissed(world: World, pair: Any, **more: Any) -> Any:
    keys = [side["key"] for side in pair["encounters"]]
    body = {"likeness": pair["likeness"], "encounters": keys[::-1], "reason": REASON}
    return await world.agency("POST", "/v1/encounters/near-misses/dismissals", body, **{"headers": CHIEF, **more})


async def transferred(world: World) -> tuple[str, Any, Any]:
    """A stay at one hospital, and a claim for one at another from the day on which the first ends, under review."""
    person_no, patient = await world.county.person(POOR)
    first = await settled(world.agency, stay(world.hospital_code, patient))
    days = {"admitted_on": "2018-06-09", "discharged_on": "2018-06-14"}
    line = stay(world.hospital_code, patient)["fee_lines"][0] | {"charged_on": "2018-06-10"}
    body = claim_body(await unconnected(world), patient, **days, fee_lines=[line])
    claim = await done(await world.agency("POST", "/v1/manual-claims", body, headers=CLERK))
    return person_no, first, await under_review(world, claim)


async def test_a_claim_that_may_be_paid_already_is_approved_when_a_clerk_has_said_it_is_another(world: World) -> None:
    person_no, first, claim = await transferred(world)
    [pair] = await pairs(world, person_no)
    before = await world.counts()

    stopped = await acted(world, claim, "decision", APPROVE)

    assert (stopped.status_code, stopped.json()["code"]) == (409, "manual_claim.near_misses")
    assert stopped.json()["near_misses"] == [
        {"likeness": "touching", "encounters": [side["key"] for side in pair["encounters"]]}
    ]
    assert await world.counts() == before, "a refusal leaves nothing behind"

    told = await done(await dismissed(world, pair))
    assert (told["dismissal"]["reason"], told["dismissal"]["operator"]) == (REASON, CHIEF["X-Operator"])
    approved = await done(await acted(world, claim, "decision", APPROVE), 200)
    assert approved["state"] == "approved"
    assert await pairs(world, person_no) == [], "through approval"
    await anew_with_identity(world, person_no, first["id"])
    assert await pairs(world, person_no) == [], "and through a later version"
    [kept] = await pairs(world, person_no, "&dismissed=true")
    assert kept["dismissal"] == told["dismissal"]


async def anew_with_identity(world: World, person_no: str, settlement_id: str) -> None:
    await done(await world.agency("PUT", f"/v1/persons/{person_no}", {"identities": [], "reason": "更正"}), 200)
    await anew(world.agency, settlement_id, chain=True)


async def test_it_is_said_once_by_a_named_clerk_of_the_agency_about_a_pair_that_there_is(world: World) -> None:
    person_no, _, _ = await transferred(world)
    [pair] = await pairs(world, person_no)
    other_way = pair | {"likeness": "overlap"}
    nowhere = pair | {"encounters": [pair["encounters"][0], {"key": ABSENT}]}
    own = await township(world)

    nobody = await dismissed(world, pair, headers={})
    unknown = [await dismissed(world, each) for each in (other_way, nowhere)]
    answers = [await dismissed(world, pair, key="nm-1") for _ in range(2)]
    again = await dismissed(world, pair)
    keys = {"likeness": pair["likeness"], "encounters": [side["key"] for side in pair["encounters"]], "reason": "x"}
    foreign = await own("POST", "/v1/encounters/near-misses/dismissals", keys)

    assert nobody.json()["code"] == "payout.operator_missing"
    assert [(each.status_code, each.json()["code"]) for each in unknown] == [(404, "near_miss.unknown")] * 2
    assert answers[0].content == answers[1].content
    assert (again.status_code, again.json()["code"]) == (409, "near_miss.dismissed")
    assert foreign.status_code == 403


async def test_what_was_said_is_in_the_audit_lies_sealed_and_never_changes(world: World) -> None:
    person_no, _, _ = await transferred(world)
    [pair] = await pairs(world, person_no)
    await done(await dismissed(world, pair))

    noted = await world.rows(
        "SELECT operator FROM audit_log WHERE action = 'encounter.dismiss' AND person_no = :p", p=person_no
    )
    assert [row[0] for row in noted] == [CHIEF["X-Operator"]]
    assert REASON not in " ".join(await world.contents("near_miss_dismissals"))
    assert await count_by_key(world.system, SEALED)
    for statement in ("UPDATE near_miss_dismissals SET operator = 'x'", "DELETE FROM near_miss_dismissals"):
        with pytest.raises(Exception, match=r"only grows|keeps its history"):
            await world.rows(statement)


async def test_a_chronic_visit_is_not_paid_by_two_claims_of_a_day_in_any_order_nor_at_once(world: World) -> None:
    person_no, patient = await world.county.person(POOR)
    await world.county.card(person_no, "CD03")
    claims = []
    for number in ("A", "B"):
        visit = chronic(await unconnected(world), patient) | {"invoice_no": f"{patient[-6:]}{number}"}
        body = {"reason": "not_connected", "visit": visit}
        claim = await done(await world.agency("POST", "/v1/manual-claims", body, headers=CLERK))
        claims.append(await under_review(world, claim))

    answers = await asyncio.gather(*(acted(world, claim, "decision", APPROVE) for claim in claims))

    assert [each.json()["code"] for each in answers] == ["manual_claim.near_misses"] * 2
    assert await world.rows("SELECT 1 FROM live_visits WHERE person_no = :p", p=person_no) == []


async def test_an_invoice_of_another_hospital_is_not_paid_before_a_clerk_has_looked(world: World) -> None:
    _, one = await world.county.person(POOR)
    _, other = await world.county.person(POOR)
    await settled(world.agency, stay(world.hospital_code, one, invoice_no="INV-EVERYWHERE"))
    body = claim_body(await unconnected(world), other, invoice_no="INV-EVERYWHERE")
    claim = await under_review(world, await done(await world.agency("POST", "/v1/manual-claims", body, headers=CLERK)))

    stopped = await acted(world, claim, "decision", APPROVE)

    assert (stopped.status_code, stopped.json()["near_misses"][0]["likeness"]) == (409, "invoice")
