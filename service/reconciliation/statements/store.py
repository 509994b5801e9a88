"""Statements and their lines read again, each caller only what is theirs to see."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims.described import persons_of
from service.reconciliation.desk import Desk
from service.reconciliation.matching.corrected import OPEN
from service.reconciliation.statements.outstanding import MOVED, OUTSTANDING

_STATEMENTS: Final = (
    """
WITH found AS (
    SELECT s.*, s.lines_total + s.carried_forward AS total, p.paid, p.on_the_way,
        d.deducted - r.released AS deducted, h.held, k.into_id AS carried_into, g.at AS deemed_at,
        @outstanding@ AS outstanding,
        c.hospital AS hospital_confirmed_at, c.payer AS payer_confirmed_at, o.open_differences
    FROM statements s
    @moved@
    CROSS JOIN LATERAL (
        SELECT max(at) FILTER (WHERE side = 'hospital') AS hospital, max(at) FILTER (WHERE side = 'payer') AS payer
        FROM statement_confirmations WHERE county_code = s.county_code AND statement_id = s.id) c
    CROSS JOIN LATERAL (
        SELECT count(*) AS open_differences FROM differences d
        WHERE d.county_code = s.county_code AND d.statement_id = s.id AND d.match_id IS NOT NULL AND @open@) o
    LEFT JOIN statement_carries k ON k.county_code = s.county_code AND k.statement_id = s.id
    LEFT JOIN statement_deemings g ON g.county_code = s.county_code AND g.statement_id = s.id
    WHERE {scope}
), judged AS (
    SELECT *, CASE
        WHEN carried_into IS NOT NULL OR (outstanding = 0 AND on_the_way = 0) THEN 'closed'
        WHEN outstanding = 0 THEN 'paid'
        WHEN hospital_confirmed_at IS NOT NULL AND payer_confirmed_at IS NOT NULL THEN 'confirmed'
        WHEN deemed_at IS NOT NULL OR (deemed_on < :today AND open_differences = 0) THEN 'confirmed'
        ELSE 'issued' END AS status,
        (carried_into IS NULL AND outstanding > 0 AND due_on < :today) AS overdue
    FROM found
)
SELECT * FROM judged WHERE {filters} ORDER BY period_from DESC, id LIMIT :limit
""".replace("@outstanding@", OUTSTANDING)
    .replace("@moved@", MOVED)
    .replace("@open@", OPEN)
)
_LINES: Final = """
    SELECT l.line_no, l.origin, l.settlement_id, l.case_id, l.kind, l.amount, l.original_line_no,
        o.period AS original_period
    FROM statement_lines l
    LEFT JOIN statements o ON o.county_code = l.county_code AND o.id = l.original_statement_id
    WHERE l.county_code = :county_code AND l.statement_id = :statement_id {more}
"""
_LAYERS: Final = text("""
    SELECT p.layer, sum(CASE WHEN p.target = 'billed' THEN p.amount ELSE -p.amount END)::bigint AS amount
    FROM statement_lines l JOIN postings p
        ON p.county_code = l.county_code AND p.origin = l.origin AND p.entry_id = l.statement_id
    WHERE l.county_code = :county_code AND l.statement_id = :statement_id
    GROUP BY p.layer ORDER BY p.layer
""")

Row = dict[str, Any]
_FILTERS: Final = {
    "period": "period = :period",
    "payer": "payer = :payer",
    "hospital": "hospital_code = :hospital",
    "status": "status = :status",
    "overdue": "overdue = :overdue",
    "open": "(status <> 'closed') = :open",
}


async def statements(
    tx: AsyncConnection,
    desk: Desk,
    filters: dict[str, Any],
    *,
    ids: Sequence[UUID] | None = None,
    after: tuple[date, UUID] | None = None,
    limit: int,
) -> list[Row]:
    """Statements that the caller may see, with what became of them by today; newest period first."""
    values: dict[str, Any] = {"today": desk.today, "limit": limit}
    scope = _scope(desk, values)
    if ids is not None:
        scope += " AND s.id = ANY (CAST(:ids AS uuid[]))"
        values["ids"] = list(ids)
    asked = {name: value for name, value in filters.items() if value is not None}
    where = [_FILTERS[name] for name in asked]
    if after is not None:
        where.append("(period_from < :after_from OR (period_from = :after_from AND id > :after_id))")
        values |= {"after_from": after[0], "after_id": after[1]}
    query = text(_STATEMENTS.format(scope=scope, filters=" AND ".join(where) or "true"))
    return [dict(row) for row in (await tx.execute(query, values | asked)).mappings()]


def _scope(desk: Desk, values: dict[str, Any]) -> str:
    if desk.hospital_code is not None:
        values["own_hospital"] = desk.hospital_code
        return "s.hospital_code = :own_hospital"
    values["own_county"] = desk.county_code
    if desk.payers is not None:
        values["own_payers"] = desk.payers
        return "s.county_code = :own_county AND s.payer = ANY (:own_payers)"
    return "s.county_code = :own_county"


async def lock(tx: AsyncConnection, county_code: str, ids: Sequence[UUID]) -> None:
    """Make whatever moves money of these statements wait for each other."""
    query = "SELECT id FROM statements WHERE county_code = :county_code AND id = ANY (CAST(:ids AS uuid[]))"
    await tx.execute(text(f"{query} ORDER BY id FOR UPDATE"), {"county_code": county_code, "ids": list(ids)})


async def confirm(tx: AsyncConnection, statement: Row, side: str, author: dict[str, Any]) -> bool:
    """Keep a side's confirmation. False where it stands already, or the same client confirmed the other side."""
    query = text("""
        INSERT INTO statement_confirmations (county_code, statement_id, side, client_id, operator, at, reason)
        VALUES (:county_code, :statement_id, :side, :client_id, :operator, :at, :reason)
        ON CONFLICT DO NOTHING RETURNING side
    """)
    key = {"county_code": statement["county_code"], "statement_id": statement["id"], "side": side}
    return await tx.scalar(query, key | author) is not None


async def lines(tx: AsyncConnection, statement: Row, *, after: int = 0, limit: int) -> list[Row]:
    """Lines of a statement by number, those after a number."""
    query = text(_LINES.format(more="AND l.line_no > :after ORDER BY l.line_no LIMIT :limit"))
    return await _lines(tx, query, statement, {"after": after, "limit": limit})


async def sample(tx: AsyncConnection, statement: Row, *, size: int, seed: str) -> list[Row]:
    """Lines drawn for an audit: the same ones for the same seed."""
    drawn = "AND l.line_no IN (SELECT line_no FROM statement_lines WHERE county_code = :county_code"
    drawn += " AND statement_id = :statement_id ORDER BY md5(:seed || origin::text) LIMIT :size) ORDER BY l.line_no"
    return await _lines(tx, text(_LINES.format(more=drawn)), statement, {"size": size, "seed": seed})


async def persons(
    tx: AsyncConnection, statement: Row, *, line_nos: Sequence[int] | None = None, most: int | None = None
) -> list[tuple[str, str]]:
    """County and number of whoever these lines are about, each once; of all lines, or the first `most`."""
    query = text("""
        SELECT settlement_id FROM statement_lines
        WHERE county_code = :county_code AND statement_id = :statement_id
            AND (CAST(:line_nos AS int[]) IS NULL OR line_no = ANY (CAST(:line_nos AS int[])))
        ORDER BY line_no LIMIT :most
    """)
    key = {"county_code": statement["county_code"], "statement_id": statement["id"]}
    ids = await tx.scalars(query, key | {"line_nos": line_nos, "most": most})
    return [(key["county_code"], each) for each in await persons_of(tx, key["county_code"], ids.all())]


async def _lines(tx: AsyncConnection, query: Any, statement: Row, values: dict[str, Any]) -> list[Row]:
    key = {"county_code": statement["county_code"], "statement_id": statement["id"]}
    return [dict(row) for row in (await tx.execute(query, key | values)).mappings()]


async def layer_totals(tx: AsyncConnection, statement: Row) -> dict[str, int]:
    """What a statement bills by layer, from the ledger."""
    key = {"county_code": statement["county_code"], "statement_id": statement["id"]}
    return {row.layer: row.amount for row in await tx.execute(_LAYERS, key)}


async def kind_totals(tx: AsyncConnection, statement: Row) -> list[tuple[str, int, int]]:
    """Kind, number of lines and their sum, of a statement."""
    query = text("""
        SELECT kind, count(*)::int AS lines, sum(amount)::bigint AS amount FROM statement_lines
        WHERE county_code = :county_code AND statement_id = :statement_id GROUP BY kind ORDER BY kind
    """)
    key = {"county_code": statement["county_code"], "statement_id": statement["id"]}
    return [(row.kind, row.lines, row.amount) for row in await tx.execute(query, key)]
