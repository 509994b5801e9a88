"""Offsets of a prepayment that must be undone, because the transfer that brought the prepayment came back."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from service.ids import new_id
from service.ledger.model import Cause, State
from service.reconciliation import clearing
from service.reconciliation.deductions import actions, store
from service.reconciliation.deductions.actions import Asked
from service.reconciliation.deductions.refusals import OffsetCarried
from service.reconciliation.desk import Desk
from service.reconciliation.statements import actions as statements

Row = dict[str, Any]
_OFFSETS: Final = text("""
    SELECT d.id, d.statement_id, d.amount, EXISTS (SELECT FROM statement_carries c
        WHERE c.county_code = s.county_code AND c.statement_id = s.id) AS carried
    FROM deductions d JOIN statements s ON s.county_code = d.county_code AND s.id = d.statement_id
    WHERE s.county_code = :county_code AND s.payer = :payer AND s.hospital_code = :hospital_code
        AND d.kind = 'prepayment_offset' AND NOT EXISTS (SELECT FROM deduction_releases f
            WHERE f.county_code = d.county_code AND f.deduction_id = d.id)
    ORDER BY d.at DESC, d.id DESC
""")


async def standing(desk: Desk, payment: Row) -> list[Row]:
    """The offsets of prepayments between the parties of a transfer, newest first."""
    key = {name: payment[name] for name in ("county_code", "payer", "hospital_code")}
    return [dict(row) for row in (await desk.tx.execute(_OFFSETS, key)).mappings()]


async def give_back(desk: Desk, payment: Row, short: int, reason: str) -> tuple[UUID, int] | None:
    """
    Undo the newest offsets until what is short (fen) is there again; their statements, whose locks the caller holds,
    are owed again. Gives the statement and the amount that the last of them covered rightly, to be offset anew.

    Raises deduction.offset_carried where such a statement was carried into another.
    """
    for offset in await standing(desk, payment):
        if offset["carried"]:
            raise OffsetCarried("/payment_id")
        release_id, county_code = new_id(desk.now), payment["county_code"]
        row = {"county_code": county_code, "id": release_id, "deduction_id": offset["id"], "reason": reason}
        await store.release(desk.tx, row | desk.author())
        await clearing.enter(desk, county_code, release_id, Cause.RELEASE)
        await clearing.undo(
            desk.tx,
            county_code,
            offset["id"],
            release_id,
            state=State.DEDUCTED,
            opened=State.BILLED,
            on_day=desk.today,
            statement_id=offset["statement_id"],
        )
        parties = payment["payer"], payment["hospital_code"]
        await clearing.post_prepaid(desk, county_code, *parties, release_id, offset["amount"])
        statement = await statements.find(desk, offset["statement_id"])
        await statements.tell(desk, "statement.released", statement, amount=offset["amount"])
        short -= offset["amount"]
        if short <= 0:
            return (offset["statement_id"], -short) if short else None
    raise AssertionError("more was offset than was ever paid ahead")


async def offset_anew(desk: Desk, statement_id: UUID, amount: int, reason: str) -> None:
    """Offset again what other transfers had brought."""
    statement = await statements.find(desk, statement_id)
    await actions.take(desk, statement, Asked("prepayment_offset", amount, (), None, reason))
