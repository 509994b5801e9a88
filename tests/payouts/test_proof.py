"""After everything that can happen to money for patients the books prove, and a changed row is named."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db import transaction_on
from tests.cases.county import done
from tests.payouts.office import Office, bank
from tests.payouts.test_cycles import patient, run, visit
from tests.proof.scene import found_wrong, named

CLEARED = {"reason": "已核实"}


@pytest.fixture
async def everything(office: Office) -> None:
    """A cycle with a difference taken back, a batch withdrawn, transfers paid, returned, re-issued and back late."""
    _, chronic = await patient(office)
    first = await visit(office, chronic, "2000.00", "2018-03-05")
    await visit(office, chronic, "1000.00", "2018-04-05")
    await run(office, "2018-01-01")
    made = await office.batch()
    path = f"/v1/payout-batches/{made['batch']['id']}/withdrawal"
    await done(await office.insurer("POST", path, {"reason": "重新制单"}), 200)
    await office.owed("10000.00")

    batch = await office.released()
    file = await office.file(batch["id"])
    await office.answer(batch["id"], bank(file, {file[0]["收款账号"]: "账户不存在"}))
    [back] = await office.items("?status=returned")
    await done(await office.agency("POST", f"/v1/payout-items/{back['id']}/clearance", CLEARED, operator="clerk"), 200)
    batch = await office.released()
    await office.answer(batch["id"], bank(await office.file(batch["id"])))
    late = (await office.items("?status=paid"))[0]
    body = {"returned_on": "2018-12-17", "reason": "账户已销户"}
    await done(await office.insurer("POST", f"/v1/payout-items/{late['id']}/return", body), 200)

    await done(await office.agency("POST", f"/v1/payout-items/{late['id']}/clearance", CLEARED, operator="clerk"), 200)

    reversal = {"reason": "误结算", "chain": True}
    await done(await office.agency("POST", f"/v1/settlements/{first}/reversal", reversal))
    await run(office, "2018-01-01")
    await office.stay(chronic, "30000.00")
    await office.batch()


@pytest.mark.usefixtures("everything")
async def test_everything_that_happened_is_right(engine: AsyncEngine) -> None:
    async with transaction_on(engine) as tx:
        found = await found_wrong(tx)
    assert named(found) == [], found[:5]


TAMPERINGS = {
    "payout_batches": "UPDATE payout_batches SET total = total + 1 WHERE number = 2",
    "payout_items": "UPDATE payout_items SET amount = amount + 1 WHERE line_no = 1",
    "payout_parts": "UPDATE payout_parts SET amount = amount + 1 WHERE position = 0",
    "payout_outcomes": "UPDATE payout_outcomes SET outcome = 'returned', reason = 'x' WHERE outcome = 'paid'"
    " AND item_id NOT IN (SELECT item_id FROM payout_outcomes WHERE outcome = 'returned')",
    "payout_steps": "UPDATE payout_steps s SET operator = b.operator FROM payout_batches b"
    " WHERE b.id = s.batch_id AND s.kind = 'released'",
    "cycle_lines": "UPDATE cycle_lines SET difference = difference - 1 WHERE serial > 1",
}


@pytest.mark.usefixtures("everything")
async def test_a_changed_row_is_found(engine: AsyncEngine, wrong_after: Callable[[str], Awaitable[set[str]]]) -> None:
    for table, statement in TAMPERINGS.items():
        assert await wrong_after(statement), table


@pytest.fixture
def wrong_after(engine: AsyncEngine) -> Callable[[str], Awaitable[set[str]]]:
    """The tables of what is found wrong after a change that is undone again."""

    async def tampered(statement: str) -> set[str]:
        async with engine.connect() as tx, tx.begin() as transaction:
            await tx.execute(text("SET LOCAL session_replication_role = replica"))
            changed = await tx.execute(text(statement))
            assert changed.rowcount > 0, statement
            tables = {one.table for one in await found_wrong(tx)}
            await transaction.rollback()
        return tables

    return tampered
