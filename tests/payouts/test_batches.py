"""Batches of transfers: made by one, released by another, answered by the bank, and nothing paid twice."""

import asyncio
from typing import Any

import pytest

from tests.cases.county import done
from tests.payouts.office import Office, account, bank


async def test_what_is_owed_goes_out_once_and_is_paid_to_the_fen(office: Office) -> None:
    await office.owed("10000.00")
    await office.owed("333.33")
    owed = (await office.states())["unbilled"]

    made = await office.batch()
    batch = await office.release(made["batch"]["id"])
    file = await office.file(batch["id"])
    answered = await office.answer(batch["id"], bank(file))

    assert answered["status"] == "answered"
    assert answered["paid"] == answered["total"] == made["total"]
    assert sum(int(row["金额"].replace(".", "")) for row in file) == int(made["total"].replace(".", ""))
    states = await office.states()
    assert states == {"fund": -owed, "paid": owed}
    assert (await done(await office.insurer("POST", "/v1/payout-batches", BODY, operator="maker"), 409))[
        "left_out"
    ] == []


BODY = {"payer": "top_up_insurer", "pay_on": "2018-12-14"}


async def test_nobody_is_in_two_live_batches_even_when_two_are_made_at_once(office: Office) -> None:
    for _ in range(3):
        await office.owed()
    both = await asyncio.gather(
        *(office.insurer("POST", "/v1/payout-batches", BODY, operator="maker") for _ in range(2))
    )

    assert sorted(one.status_code for one in both) == [201, 409]
    assert await office.rows("SELECT count(*) FROM payout_parts WHERE live") == [(3,)]


async def test_whoever_sees_an_account_is_in_the_list_of_the_person(office: Office) -> None:
    person_no, _ = await office.owed()
    await office.batch(dry_run=True)
    batch = await office.released()
    await office.file(batch["id"])

    found = await office.rows("SELECT action FROM audit_log WHERE person_no = :p ORDER BY at, id", p=person_no)
    assert [row[0] for row in found if row[0].startswith("payout.")] == [
        "payout.preview",
        "payout.make",
        "payout.file_csv",
    ]


async def test_the_maker_does_not_release(office: Office) -> None:
    await office.owed()
    made = await office.batch(operator="Maker")
    assert (await office.release(made["batch"]["id"], operator="maker", status=409))["code"] == "payout.same_person"
    nameless = await office.insurer("POST", f"/v1/payout-batches/{made['batch']['id']}/release")
    assert nameless.json()["code"] == "payout.operator_missing"


async def test_who_cannot_be_paid_is_named_with_the_reason(office: Office) -> None:
    wrong = account()
    wrong["number"] = wrong["number"][:-1] + str((int(wrong["number"][-1]) + 1) % 10)
    left = {
        (await office.owed(bank_account=None))[0]: "account.none",
        (await office.owed(bank_account=wrong))[0]: "account.invalid",
        (await office.owed(bank_account=account("别人")))[0]: "account.holder",
        (await office.owed(died_on="2018-11-01"))[0]: "account.deceased",
    }
    heir = {"name": "继承人", "relation": "继承人", "bank_account": account("继承人")}
    paid, _ = await office.owed(died_on="2018-11-01", payee=heir)

    made = await office.batch()

    assert {each["person_no"]: each["code"] for each in made["left_out"]} == left
    [item] = await office.items()
    assert (item["person_no"], item["relation"]) == (paid, "继承人")
    assert item["account"]["number"].startswith("***")


async def test_what_came_back_goes_out_once_more_when_corrected_and_then_to_a_clerk(office: Office) -> None:
    person_no, _ = await office.owed()
    for attempt in (1, 2):
        batch = await office.released()
        [row] = file = await office.file(batch["id"])
        answered = await office.answer(batch["id"], bank(file, {row["收款账号"]: "账户不存在"}))
        assert (answered["paid"], answered["returned"]) == ("0.00", answered["total"])
        assert set(await office.states()) == {"fund", "unbilled"}

        refused = await office.batch(status=409)
        code = "account.not_corrected" if attempt == 1 else "returned_twice"
        assert [each["code"] for each in refused["left_out"]] == [code]
        person = await done(await office.agency("GET", f"/v1/persons/{person_no}"), 200)
        await correct_account(office, person)

    assert [each["code"] for each in (await office.batch(status=409))["left_out"]] == ["returned_twice"]
    [item] = await office.items("?status=clerk")
    path, why = f"/v1/payout-items/{item['id']}/clearance", {"reason": "已核实"}
    assert (await done(await office.agency("POST", path, why), 422))["code"] == "payout.operator_missing"
    await done(await office.agency("POST", path, why, operator="clerk"), 200)
    batch = await office.released()
    assert (await office.answer(batch["id"], bank(await office.file(batch["id"]))))["paid"] == batch["total"]
    assert set(await office.states()) == {"fund", "paid"}


async def correct_account(office: Office, person: dict[str, Any]) -> None:
    body = {"name": "测试甲", "bank_account": account(), "reason": "更正账号"}
    path = f"/v1/persons/{person['person_no']}"
    await done(await office.agency("PUT", path, body), 200)


async def test_a_transfer_that_comes_back_late_is_open_again(office: Office) -> None:
    await office.owed()
    batch = await office.released()
    await office.answer(batch["id"], bank(await office.file(batch["id"])))
    [item] = await office.items("?status=paid")
    body = {"returned_on": "2018-12-17", "reason": "账户已销户"}

    path = f"/v1/payout-items/{item['id']}/return"
    assert (await done(await office.insurer("POST", path, body), 200))["status"] == "returned"

    assert set(await office.states()) == {"fund", "unbilled"}
    assert (await done(await office.insurer("POST", path, body), 409))["state"] == "returned"
    read = await done(await office.insurer("GET", f"/v1/payout-batches/{batch['id']}"), 200)
    assert (read["paid"], read["returned"]) == ("0.00", read["total"])


async def test_a_reversal_before_the_batch_takes_the_money_out_of_it(office: Office) -> None:
    _, first = await office.owed("10000.00")
    await office.owed("20000.00")
    await done(await office.agency("POST", f"/v1/settlements/{first}/reversal", {"reason": "误结算"}))
    made = await office.batch()
    assert made["batch"]["line_count"] == 1


STEPS = ("release", "withdrawal", "answer", "file")
ALLOWED = {
    ("draft", "release"): 200,
    ("draft", "withdrawal"): 200,
    ("released", "answer"): 200,
    ("released", "file"): 200,
    ("answered", "file"): 200,
    ("answered", "answer"): 200,  # the same file again: the same answer
}


@pytest.mark.parametrize("state", ["draft", "released", "withdrawn", "answered"])
@pytest.mark.parametrize("step", STEPS)
async def test_every_pair_of_a_state_and_a_step(office: Office, state: str, step: str) -> None:
    await office.owed()
    made = (await office.batch())["batch"]
    path = f"/v1/payout-batches/{made['id']}"
    rows = [
        {"业务编号": (await office.items())[0]["reference"], "金额": made["total"], "处理结果": "成功", "失败原因": ""}
    ]
    if state == "withdrawn":
        await done(await office.insurer("POST", f"{path}/withdrawal", {"reason": "金额有误"}), 200)
    elif state != "draft":
        await office.release(made["id"])
    if state == "answered":
        await office.answer(made["id"], rows)
    before = await office.states()

    expected = ALLOWED.get((state, step), 409)
    if step == "answer":
        answer = await office.answer(made["id"], rows, status=expected)
    elif step == "file":
        response = await office.insurer("GET", f"{path}/file?format=csv")
        assert response.status_code == expected
        return
    else:
        body = {"reason": "金额有误"} if step == "withdrawal" else None
        answer = await done(await office.insurer("POST", f"{path}/{step}", body, operator="checker"), expected)

    if expected == 409:
        assert (answer["code"], answer["state"]) == ("payout.state", state)
        assert await office.states() == before
        assert (await done(await office.insurer("GET", path), 200))["status"] == state
