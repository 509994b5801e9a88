"""Aid on application: nobody loses it by not knowing, and what is granted decides what comes after it."""

from datetime import timedelta
from typing import Any

import pytest

from tests.cases.county import done
from tests.claims.changes.people import month_stay, settled
from tests.claims.changes.test_aid_and_refusal import ALLOWANCE, expected_aid
from tests.claims.world import World, drifted
from tests.payouts.claimants import CHIEF, CLERK, township

pytestmark = pytest.mark.asyncio(loop_scope="module")

ABSENT = "0198c7a4-5c00-7000-8000-00000000dead"
LONG = timedelta(days=400)


async def applied(world: World, by: Any = None) -> tuple[str, Any, Any]:
    """A stay with 1 700 of aid expected, applied for: the person's number, the settlement, the application."""
    person_no, settlement = await expected_aid(world)
    body = {"settlement_id": settlement["id"]}
    return (
        person_no,
        settlement,
        await done(await (by or world.agency)("POST", "/v1/aid-applications", body, headers=CLERK)),
    )


async def decided(world: World, application: Any, outcome: str, by: Any = None, **more: Any) -> Any:
    headers, key = more.pop("headers", CHIEF), more.pop("key", None)
    body = {"outcome": outcome, "reason": "经核实", **more}
    path = f"/v1/aid-applications/{application['id']}/decision"
    return await (by or world.agency)("POST", path, body, headers=headers, key=key)


async def owed(world: World, person_no: str) -> dict[str, int]:
    rows = await world.rows(
        "SELECT layer, sum(amount)::bigint FROM postings WHERE payee = :p AND target = 'unbilled' GROUP BY 1",
        p=f"person:{person_no}",
    )
    return dict(tuple(row) for row in rows)


@pytest.mark.parametrize(
    ("outcome", "more", "state", "pays"),
    [
        ("approved", {}, "approved", {"aid": 1_700_00}),
        # 8 500 of the target of 9 000 is paid: the guarantee rises by 500, which the patient had laid out.
        ("cut", {"granted": "500.00"}, "cut", {"aid": 500_00, "top_up": 500_00}),
        ("refused", {}, "refused", {"top_up": 1_000_00}),
    ],
)
async def test_what_is_granted_is_owed_to_the_patient_and_the_guarantee_rises_where_it_is_less(
    world: World, outcome: str, more: dict[str, str], state: str, pays: dict[str, int]
) -> None:
    person_no, settlement, application = await applied(world)

    answer = await done(await decided(world, application, outcome, **more), 200)

    assert (answer["state"], answer["reason"]) == (state, "经核实")
    assert await owed(world, person_no) == pays
    version = await done(await world.agency("GET", f"/v1/settlements/{answer['version_id']}"), 200)
    assert (version["version"], version["expected_aid"]) == (2, "0.00")
    assert version["cause"] == ("aid_refused" if outcome == "refused" else "late_aid")
    sources = await world.rows("SELECT kind, source_id::text FROM payout_sources WHERE origin = :o", o=version["id"])
    assert [tuple(row) for row in sources] == [("aid", application["id"])]
    assert await drifted(world) == []
    assert settlement["status"] == "settled"


async def test_nobody_loses_aid_by_not_knowing(world: World) -> None:
    person_no, settlement = await expected_aid(world)
    own, other = await township(world), await township(world, "459901999")

    async def missing(by: Any) -> list[Any]:
        page = await done(await by("GET", "/v1/aid-applications/missing?limit=200"), 200)
        return [each for each in page["items"] if each["settlement_id"] == settlement["id"]]

    [told] = await missing(world.agency)
    assert (told["person_no"], told["expected_aid"], told["days_waiting"]) == (person_no, "1700.00", 0)
    assert await missing(own) == [told]
    assert await missing(other) == []
    await done(await own("POST", "/v1/aid-applications", {"settlement_id": settlement["id"]}))
    assert await missing(world.agency) == []


async def test_a_reversed_settlement_awaits_no_aid(world: World) -> None:
    _, settlement, application = await applied(world)
    await done(await world.agency("POST", f"/v1/settlements/{settlement['id']}/reversal", {"reason": "x"}))

    answer = await decided(world, application, "approved")

    assert (answer.status_code, answer.json()["code"]) == (409, "aid_application.none_expected")


async def test_it_is_applied_for_once_and_decided_once(world: World) -> None:
    _, settlement, application = await applied(world)
    again = await world.agency("POST", "/v1/aid-applications", {"settlement_id": settlement["id"]})
    await done(await decided(world, application, "approved"), 200)
    twice = await decided(world, application, "refused")

    assert (again.json()["code"], again.json()["application_id"]) == ("aid_application.exists", application["id"])
    assert twice.json()["code"] == "aid_application.decided"


async def test_the_same_request_decides_once(world: World) -> None:
    person_no, _, application = await applied(world)

    answers = [await decided(world, application, "approved", key="aid-once") for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert await owed(world, person_no) == {"aid": 1_700_00}


async def test_who_applied_does_not_decide_and_who_decides_is_named(world: World) -> None:
    _, _, application = await applied(world)

    nobody = await decided(world, application, "approved", headers={})
    same = await decided(world, application, "approved", headers=CLERK)

    assert [nobody.json()["code"], same.json()["code"]] == ["payout.operator_missing", "payout.same_person"]


@pytest.mark.parametrize(
    ("outcome", "more"),
    [
        ("cut", {}),
        ("cut", {"granted": "0.00"}),
        ("cut", {"granted": "1700.00"}),
        ("cut", {"granted": "1700.01"}),
        ("approved", {"granted": "1700.00"}),
        ("refused", {"granted": "0.00"}),
    ],
)
async def test_only_a_part_of_what_is_expected_can_be_a_cut(world: World, outcome: str, more: dict[str, str]) -> None:
    _, _, application = await applied(world)
    before = await world.counts()

    answer = await decided(world, application, outcome, **more)

    assert (answer.status_code, answer.json()["code"]) == (422, "aid_application.amount")
    assert await world.counts() == before


async def test_later_settlements_are_decided_anew_in_the_same_transaction_or_it_is_refused(world: World) -> None:
    hospital = await world.county.hospital("level2", "county", aid="on_application", name="申请救助医院")
    await world.county.agreement(hospital)
    _, patient = await world.county.person(ALLOWANCE)
    first = await settled(world.agency, month_stay(hospital, patient, 5))
    await settled(world.agency, month_stay(hospital, patient, 6))
    application = await done(
        await world.agency("POST", "/v1/aid-applications", {"settlement_id": first["id"]}, headers=CLERK)
    )

    alone = await decided(world, application, "refused")
    chained = await decided(world, application, "refused", chain=True)

    assert (alone.status_code, alone.json()["code"]) == (409, "settlement.has_later")
    assert chained.status_code == 200, chained.text
    assert await drifted(world) == []


async def test_a_township_decides_for_its_own_people_alone(world: World) -> None:
    own, other = await township(world), await township(world, "459901999")
    _, settlement, application = await applied(world, own)

    unseen = await other("GET", f"/v1/aid-applications/{application['id']}")
    absent = await other("GET", f"/v1/aid-applications/{ABSENT}")
    refused = await decided(world, application, "approved", by=other)
    foreign = await other("POST", "/v1/aid-applications", {"settlement_id": settlement["id"]})
    listed = await done(await other("GET", "/v1/aid-applications"), 200)

    assert (unseen.status_code, unseen.json()) == (404, absent.json())
    assert (refused.status_code, foreign.json()["code"], listed["items"]) == (404, "settlement.unknown", [])
    assert (await decided(world, application, "approved", by=own)).status_code == 200


async def test_it_is_due_in_working_days_and_then_overdue(world: World) -> None:
    _, _, application = await applied(world)
    usual = world.app.state.clock
    world.app.state.clock = type(usual)(shift=usual.shift + LONG)
    late = await done(await world.agency("GET", f"/v1/aid-applications/{application['id']}"), 200)
    world.app.state.clock = usual

    assert (application["overdue"], late["overdue"]) == (False, True)
    waiting = await done(await world.agency("GET", "/v1/aid-applications?waiting=true&limit=200"), 200)
    assert application["id"] in [each["id"] for each in waiting["items"]]


async def test_what_was_decided_is_never_edited(world: World) -> None:
    _, _, application = await applied(world)
    await done(await decided(world, application, "approved"), 200)
    for table in ("aid_applications", "aid_decisions"):
        for statement in (f"UPDATE {table} SET client_id = 'x'", f"DELETE FROM {table}"):  # noqa: S608 - our own names
            with pytest.raises(Exception, match=r"only grows|keeps its history"):
                await world.rows(statement)
