"""Transfers: kept, read, and what became of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.reconciliation.desk import Desk
from service.reconciliation.tables import payment_allocations, payment_outcomes, payments
from service.registers.hospitals import store as registered

Row = dict[str, Any]
_PAYMENTS: Final = """
    SELECT p.*, coalesce(o.outcome, 'on_the_way') AS status, a.allocations,
        p.amount - coalesce((SELECT sum(amount) FROM payment_allocations
            WHERE county_code = p.county_code AND payment_id = p.id), 0)::bigint AS prepaid
    FROM payments p
    LEFT JOIN payment_outcomes o ON o.county_code = p.county_code AND o.payment_id = p.id
    CROSS JOIN LATERAL (SELECT coalesce(json_agg(json_build_array(statement_id, asked, amount)
        ORDER BY statement_id), '[]') AS allocations
        FROM payment_allocations WHERE county_code = p.county_code AND payment_id = p.id) a
    WHERE {where} ORDER BY p.id DESC LIMIT :limit
"""


async def add(tx: AsyncConnection, payment: Row, allocations: Sequence[Row]) -> bool:
    """Keep a transfer. False where its payer has used the bank reference already."""
    statement = insert_or(payments).values(payment).on_conflict_do_nothing().returning(payments.c.id)
    if await tx.scalar(statement) is None:
        return False
    if allocations:
        await tx.execute(insert(payment_allocations), list(allocations))
    return True


async def settle(tx: AsyncConnection, outcome: Row) -> bool:
    """Keep what became of a transfer. False where that is known already."""
    statement = insert_or(payment_outcomes).values(outcome).on_conflict_do_nothing()
    return await tx.scalar(statement.returning(payment_outcomes.c.id)) is not None


async def payments_of(
    desk: Desk,
    *,
    ids: Sequence[UUID] | None = None,
    paid_from: date | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[Row]:
    """Transfers that the caller may see, newest first."""
    values: dict[str, Any] = {"limit": limit}
    if desk.hospital_code is not None:
        where, values["hospital_code"] = "p.hospital_code = :hospital_code", desk.hospital_code
    else:
        where, values["county_code"] = "p.county_code = :county_code", desk.county_code
    if desk.payers is not None:
        where, values["payers"] = f"{where} AND p.payer = ANY (:payers)", desk.payers
    if ids is not None:
        where, values["ids"] = f"{where} AND p.id = ANY (CAST(:ids AS uuid[]))", list(ids)
    if paid_from is not None:
        where, values["paid_from"] = f"{where} AND p.paid_on >= :paid_from", paid_from
    if after is not None:
        where, values["after"] = f"{where} AND p.id < :after", after
    found = await desk.tx.execute(text(_PAYMENTS.format(where=where)), values)
    return [dict(row) for row in found.mappings()]


async def is_hospital(tx: AsyncConnection, county_code: str, hospital_code: str) -> bool:
    """Whether a hospital is in the county's register, or has statements from before."""
    if await registered.hospital(tx, county_code, hospital_code) is not None:
        return True
    query = "SELECT EXISTS (SELECT FROM statements WHERE county_code = :county_code AND hospital_code = :hospital_code)"
    return bool(await tx.scalar(text(query), {"county_code": county_code, "hospital_code": hospital_code}))
