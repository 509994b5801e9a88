"""
Recoveries after inspection: kept once per document, and offset against the hospital's statements until used up.

What the statement of the finding can still take is taken at once; the rest is taken of each later statement when it
is issued, the oldest document first. No settlement changes: the patient's bill stays as it is.
"""

from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.ledger.model import Cause, State
from service.reconciliation import clearing
from service.reconciliation.deductions import store
from service.reconciliation.deductions.tables import recoveries, recovery_cases
from service.reconciliation.desk import Desk

Row = dict[str, Any]
_LEFT: Final = text("""
    SELECT r.*, r.amount - coalesce((SELECT sum(d.amount) FROM deductions d
        WHERE d.county_code = r.county_code AND d.recovery_id = r.id), 0)::bigint AS open
    FROM recoveries r
    WHERE r.county_code = :county_code AND r.payer = :payer AND r.hospital_code = :hospital_code
    ORDER BY r.id
""")


async def keep(tx: AsyncConnection, recovery: Row, cases: dict[UUID, int]) -> bool:
    """Keep a recovery and what of it is for which case. False where its document was used for the pair before."""
    statement = insert_or(recoveries).values(recovery).on_conflict_do_nothing()
    if await tx.scalar(statement.returning(recoveries.c.id)) is None:
        return False
    key = {"county_code": recovery["county_code"], "recovery_id": recovery["id"]}
    if cases:
        rows = [key | {"case_id": case_id, "amount": amount} for case_id, amount in sorted(cases.items())]
        await tx.execute(insert(recovery_cases), rows)
    return True


async def left(tx: AsyncConnection, county_code: str, payer: str, hospital_code: str) -> list[Row]:
    """Recoveries of a payer from a hospital that are not used up, oldest first; `open`: what is left, in fen."""
    key = {"county_code": county_code, "payer": payer, "hospital_code": hospital_code}
    rows = (await tx.execute(_LEFT, key)).mappings()
    return [dict(row) for row in rows if row["open"]]


async def take(desk: Desk, statement: Row, recovery: Row, amount: int, line_nos: list[int]) -> None:
    """Take a part of a recovery of a statement whose lock the caller holds."""
    # One part per statement and document, so a run that was killed makes the same one again.
    part = {
        "county_code": statement["county_code"],
        "id": uuid5(statement["id"], str(recovery["id"])),
        "statement_id": statement["id"],
        "kind": "recovery",
        "amount": amount,
        "lines": line_nos,
        "document_no": recovery["document_no"],
        "reason": recovery["reason"],
        "recovery_id": recovery["id"],
        **desk.author(),
    }
    await store.add(desk.tx, part)
    await clearing.enter(desk, statement["county_code"], part["id"], Cause.DEDUCTION)
    moved = await clearing.move(desk, statement, part["id"], amount, State.DEDUCTED, line_nos=line_nos or None)
    assert moved == amount, "what was open of the lines is not what was open of the statement"


async def offset(desk: Desk, statement: Row) -> list[tuple[Row, int]]:
    """Offset what is left of the pair's recoveries against a statement just issued; gives what was taken of each."""
    taken: list[tuple[Row, int]] = []
    open_amount: int = statement["outstanding"]
    names = ("county_code", "payer", "hospital_code")
    for recovery in await left(desk.tx, *(statement[name] for name in names)):
        amount = min(recovery["open"], open_amount)
        if amount <= 0:
            break
        await take(desk, statement, recovery, amount, [])
        taken.append((recovery, amount))
        open_amount -= amount
    return taken
