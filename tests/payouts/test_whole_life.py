"""A claim's whole life through the API: from the counter to the bank, back, out again; and the books prove after it."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db import transaction_on
from tests.cases.county import Call, done, id_no
from tests.payouts.claimants import APPROVE, MISSING, claim_body, picture
from tests.payouts.office import POOR, Office, account, bank
from tests.payouts.test_backpay import csv_of, row_of
from tests.proof.scene import found_wrong, named


async def to_approval(office: Office, body: dict[str, Any]) -> Any:
    """Registered, sent back for more, completed, reviewed and approved by somebody else."""
    agency = office.agency
    claim = await done(await agency("POST", "/v1/manual-claims", body, operator="clerk"))
    path = f"/v1/manual-claims/{claim['id']}"
    await done(await agency("POST", f"{path}/request", MISSING, operator="chief"), 200)
    for kind in claim["documents_needed"]:
        paper = {"data": {"kind": kind}, "files": {"file": ("a.jpg", picture())}}
        await done(await agency("POST", f"{path}/documents", operator="clerk", **paper))
    await done(await agency("POST", f"{path}/review", operator="chief"), 200)
    return await done(await agency("POST", f"{path}/decision", APPROVE, operator="chief"), 200)


async def state_of(office: Office, claim: Any) -> str:
    return str((await done(await office.agency("GET", f"/v1/manual-claims/{claim['id']}"), 200))["state"])


async def test_from_the_counter_to_the_bank_back_and_out_again(office: Office, engine: AsyncEngine) -> None:
    person_no, patient = await office.county.person(POOR, bank_account=account())
    hospital = await office.county.hospital("level2", "county", connected=False, name="未接入医院")
    # Basic decided elsewhere: only the top-up to 90 % of 1 000 is owed, by one payer.
    decided = [{"layer": "basic", "paid": "700.00", "settlement_no": "N1", "platform": "national"}]
    claim = await to_approval(office, claim_body(hospital, patient, decided_layers=decided))
    assert await state_of(office, claim) == "approved"

    batch = await office.released()
    file = await office.file(batch["id"])
    assert await state_of(office, claim) == "approved"
    answered = await office.answer(batch["id"], bank(file, {file[0]["收款账号"]: "账户不存在"}))
    assert (answered["returned"], await state_of(office, claim)) == ("200.00", "returned")

    corrected = {"bank_account": account()}
    await done(await office.agency("PUT", f"/v1/persons/{person_no}", corrected), 200)
    batch = await office.released()
    file = await office.file(batch["id"])
    assert file[0]["收款账号"] == corrected["bank_account"]["number"]
    answered = await office.answer(batch["id"], bank(file))

    assert (answered["paid"], await state_of(office, claim)) == ("200.00", "paid")
    for act, body in (("review", None), ("request", MISSING), ("decision", APPROVE)):
        late = await office.agency("POST", f"/v1/manual-claims/{claim['id']}/{act}", body, operator="other")
        assert (late.status_code, late.json()["code"]) == (409, "manual_claim.state")
    await prove(engine)


async def late_aid(office: Office, agency: Call) -> None:
    """Aid expected, cut by the township's word; the guarantee rises."""
    hospital = await office.county.hospital("level2", "county", aid="on_application", name="申请救助医院")
    held = [*POOR, {"class": "low_income_allowance", "valid_from": "2015-01-01"}]
    _, patient = await office.county.person(held, bank_account=account())
    body = claim_body(hospital, patient)["visit"]
    settled = await done(await agency("POST", "/v1/settlements", body))
    assert settled["expected_aid"] != "0.00"
    application = await done(
        await agency("POST", "/v1/aid-applications", {"settlement_id": settled["id"]}, operator="clerk")
    )
    decision = {"outcome": "cut", "granted": "10.00", "reason": "按差额核定"}
    path = f"/v1/aid-applications/{application['id']}/decision"
    await done(await agency("POST", path, decision, operator="chief"), 200)


async def injury(office: Office, agency: Call, third_party: str) -> None:
    hospital = await office.county.hospital("level2", "county")
    _, patient = await office.county.person(POOR, bank_account=account())
    body = claim_body(hospital, patient, injury={"third_party": "unknown", "note": ""})["visit"]
    settled = await done(await agency("POST", "/v1/settlements", body))
    outcome = {"third_party": third_party, "note": "已查明"}
    await done(await agency("POST", f"/v1/injuries/{settled['id']}/outcome", outcome, operator="chief"), 200)


async def test_after_every_way_the_books_prove_and_a_file_is_paid_in_full(office: Office, engine: AsyncEngine) -> None:
    agency = office.agency
    hospital = await office.county.hospital("level2", "county")
    _, patient = await office.county.person(POOR, bank_account=account())
    content = csv_of(row_of(patient, hospital), row_of(id_no(11_900), hospital))
    said = {"data": {"agreement_on": "2018-06-01"}, "files": {"file": ("a.csv", content)}}
    made = await done(await agency("POST", "/v1/backpay", **said))
    made = await done(await agency("POST", f"/v1/backpay/{made['id']}/post"), 200)
    assert (made["amount"], made["paid"], made["overdue"]) == ("1499.50", "0.00", True)
    _, claimant = await office.county.person(POOR, bank_account=account())
    await to_approval(office, claim_body(hospital, claimant, "outage"))
    await late_aid(office, agency)
    await injury(office, agency, "liable_unpaid")
    await injury(office, agency, "liable_paid")

    batch = await office.released()
    await office.answer(batch["id"], bank(await office.file(batch["id"])))

    paid = await done(await agency("GET", f"/v1/backpay/{made['id']}"), 200)
    assert (paid["paid"], paid["overdue"]) == ("1499.50", False)
    overdue = await done(await agency("GET", "/v1/backpay?overdue=true"), 200)
    assert overdue["items"] == []
    assert (await office.states()).get("unbilled") is None
    await prove(engine)


async def prove(engine: AsyncEngine) -> None:
    """What `onestop verify` finds wrong: nothing."""
    async with transaction_on(engine) as tx:
        found = await found_wrong(tx)
        zero = await tx.scalar(text("SELECT count(*) FROM ledger_entries"))
    assert named(found) == [], found[:5]
    assert zero
