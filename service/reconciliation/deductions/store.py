"""Deductions and their releases, kept and read."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.reconciliation.tables import deduction_releases, deductions, line_holds

Row = dict[str, Any]
_DEDUCTIONS: Final = """
    SELECT d.*, f.id IS NOT NULL AS released FROM deductions d
    LEFT JOIN deduction_releases f ON f.county_code = d.county_code AND f.deduction_id = d.id
    WHERE d.county_code = :county_code AND {where} ORDER BY d.id
"""


async def add(tx: AsyncConnection, deduction: Row) -> None:
    await tx.execute(insert(deductions).values(deduction))


async def release(tx: AsyncConnection, row: Row) -> bool:
    """Keep a release. False where the deduction was released already."""
    statement = insert_or(deduction_releases).values(row).on_conflict_do_nothing()
    return await tx.scalar(statement.returning(deduction_releases.c.id)) is not None


async def hold(tx: AsyncConnection, row: Row) -> None:
    await tx.execute(insert(line_holds).values(row))


async def of_statement(tx: AsyncConnection, county_code: str, statement_id: UUID) -> list[Row]:
    """Deductions of a statement, oldest first."""
    query = text(_DEDUCTIONS.format(where="d.statement_id = :statement_id"))
    found = await tx.execute(query, {"county_code": county_code, "statement_id": statement_id})
    return [dict(row) for row in found.mappings()]


async def find(tx: AsyncConnection, county_code: str, statement_id: UUID, deduction_id: UUID) -> Row | None:
    query = text(_DEDUCTIONS.format(where="d.statement_id = :statement_id AND d.id = :id"))
    values = {"county_code": county_code, "statement_id": statement_id, "id": deduction_id}
    row = (await tx.execute(query, values)).mappings().one_or_none()
    return dict(row) if row is not None else None
