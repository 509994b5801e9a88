"""The statements of matching: the file laid beside our lines, in the database, where both sides fit."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.ledger.model import hospital
from service.reconciliation.matching.match import Claim, Line
from service.reconciliation.matching.tables import matches

Row = dict[str, Any]
_MAKE: Final = text("CREATE TEMPORARY TABLE match_rows (row_no integer, reference text, amount bigint) ON COMMIT DROP")
_JOINED: Final = text("""
    SELECT count(*) AS found, count(*) FILTER (WHERE o.reference IS NULL) AS theirs_alone,
        count(*) FILTER (WHERE t.reference IS NULL) AS ours_alone,
        array_agg(coalesce(o.reference, t.reference)) FILTER (WHERE o.reference IS NULL OR t.reference IS NULL)
            AS suspects
    FROM (SELECT case_id::text AS reference, amount FROM statement_lines
        WHERE county_code = :county_code AND statement_id = :statement_id) o
    FULL JOIN match_rows t ON t.reference = o.reference AND t.amount = o.amount
""")
_REPEATED: Final = text("""
    SELECT reference FROM match_rows GROUP BY reference, amount HAVING count(*) > 1
    UNION
    SELECT case_id::text FROM statement_lines WHERE county_code = :county_code AND statement_id = :statement_id
    GROUP BY case_id, amount HAVING count(*) > 1
""")
_LINES: Final = text("""
    SELECT line_no, case_id::text, amount FROM statement_lines
    WHERE county_code = :county_code AND statement_id = :statement_id AND case_id::text = ANY (:cases)
    ORDER BY line_no
""")
_ROWS: Final = text(
    "SELECT row_no, reference, amount FROM match_rows WHERE reference = ANY (:references) ORDER BY row_no"
)
_BILLED: Final = text("""
    SELECT DISTINCT case_id FROM statement_lines
    WHERE county_code = :county_code AND statement_id = :statement_id AND case_id = ANY (CAST(:ids AS uuid[]))
""")
_CASES: Final = text("""
    SELECT id::text, case_id::text FROM ledger_entries
    WHERE county_code = :county_code AND id = ANY (CAST(:ids AS uuid[])) AND case_id IS NOT NULL
""")
_CLAIMS: Final = text("""
    WITH cases AS (SELECT unnest(CAST(:ids AS uuid[])) AS id), begun AS (
        SELECT e.id, e.case_id FROM cases c JOIN ledger_entries e ON e.county_code = :county_code AND e.id = c.id
        UNION
        SELECT e.id, e.case_id FROM cases c
        JOIN ledger_entries e ON e.county_code = :county_code AND e.case_id = c.id AND e.case_id <> e.id
    )
    SELECT b.case_id::text, p.payer, sum(CASE WHEN p.source = 'fund' THEN p.amount ELSE -p.amount END)::bigint,
        max(s.period)
    FROM begun b
    JOIN postings p ON p.county_code = :county_code AND p.origin = b.id AND p.entry_id = b.id AND p.payee = :payee
    LEFT JOIN statement_lines l ON l.county_code = :county_code AND l.payer = p.payer AND l.origin = b.id
    LEFT JOIN statements s ON s.county_code = :county_code AND s.id = l.statement_id
    GROUP BY b.case_id, b.id, p.payer ORDER BY 1, 2
""")
_BY_NUMBER: Final = text("""
    SELECT s.period, l.line_no, l.case_id::text FROM statements s
    JOIN statement_lines l ON l.county_code = s.county_code AND l.statement_id = s.id
    WHERE s.county_code = :county_code AND s.payer = :payer AND s.hospital_code = :hospital_code
        AND s.period = ANY (:periods)
""")
_CORRECTED: Final = text("""
    SELECT coalesce(sum(CASE WHEN p.source = 'fund' THEN p.amount ELSE -p.amount END), 0)::bigint
    FROM statement_lines l
    JOIN ledger_entries e ON e.county_code = l.county_code AND e.case_id = l.case_id
    JOIN postings p ON p.county_code = l.county_code AND p.origin = e.id AND p.entry_id = e.id
    WHERE l.county_code = :county_code AND l.statement_id = :statement_id AND l.line_no = :line_no
        AND e.cause IN ('reversal', 'readjudication') AND e.at > :issued_at
        AND p.payer = :payer AND p.payee = :payee
""")
_TOTALS: Final = text("SELECT count(*), coalesce(sum(amount), 0)::bigint FROM match_rows")


async def load(tx: AsyncConnection, rows: Iterable[tuple[int, str, int]]) -> None:
    """Lay the file's rows into a table of this transaction."""
    await tx.execute(_MAKE)
    raw = await tx.get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.copy_records_to_table("match_rows", records=rows)


async def differing(tx: AsyncConnection, statement: Row, row_count: int) -> list[str]:
    """
    References of which a line has no equal row, a row no equal line, or either stands more than once.

    Exact: the amounts are compared as whole fen, line by line. Where every line has met exactly one row, the counts
    say that nothing stands twice, and nobody has to look for it.
    """
    key = {"county_code": statement["county_code"], "statement_id": statement["id"]}
    joined = (await tx.execute(_JOINED, key)).one()
    suspects = set(joined.suspects or ())
    pairs = joined.found - joined.ours_alone - joined.theirs_alone
    if (pairs + joined.ours_alone, pairs + joined.theirs_alone) != (statement["line_count"], row_count):
        suspects.update(await tx.scalars(_REPEATED, key))
    return sorted(suspects)


async def lines(tx: AsyncConnection, statement: Row, cases: Sequence[str]) -> list[Line]:
    """Our lines of some cases."""
    key = {"county_code": statement["county_code"], "statement_id": statement["id"], "cases": list(cases)}
    return [Line(*row) for row in await tx.execute(_LINES, key)]


async def rows(tx: AsyncConnection, references: Sequence[str]) -> list[tuple[int, str, int]]:
    """Their rows with some references: row number, reference, amount."""
    return [(row[0], row[1], row[2]) for row in await tx.execute(_ROWS, {"references": list(references)})]


async def cases(tx: AsyncConnection, county_code: str, ids: Sequence[UUID]) -> dict[str, str]:
    """The case that each settlement, reversal or version belongs to, of those the ledger knows."""
    found = await tx.execute(_CASES, {"county_code": county_code, "ids": list(ids)})
    return {row[0]: row[1] for row in found}


async def claims(tx: AsyncConnection, county_code: str, payee: str, ids: Sequence[UUID]) -> dict[str, list[Claim]]:
    """Every claim of some cases that a payee has, whoever pays and whenever it was billed."""
    known: dict[str, list[Claim]] = {}
    for case, payer, amount, period in await tx.execute(
        _CLAIMS, {"county_code": county_code, "ids": list(ids), "payee": payee}
    ):
        known.setdefault(case, []).append(Claim(payer, amount, period))
    return known


async def billed(tx: AsyncConnection, statement: Row, ids: Sequence[UUID]) -> set[UUID]:
    """Those of some cases of which a statement has a line."""
    key = {"county_code": statement["county_code"], "statement_id": statement["id"], "ids": list(ids)}
    return set(await tx.scalars(_BILLED, key))


async def by_number(tx: AsyncConnection, statement: Row, periods: Sequence[str]) -> dict[tuple[str, int], str]:
    """The case of each line of some periods, by period and line number."""
    names = ("county_code", "payer", "hospital_code")
    values = {name: statement[name] for name in names} | {"periods": list(periods)}
    return {(row[0], row[1]): row[2] for row in await tx.execute(_BY_NUMBER, values)}


async def corrected(tx: AsyncConnection, statement: Row, line_no: int) -> int:
    """By how much the case of a line was corrected since its statement was issued (fen, negative where it is less)."""
    values = {"county_code": statement["county_code"], "statement_id": statement["id"], "line_no": line_no}
    values |= {"issued_at": statement["at"], "payer": statement["payer"], "payee": hospital(statement["hospital_code"])}
    found: int = await tx.scalar(_CORRECTED, values)
    return found


async def totals(tx: AsyncConnection) -> tuple[int, int]:
    """How many rows the file has, and what they sum to."""
    row = (await tx.execute(_TOTALS)).one()
    return row[0], row[1]


async def keep(tx: AsyncConnection, match: Row) -> None:
    await tx.execute(insert(matches).values(match))
