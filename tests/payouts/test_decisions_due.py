"""What waits for a decision stands in the one list of deadlines, until it is decided."""

from typing import Any

import pytest

from tests.cases.county import done
from tests.claims.changes.test_aid_and_refusal import expected_aid
from tests.claims.world import World
from tests.payouts.claimants import CHIEF, CLERK, approved, registered, township
from tests.payouts.test_backpay import poor, posted, previewed, row_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def listed(world: World, kind: str) -> dict[str, Any]:
    found = await done(await world.agency("GET", "/v1/deadlines"), 200)
    return {each["subject"]: each for each in found["items"] if each["kind"] == kind}


async def test_a_claim_waits_until_it_is_decided(world: World) -> None:
    _, claim = await registered(world)

    told = (await listed(world, "manual.decide"))[claim["id"]]
    assert (told["due_on"], told["overdue"]) == (claim["due_on"], False)

    await approved(world, claim)
    assert claim["id"] not in await listed(world, "manual.decide")


async def test_aid_is_to_be_applied_for_then_decided_then_done(world: World) -> None:
    _, settlement = await expected_aid(world)
    assert settlement["id"] in await listed(world, "aid.apply")

    body = {"settlement_id": settlement["id"]}
    application = await done(await world.agency("POST", "/v1/aid-applications", body, headers=CLERK))
    assert settlement["id"] not in await listed(world, "aid.apply")
    assert (await listed(world, "aid.decide"))[application["id"]]["amount"] == "1700.00"

    decision = {"outcome": "refused", "reason": "不符合条件"}
    path = f"/v1/aid-applications/{application['id']}/decision"
    await done(await world.agency("POST", path, decision, headers=CHIEF), 200)
    assert application["id"] not in await listed(world, "aid.decide")


async def test_a_file_waits_until_its_content_is_posted(world: World) -> None:
    _, patient = await poor(world)
    row = row_of(patient, world.hospital_code)
    first, last = await previewed(world, row), await previewed(world, row)

    waiting = await listed(world, "backpay.post")
    assert (waiting[last["id"]]["amount"], waiting[last["id"]]["overdue"]) == ("1499.50", True)
    assert first["id"] not in waiting

    await done(await posted(world, first), 200)
    assert last["id"] not in await listed(world, "backpay.post")


async def test_a_township_sees_the_aid_of_its_own_people_and_nothing_else(world: World) -> None:
    own, other = await township(world), await township(world, "459901999")
    _, waiting = await expected_aid(world)
    _, asked = await expected_aid(world)
    body = {"settlement_id": asked["id"]}
    application = await done(await own("POST", "/v1/aid-applications", body, headers=CLERK))
    await registered(world)

    found = (await done(await own("GET", "/v1/deadlines"), 200))["items"]

    mine = {(each["kind"], each["subject"], each["amount"]) for each in found}
    assert {("aid.apply", waiting["id"], "1700.00"), ("aid.decide", application["id"], "1700.00")} <= mine
    assert {kind for kind, _, _ in mine} == {"aid.apply", "aid.decide"}
    assert (await done(await other("GET", "/v1/deadlines"), 200))["items"] == []
