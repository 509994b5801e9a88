"""Claims that change while their money is on its way: what is owed no more is not sent, and not sent again."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.cases.county import done
from tests.payouts.claimants import claim_body
from tests.payouts.office import POOR, Office, account, bank
from tests.payouts.test_cycles import cents, patient, run, visit
from tests.payouts.test_whole_life import prove


async def reversed_(office: Office, settlement_id: str) -> Any:
    path = f"/v1/settlements/{settlement_id}/reversal"
    return await done(await office.agency("POST", path, {"reason": "误结算", "chain": True}))


async def not_poor_any_more(office: Office, person_no: str, settlement_id: str) -> Any:
    """The guarantee falls away: nothing of the stay is the patient's any more."""
    body = {"identities": [], "reason": "更正身份"}
    await done(await office.agency("PUT", f"/v1/persons/{person_no}", body), 200)
    path = f"/v1/settlements/{settlement_id}/readjudication"
    return await done(await office.agency("POST", path, {"cause": "identity", "note": "更正", "chain": True}))


async def test_a_batch_with_a_claim_that_owes_less_is_not_released_and_made_anew_without_it(
    office: Office, engine: AsyncEngine
) -> None:
    person_no, gone = await office.owed("10000.00")
    await office.owed("5000.00")
    made = (await office.batch())["batch"]
    assert (await reversed_(office, gone))["to_collect"] == "1000.00"

    refused = await office.release(made["id"], status=409)
    assert (refused["code"], refused["person_nos"]) == ("payout.changed", [person_no])
    path = f"/v1/payout-batches/{made['id']}/withdrawal"
    await done(await office.insurer("POST", path, {"reason": "重新制单"}), 200)

    batch = await office.released()
    assert (batch["line_count"], batch["total"]) == (1, "500.00")
    await office.answer(batch["id"], bank(await office.file(batch["id"])))
    assert (await office.batch(status=409))["left_out"] == []
    await prove(engine)


async def test_what_came_back_of_a_reversed_claim_does_not_go_out_again(office: Office, engine: AsyncEngine) -> None:
    person_no, gone = await office.owed("10000.00")
    batch = await office.released()
    await reversed_(office, gone)
    file = await office.file(batch["id"])
    await office.answer(batch["id"], bank(file, {file[0]["收款账号"]: "账户不存在"}))
    await done(await office.agency("PUT", f"/v1/persons/{person_no}", {"bank_account": account()}), 200)

    assert (await office.batch(status=409))["left_out"] == []
    await prove(engine)


async def test_of_a_claim_that_owes_less_only_that_goes_out_again(office: Office, engine: AsyncEngine) -> None:
    person_no, settlement_id = await office.owed("10000.00")
    _, id_number = await office.owed("1.00")
    batch = await office.released(filter={"person_nos": [person_no]})
    version = await not_poor_any_more(office, person_no, settlement_id)
    file = await office.file(batch["id"])
    await office.answer(batch["id"], bank(file, {file[0]["收款账号"]: "账户不存在"}))
    await done(await office.agency("PUT", f"/v1/persons/{person_no}", {"bank_account": account()}), 200)
    mine = {"person_nos": [person_no]}
    assert (await office.batch(status=409, filter=mine))["left_out"] == []

    # Poor after all: the claim owes what it did, and it was never received.
    body = {"identities": [{"class": "registered_poor", "valid_from": "2015-01-01"}], "reason": "更正身份"}
    await done(await office.agency("PUT", f"/v1/persons/{person_no}", body), 200)
    path = f"/v1/settlements/{version['id']}/readjudication"
    await done(await office.agency("POST", path, {"cause": "identity", "note": "再更正", "chain": True}))
    batch = await office.released(filter=mine)
    assert batch["total"] == "1000.00"
    await office.answer(batch["id"], bank(await office.file(batch["id"])))
    await prove(engine)
    assert id_number


async def test_what_is_owed_to_an_entry_that_was_joined_goes_to_the_surviving_one(
    office: Office, engine: AsyncEngine
) -> None:
    """A cycle was paid under a number that is joined away; under the other number it comes out again, and is netted."""
    twice, id_number = await patient(office)
    first = await visit(office, id_number, "4000.00", "2018-03-05")
    paid = (await run(office, "2018-01-01"))["items"][0]["amount"]
    batch = await office.released()
    await office.answer(batch["id"], bank(await office.file(batch["id"])))
    await reversed_(office, first)
    survivor, own = await office.county.person(POOR, bank_account=account())
    await done(await office.agency("POST", f"/v1/persons/{survivor}/join", {"other": twice, "reason": "重复"}), 200)
    await visit(office, own, "9000.00", "2018-03-06")
    ran = await run(office, "2018-01-01")
    due = {item["person_no"]: item["amount"] for item in ran["items"]}
    assert due[twice] == "0.00"

    batch = await office.released()

    [item] = await office.items(f"?batch_id={batch['id']}")
    assert item["person_no"] == survivor
    assert cents(item["amount"]) == cents(due[survivor]) - cents(paid)
    await office.answer(batch["id"], bank(await office.file(batch["id"])))
    assert set(await office.states()) == {"fund", "paid"}
    await prove(engine)


async def test_what_is_on_hold_is_in_no_batch_and_no_cycle_until_it_is_released(
    office: Office, engine: AsyncEngine
) -> None:
    unknown: dict[str, Any] = {"injury": {"third_party": "unknown", "note": ""}}
    found_out = {"third_party": "none", "note": "已查明"}
    person_no, id_number = await patient(office)
    held = await visit(office, id_number, "4000.00", "2018-03-05", **unknown)
    _, other = await office.county.person(POOR, bank_account=account())
    hospital = await office.county.hospital("level2", "county", name="无协议医院")
    stay = await done(await office.agency("POST", "/v1/settlements", claim_body(hospital, other, **unknown)["visit"]))
    assert (stay["status"], (await run(office, "2018-01-01"))["items"]) == ("on_hold", [])
    assert (await office.batch(status=409))["left_out"] == []

    for settlement_id in (held, stay["id"]):
        path = f"/v1/injuries/{settlement_id}/outcome"
        await done(await office.agency("POST", path, found_out, operator="chief"), 200)
    ran = await run(office, "2018-01-01")

    assert [item["person_no"] for item in ran["items"]] == [person_no]
    batch = await office.batch(dry_run=True)
    kinds = {part["kind"] for item in batch["items"] for part in item["parts"]}
    assert (kinds, len(batch["items"])) == ({"cycle", "release"}, 2)
    released = await office.released()
    await office.answer(released["id"], bank(await office.file(released["id"])))
    assert set(await office.states()) == {"fund", "paid"}
    await prove(engine)
