"""Whatever is written once of the money to patients is sealed: a row that is changed afterwards is named."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.clock import Clock
from service.db import transaction_on
from service.proof.seals.actions import seal
from service.proof.seals.model import BY_NAME, KINDS
from tests.cases.county import COUNTY, done
from tests.payouts.claimants import claim_body
from tests.payouts.office import POOR, Office, account, bank
from tests.payouts.test_backpay import csv_of, row_of
from tests.payouts.test_cycles import patient, run, visit
from tests.payouts.test_proof import wrong_after
from tests.payouts.test_whole_life import late_aid, to_approval
from tests.proof.scene import found_wrong, named

__all__ = ["wrong_after"]


@pytest.fixture
async def sealed(office: Office, engine: AsyncEngine) -> None:
    """Every way on which money reaches a patient, a batch that the bank has answered, and a near miss dismissed."""
    agency = office.agency
    _, chronic = await patient(office)
    await visit(office, chronic, "4000.00", "2018-03-05")
    await run(office, "2018-01-01")
    await late_aid(office, agency)
    hospital = await office.county.hospital("level2", "county")
    _, before = await office.county.person(POOR, bank_account=account())
    said = {"data": {"agreement_on": "2018-06-01"}, "files": {"file": ("a.csv", csv_of(row_of(before, hospital)))}}
    made = await done(await agency("POST", "/v1/backpay", **said))
    await done(await agency("POST", f"/v1/backpay/{made['id']}/post"), 200)
    claim = await to_approval(office, claim_body(hospital, chronic, "outage"))
    other = await office.county.hospital("township", "county")
    days: dict[str, Any] = {"admitted_on": "2018-06-09", "discharged_on": "2018-06-09", "fee_lines": [LINE]}
    body = claim_body(other, chronic, **days)["visit"]
    await done(await agency("POST", "/v1/settlements", body))
    await dismiss(office)
    batch = await office.released()
    await office.answer(batch["id"], bank(await office.file(batch["id"])))
    await seal(engine, COUNTY, Clock())
    assert claim["state"] == "approved"


LINE = {
    "line_no": 1,
    "item_code": "T-A",
    "unit_price": "100.00",
    "quantity": "1",
    "amount": "100.00",
    "grade": "A",
    "charged_on": "2018-06-09",
}


async def dismiss(office: Office) -> None:
    [pair] = (await done(await office.agency("GET", "/v1/encounters/near-misses"), 200))["items"]
    keys = {"likeness": pair["likeness"], "encounters": [side["key"] for side in pair["encounters"]], "reason": "转院"}
    await done(await office.agency("POST", "/v1/encounters/near-misses/dismissals", keys, operator="chief"))


TAMPERINGS = {
    "payout_sources": "SET due_on = '2030-01-01'",
    "payout_batches": "SET pay_on = '2030-01-01'",
    "payout_items": "SET relation = 'x'",
    "payout_parts": "SET payer = 'basic_fund'",
    "payout_steps": "SET reason = 'x'",
    "payout_outcomes": "SET on_day = '2030-01-01'",
    "cycle_lines": "SET pack_hash = 'x'",
    "manual_claims": "SET invoice_no = 'x'",
    "manual_claim_steps": "SET operator = 'x'",
    "manual_claim_documents": "SET media_type = 'x'",
    "aid_applications": "SET due_on = '2030-01-01'",
    "aid_decisions": "SET operator = 'x'",
    "backpay_imports": "SET filename = 'x'",
    "backpay_rows": "SET amount = amount + 1",
    "backpay_posts": "SET operator = 'x'",
    "near_miss_dismissals": "SET operator = 'x'",
}


@pytest.mark.usefixtures("sealed")
async def test_what_is_written_once_is_sealed_and_a_changed_row_is_named(
    engine: AsyncEngine, wrong_after: Callable[[str], Awaitable[set[str]]]
) -> None:
    async with transaction_on(engine) as tx:
        found = await found_wrong(tx)
        kinds = set(await tx.scalars(text("SELECT kind FROM seals")))
    assert named(found) == [], found[:5]
    ours = {kind.name for kind in KINDS if {leaf.table for leaf in kind.leaves} & TAMPERINGS.keys()}
    assert ours <= kinds

    for table, change in TAMPERINGS.items():
        assert table in await wrong_after(f"UPDATE {table} {change}"), table
    assert "backpay_stays" in await wrong_after("DELETE FROM backpay_stays")
    moves_on = "UPDATE manual_claims SET state = 'refused', settlement_id = NULL"
    assert await wrong_after(moves_on) == {"manual_claims"}, "what is not sealed is proved by what is"


async def test_a_claim_goes_on_after_it_was_sealed(office: Office, engine: AsyncEngine) -> None:
    """What moves on is not what was sealed: its state, and that a part of a transfer came to its end."""
    hospital = await office.county.hospital("level2", "county")
    _, claimant = await office.county.person(POOR, bank_account=account())
    claim = await done(await office.agency("POST", "/v1/manual-claims", claim_body(hospital, claimant, "outage")))
    await office.owed()
    batch = await office.released()
    await seal(engine, COUNTY, Clock())

    await done(
        await office.agency("POST", f"/v1/manual-claims/{claim['id']}/request", {"reason": "缺件"}, operator="x"), 200
    )
    await office.answer(batch["id"], bank(await office.file(batch["id"])))

    async with transaction_on(engine) as tx:
        assert named(await found_wrong(tx)) == []


def test_each_kind_is_sealed_once() -> None:
    assert len(BY_NAME) == len(KINDS)
