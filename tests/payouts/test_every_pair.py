"""Tables of all pairs of a state and what may be done: entered or refused, and a refusal leaves nothing behind."""

from typing import Any, Final

import pytest

from tests.cases.county import done
from tests.claims.changes.test_aid_and_refusal import ALLOWANCE
from tests.payouts.claimants import APPROVE, MISSING, REFUSE, claim_body, picture
from tests.payouts.office import POOR, Office, account, bank
from tests.payouts.test_whole_life import state_of, to_approval

RETURN: Final = {"returned_on": "2018-12-17", "reason": "账户已销户"}
CLEARANCE: Final = {"reason": "已与银行核实"}
_COUNTS: Final = """
    SELECT (SELECT count(*) FROM postings), (SELECT count(*) FROM payout_steps), (SELECT count(*) FROM payout_outcomes),
        (SELECT count(*) FROM manual_claim_steps), (SELECT count(*) FROM manual_claim_documents),
        (SELECT count(*) FROM aid_decisions), (SELECT count(*) FROM settlements)
"""


async def counts(office: Office) -> list[Any]:
    return await office.rows(_COUNTS)


async def send_back(office: Office, batch: Any) -> None:
    file = await office.file(batch["id"])
    await office.answer(batch["id"], bank(file, {file[0]["收款账号"]: "账户不存在"}))


async def item_that_is(office: Office, status: str) -> Any:
    """A transfer that stands somewhere."""
    person_no, _ = await office.owed()
    made = (await office.batch())["batch"]
    if status == "withdrawn":
        path = f"/v1/payout-batches/{made['id']}/withdrawal"
        await done(await office.insurer("POST", path, {"reason": "金额有误"}), 200)
    elif status != "ordered":
        batch = await office.release(made["id"])
        if status == "paid":
            await office.answer(batch["id"], bank(await office.file(batch["id"])))
        elif status != "sent":
            await send_back(office, batch)
    if status == "clerk":
        await done(await office.agency("PUT", f"/v1/persons/{person_no}", {"bank_account": account()}), 200)
        await send_back(office, await office.released())
    [item] = await office.items(f"?status={status}")
    return item


ITEM_ACTS: Final = {"return": RETURN, "clearance": CLEARANCE}
ITEM_ALLOWED: Final = {("paid", "return"), ("returned", "clearance"), ("clerk", "clearance")}


@pytest.mark.parametrize("status", ["ordered", "withdrawn", "sent", "paid", "returned", "clerk"])
@pytest.mark.parametrize("act", ITEM_ACTS)
async def test_every_pair_of_a_transfers_state_and_an_act(office: Office, status: str, act: str) -> None:
    item = await item_that_is(office, status)
    before = await counts(office)

    answer = await office.agency("POST", f"/v1/payout-items/{item['id']}/{act}", ITEM_ACTS[act], operator="clerk")

    if (status, act) in ITEM_ALLOWED:
        assert answer.status_code == 200, answer.text
        again = await office.agency("POST", f"/v1/payout-items/{item['id']}/{act}", ITEM_ACTS[act], operator="clerk")
        assert (again.status_code, again.json()["code"]) == (409, "payout.state"), "once"
    else:
        assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (409, "payout.state", status)
        assert await counts(office) == before


async def claim_that_is(office: Office, state: str) -> Any:
    """A claim whose money is paid, or came back."""
    hospital = await office.county.hospital("level2", "county", connected=False, name="未接入医院")
    _, patient = await office.county.person(POOR, bank_account=account())
    decided = [{"layer": "basic", "paid": "700.00", "settlement_no": "N1", "platform": "national"}]
    claim = await to_approval(office, claim_body(hospital, patient, decided_layers=decided))
    batch = await office.released()
    if state == "paid":
        await office.answer(batch["id"], bank(await office.file(batch["id"])))
    else:
        await send_back(office, batch)
    return claim


CLAIM_ACTS: Final = {
    "request": MISSING,
    "review": None,
    "decision approve": APPROVE,
    "decision refuse": REFUSE,
    "documents": None,
}


@pytest.mark.parametrize("state", ["paid", "returned"])
async def test_a_claim_whose_money_went_out_is_not_touched_any_more(office: Office, state: str) -> None:
    claim = await claim_that_is(office, state)
    before = await counts(office)

    for act, body in CLAIM_ACTS.items():
        paper = {"data": {"kind": "invoice"}, "files": {"file": ("a.jpg", picture())}} if act == "documents" else {}
        path = f"/v1/manual-claims/{claim['id']}/{act.split()[0]}"
        answer = await office.agency("POST", path, body, operator="somebody", **paper)
        assert (answer.status_code, answer.json()["code"]) == (409, "manual_claim.state"), act

    assert await counts(office) == before
    assert await state_of(office, claim) == state


OUTCOMES: Final[dict[str, dict[str, str]]] = {"approved": {}, "cut": {"granted": "10.00"}, "refused": {}}


@pytest.mark.parametrize("state", ["waiting", *OUTCOMES])
@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_every_pair_of_an_applications_state_and_a_decision(office: Office, state: str, outcome: str) -> None:
    hospital = await office.county.hospital("level2", "county", aid="on_application", name="申请救助医院")
    _, patient = await office.county.person(ALLOWANCE, bank_account=account())
    settled = await done(await office.agency("POST", "/v1/settlements", claim_body(hospital, patient)["visit"]))
    body = {"settlement_id": settled["id"]}
    application = await done(await office.agency("POST", "/v1/aid-applications", body, operator="clerk"))
    path = f"/v1/aid-applications/{application['id']}/decision"
    if state != "waiting":
        first = {"outcome": state, "reason": "经核实", **OUTCOMES[state]}
        await done(await office.agency("POST", path, first, operator="chief"), 200)
    before = await counts(office)

    decision = {"outcome": outcome, "reason": "经核实", **OUTCOMES[outcome]}
    answer = await office.agency("POST", path, decision, operator="chief")

    if state == "waiting":
        assert (answer.status_code, answer.json()["state"]) == (200, outcome), answer.text
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "aid_application.decided")
        assert await counts(office) == before


async def test_one_person_is_one_person_also_in_capitals_and_at_another_client(office: Office) -> None:
    """Whoever began it, and whoever may be the same, does not decide it."""
    hospital = await office.county.hospital("level2", "county", aid="on_application", name="申请救助医院")
    _, patient = await office.county.person(ALLOWANCE, bank_account=account())
    settled = await done(await office.agency("POST", "/v1/settlements", claim_body(hospital, patient)["visit"]))
    body = {"settlement_id": settled["id"]}
    application = await done(await office.agency("POST", "/v1/aid-applications", body, operator="Clerk-1"))
    path = f"/v1/aid-applications/{application['id']}/decision"
    refused = await office.agency("POST", path, {"outcome": "refused", "reason": "x"}, operator="clerk-1")
    _, other = await office.county.person(POOR, bank_account=account())
    unnamed = await done(await office.agency("POST", "/v1/manual-claims", claim_body(hospital, other, "outage")))
    path = f"/v1/manual-claims/{unnamed['id']}"
    await done(await office.agency("POST", f"{path}/request", MISSING), 200)
    nobody_knows = await office.agency("POST", f"{path}/decision", REFUSE, operator="clerk-1")

    assert [each.json()["code"] for each in (refused, nobody_knows)] == ["payout.same_person"] * 2
