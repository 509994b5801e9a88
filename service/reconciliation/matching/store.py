"""What we know of the cases that a file differs in, and the file as it is kept."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.reconciliation.matching.tables import matches

Row = dict[str, Any]
_CASES: Final = text("""
    SELECT e.id::text, e.case_id::text FROM unnest(CAST(:ids AS uuid[])) AS asked (id)
    JOIN ledger_entries e ON e.county_code = :county_code AND e.id = asked.id
    WHERE e.case_id IS NOT NULL
""")
_CLAIMS: Final = text("""
    WITH cases AS (SELECT unnest(CAST(:ids AS uuid[])) AS id), begun AS (
        SELECT e.id, e.case_id FROM cases c JOIN ledger_entries e ON e.county_code = :county_code AND e.id = c.id
        UNION
        SELECT e.id, e.case_id FROM cases c
        JOIN ledger_entries e ON e.county_code = :county_code AND e.case_id = c.id AND e.case_id <> e.id
    )
    SELECT b.case_id::text, b.id, p.payer,
        sum(CASE WHEN p.source = 'fund' THEN p.amount ELSE -p.amount END)::bigint AS amount, max(s.period) AS period
    FROM begun b
    JOIN postings p ON p.county_code = :county_code AND p.origin = b.id AND p.entry_id = b.id AND p.payee = :payee
    LEFT JOIN statement_lines l ON l.county_code = :county_code AND l.payer = p.payer AND l.origin = b.id
    LEFT JOIN statements s ON s.county_code = :county_code AND s.id = l.statement_id
    GROUP BY b.case_id, b.id, p.payer ORDER BY 1, 2, 3
""")


class Begun(NamedTuple):
    """What a payer owes since an entry of a case (fen), and the period in which it was billed, if it was."""

    case: str
    entry_id: UUID
    payer: str
    amount: int
    period: str | None


async def cases(tx: AsyncConnection, county_code: str, ids: Sequence[str]) -> dict[str, str]:
    """The case that each settlement, reversal or version belongs to, of those the ledger knows."""
    found = await tx.execute(_CASES, {"county_code": county_code, "ids": list(ids)})
    return {row[0]: row[1] for row in found}


async def begun(tx: AsyncConnection, county_code: str, payee: str, ids: Sequence[str]) -> list[Begun]:
    """Every claim of some cases that a payee has, whoever pays and whenever it was billed."""
    values = {"county_code": county_code, "ids": list(ids), "payee": payee}
    return [Begun(*row) for row in await tx.execute(_CLAIMS, values)]


async def keep(tx: AsyncConnection, match: Row) -> None:
    await tx.execute(insert(matches).values(match))
