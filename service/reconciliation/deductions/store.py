"""Deductions and their releases, kept and read."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.reconciliation.tables import deduction_releases, deductions, line_holds

Row = dict[str, Any]
_COLUMNS: Final = "county_code, id, statement_id, kind, amount, lines, document_no, reason, at"
_DEDUCTIONS: Final = f"""
    SELECT {_COLUMNS}, released, amount AS taken, 0::bigint AS left FROM (
        SELECT d.*, f.id IS NOT NULL AS released FROM deductions d
        LEFT JOIN deduction_releases f ON f.county_code = d.county_code AND f.deduction_id = d.id
        WHERE d.county_code = :county_code AND d.statement_id = :statement_id AND d.kind <> 'recovery') d
    UNION ALL
    SELECT {_COLUMNS}, false, taken, amount - everywhere FROM (
        SELECT r.county_code, r.id, r.statement_id, 'recovery' AS kind, r.amount, r.lines, r.document_no,
            r.reason, r.at,
            coalesce(sum(d.amount) FILTER (WHERE d.statement_id = :statement_id), 0)::bigint AS taken,
            coalesce(sum(d.amount), 0)::bigint AS everywhere
        FROM recoveries r LEFT JOIN deductions d ON d.county_code = r.county_code AND d.recovery_id = r.id
        WHERE r.county_code = :county_code GROUP BY r.county_code, r.id
        HAVING r.statement_id = :statement_id OR bool_or(d.statement_id = :statement_id)) r
    ORDER BY at, id
"""
_RECOVERABLE: Final = text("""
    SELECT greatest(0, s.lines_total
        - coalesce((SELECT sum(h.amount) FROM line_holds h
            WHERE h.county_code = s.county_code AND h.statement_id = s.id), 0)
        - coalesce((SELECT sum(d.amount) FROM deductions d WHERE d.county_code = s.county_code
            AND d.statement_id = s.id AND d.kind IN ('refusal', 'difference')), 0)
        - coalesce((SELECT sum(r.amount) FROM recoveries r
            WHERE r.county_code = s.county_code AND r.statement_id = s.id), 0))::bigint
    FROM statements s WHERE s.county_code = :county_code AND s.id = :statement_id
""")

_TAKEN: Final = text("""
    SELECT o.case_id, p.layer, sum(p.amount)::bigint AS amount FROM postings p
    JOIN ledger_entries o ON o.county_code = p.county_code AND o.id = p.origin
    WHERE p.county_code = :county_code AND p.entry_id = :deduction_id AND p.entry_id <> p.origin
        AND p.target = 'deducted'
    GROUP BY o.case_id, p.layer
""")


async def add(tx: AsyncConnection, deduction: Row) -> None:
    await tx.execute(insert(deductions).values(deduction))


async def release(tx: AsyncConnection, row: Row) -> bool:
    """Keep a release. False where the deduction was released already."""
    statement = insert_or(deduction_releases).values(row).on_conflict_do_nothing()
    return await tx.scalar(statement.returning(deduction_releases.c.id)) is not None


async def hold(tx: AsyncConnection, row: Row) -> None:
    await tx.execute(insert(line_holds).values(row))


async def of_statement(tx: AsyncConnection, county_code: str, statement_id: UUID) -> list[Row]:
    """
    Deductions of a statement, oldest first; `taken` is what was taken of this statement.

    A recovery stands with its whole amount, on the statement of the finding and on each that it is offset against;
    `left` is what no statement has given yet.
    """
    found = await tx.execute(text(_DEDUCTIONS), {"county_code": county_code, "statement_id": statement_id})
    return [dict(row) for row in found.mappings()]


async def find(tx: AsyncConnection, county_code: str, statement_id: UUID, deduction_id: UUID) -> Row | None:
    found = await of_statement(tx, county_code, statement_id)
    return next((row for row in found if row["id"] == deduction_id), None)


async def taken(tx: AsyncConnection, county_code: str, deduction_id: UUID) -> dict[UUID, dict[str, int]]:
    """Of which cases a deduction took how much, by layer (fen)."""
    found: dict[UUID, dict[str, int]] = {}
    for row in await tx.execute(_TAKEN, {"county_code": county_code, "deduction_id": deduction_id}):
        found.setdefault(UUID(bytes=row.case_id.bytes), {})[row.layer] = row.amount
    return found


async def line_numbers(tx: AsyncConnection, statement: Row, line_nos: Sequence[int]) -> set[int]:
    """Those of some numbers that are lines of a statement."""
    query = text("""
        SELECT line_no FROM statement_lines WHERE county_code = :county_code AND statement_id = :statement_id
            AND line_no = ANY (CAST(:line_nos AS bigint[]))
    """)
    key = {"county_code": statement["county_code"], "statement_id": statement["id"], "line_nos": list(line_nos)}
    return set(await tx.scalars(query, key))


async def recoverable(tx: AsyncConnection, statement: Row) -> int:
    """What a recovery that names no lines may take for a statement: its lines less what was taken of them (fen)."""
    key = {"county_code": statement["county_code"], "statement_id": statement["id"]}
    found: int = await tx.scalar(_RECOVERABLE, key)
    return found
