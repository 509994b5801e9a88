"""Injuries on hold: released to the patient, who paid all of it, or refused; once."""

from typing import Any

import pytest

from tests.cases.county import done
from tests.claims.bills import stay
from tests.claims.changes.people import POOR, settled
from tests.claims.world import World, drifted
from tests.payouts.claimants import CHIEF

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def held(world: World) -> tuple[str, Any]:
    person_no, patient = await world.county.person(POOR)
    injury = {"third_party": "unknown", "note": ""}
    settlement = await settled(world.hospital, stay(world.hospital_code, patient, injury=injury))
    assert settlement["status"] == "on_hold"
    return person_no, settlement


async def outcome(world: World, settlement: Any, third_party: str, **more: Any) -> Any:
    body = {"third_party": third_party, "note": "已查明"}
    return await world.agency("POST", f"/v1/injuries/{settlement['id']}/outcome", body, **{"headers": CHIEF, **more})


async def posted(world: World, person_no: str) -> list[Any]:
    return await world.rows("SELECT amount FROM postings WHERE payee = :p", p=f"person:{person_no}")


@pytest.mark.parametrize("third_party", ["none", "liable_unpaid"])
async def test_what_is_released_is_owed_to_the_patient(world: World, third_party: str) -> None:
    person_no, settlement = await held(world)
    listed = await done(await world.agency("GET", "/v1/injuries?limit=200"), 200)
    [told] = [each for each in listed["items"] if each["settlement_id"] == settlement["id"]]
    assert told["held"] == "900.00"

    done_ = await done(await outcome(world, settlement, third_party), 200)

    assert done_["status"] == "settled"
    assert sum(row[0] for row in await posted(world, person_no)) == 900_00
    sources = await world.rows("SELECT kind FROM payout_sources WHERE origin = :o", o=done_["settlement_id"])
    assert [row[0] for row in sources] == ["release"]
    listed = await done(await world.agency("GET", "/v1/injuries?limit=200"), 200)
    assert settlement["id"] not in [each["settlement_id"] for each in listed["items"]]
    again = await outcome(world, {"id": done_["settlement_id"]}, third_party)
    assert (again.status_code, again.json()["code"]) == (409, "injury.not_on_hold")


async def test_what_is_refused_was_never_posted_and_gives_the_sums_back(world: World) -> None:
    person_no, settlement = await held(world)

    done_ = await done(await outcome(world, settlement, "liable_paid"), 200)

    assert done_["status"] == "reversal"
    assert await posted(world, person_no) == []
    assert await drifted(world) == []
    sums = await world.rows("SELECT sum(value)::bigint FROM accumulators WHERE person_no = :p", p=person_no)
    assert not sums[0][0]


async def test_somebody_is_named_for_it(world: World) -> None:
    _, settlement = await held(world)

    answer = await outcome(world, settlement, "none", headers={})

    assert answer.json()["code"] == "payout.operator_missing"
