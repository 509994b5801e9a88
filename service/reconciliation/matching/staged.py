"""
The file laid beside our lines, in tables of the transaction: in the database, where both sides fit.

Lists go in as arrays that are joined, never as `= ANY`: a plan made for any list would walk the whole of it per row.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.reconciliation.matching.match import Line

Row = dict[str, Any]
_MAKE: Final = text("""
    CREATE TEMPORARY TABLE match_rows (row_no integer, kind text, reference text, period text, line_no integer,
        case_id uuid, amount bigint, refund boolean) ON COMMIT DROP
""")
_MAKE_LINES: Final = text(
    "CREATE TEMPORARY TABLE match_lines (line_no integer, case_id uuid, amount bigint) ON COMMIT DROP"
)
_COUNT_ANEW: Final = text("ANALYZE match_rows")
_BY_NUMBER: Final = text("""
    UPDATE match_rows r SET case_id = l.case_id
    FROM statements s JOIN statement_lines l ON l.county_code = s.county_code AND l.statement_id = s.id
    WHERE s.county_code = :county_code AND s.payer = :payer AND s.hospital_code = :hospital_code
        AND r.period = s.period AND r.line_no = l.line_no
""")
_VISITS: Final = text("SELECT DISTINCT split_part(reference, '/', 1) FROM match_rows WHERE kind = 'visit'")
_BY_VISIT: Final = text("""
    UPDATE match_rows r SET case_id = v.case_id
    FROM unnest(CAST(:visits AS text[]), CAST(:ids AS uuid[])) AS v (reference, case_id)
    WHERE r.kind = 'visit' AND r.reference = v.reference
""")
_TURN: Final = text("""
    WITH pairs AS (
        SELECT coalesce(case_id::text, reference) AS said, abs(amount) AS size, bool_or(amount < 0) AS signed,
            bool_and(refund) AS flagged
        FROM match_rows GROUP BY 1, 2
    )
    UPDATE match_rows r SET amount = -r.amount FROM pairs p
    WHERE r.refund AND r.amount > 0 AND p.said = coalesce(r.case_id::text, r.reference) AND p.size = r.amount
        AND NOT p.signed AND NOT (p.flagged AND EXISTS (SELECT FROM pairs WHERE signed))
""")
_STATED: Final = "(SELECT * FROM statement_lines WHERE county_code = :county_code AND statement_id = :statement_id)"
_LINES: Final = text("""
    SELECT line_no, case_id::text, settlement_id FROM statement_lines
    WHERE county_code = :county_code AND statement_id = :statement_id AND origin = settlement_id
        AND line_no > :after
    ORDER BY line_no LIMIT :limit
""")
_JOINED: Final = """
    SELECT count(*) AS found, count(*) FILTER (WHERE o.case_id IS NULL) AS theirs_alone,
        count(*) FILTER (WHERE t.row_no IS NULL) AS ours_alone,
        array_agg(coalesce(o.case_id, t.case_id))
            FILTER (WHERE (o.case_id IS NULL OR t.row_no IS NULL) AND coalesce(o.case_id, t.case_id) IS NOT NULL)
            AS suspects
    FROM {ours} o FULL JOIN match_rows t ON t.case_id = o.case_id AND t.amount = o.amount
"""
_REPEATED: Final = """
    SELECT case_id FROM match_rows WHERE case_id IS NOT NULL GROUP BY case_id, amount HAVING count(*) > 1
    UNION
    SELECT case_id FROM {ours} o GROUP BY case_id, amount HAVING count(*) > 1
"""
_OF_CASES: Final = """
    SELECT o.line_no, o.case_id::text, o.amount FROM unnest(CAST(:cases AS uuid[])) AS asked (case_id)
    JOIN {ours} o ON o.case_id = asked.case_id ORDER BY o.line_no
"""
_ROWS: Final = text("""
    SELECT r.row_no, r.reference, r.case_id::text, r.amount FROM match_rows r
    LEFT JOIN unnest(CAST(:cases AS uuid[])) AS asked (case_id) ON asked.case_id = r.case_id
    WHERE r.case_id IS NULL OR asked.case_id IS NOT NULL ORDER BY r.row_no
""")
_TOTALS: Final = text("SELECT count(*), coalesce(sum(amount), 0)::bigint FROM match_rows")


class FileLine(NamedTuple):
    """A row of the file as it is staged: with the case that it means, or the claim number's parts, where it says so."""

    row_no: int
    kind: str
    reference: str
    period: str | None
    line_no: int | None
    case_id: str | None
    amount: int
    refund: bool


class Sides(NamedTuple):
    """
    What is compared: a statement and the file beside it. `funds`: by what all funds pay together, `match_lines`;
    else by the statement's own lines. `line_count` and `row_count` say how many each side has, `total` what the lines
    sum to (fen).
    """

    statement: Row
    funds: bool
    line_count: int
    total: int
    row_count: int

    @property
    def key(self) -> dict[str, Any]:
        return {"county_code": self.statement["county_code"], "statement_id": self.statement["id"]}

    def sql(self, query: str) -> Any:
        return text(query.format(ours="match_lines" if self.funds else _STATED))


async def make(tx: AsyncConnection) -> None:
    """An empty table for the file's rows, gone with the transaction."""
    await tx.execute(_MAKE)


async def add(tx: AsyncConnection, rows: Iterable[FileLine]) -> None:
    """Lay rows of the file into it."""
    await _copy(tx, "match_rows", rows)


async def _copy(tx: AsyncConnection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    raw = await tx.get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.copy_records_to_table(table, records=rows)


async def resolve_numbers(tx: AsyncConnection, statement: Row) -> None:
    """Say which cases the claim numbers of our statements mean."""
    await tx.execute(_COUNT_ANEW)
    names = ("county_code", "payer", "hospital_code")
    await tx.execute(_BY_NUMBER, {name: statement[name] for name in names})


async def visits(tx: AsyncConnection) -> list[str]:
    """The visits that the file names."""
    return list(await tx.scalars(_VISITS))


async def resolve_visits(tx: AsyncConnection, cases: Mapping[str, UUID]) -> None:
    """Say which cases the visits mean."""
    await tx.execute(_BY_VISIT, {"visits": list(cases), "ids": list(cases.values())})


async def turn_refunds(tx: AsyncConnection) -> None:
    """
    Give flagged refunds their minus, where the file leaves it out.

    Files differ: most write the refund with a minus, and some flag the refunded row beside it too. So a flagged row
    stands as it is where its pair has a minus, and where nothing but flagged rows of its kind are there in a file
    that does write minuses.
    """
    await tx.execute(_TURN)


async def totals(tx: AsyncConnection) -> tuple[int, int]:
    """How many rows the file has, and what they sum to (fen)."""
    row = (await tx.execute(_TOTALS)).one()
    return row[0], row[1]


async def settled_lines(tx: AsyncConnection, statement: Row, *, after: int, limit: int) -> list[tuple[int, str, UUID]]:
    """
    Number, case and settlement of the lines that a settlement, a reversal or a version began, those after a number.

    Not those of what was held back or refused before: the same settlement was compared in its own period.
    """
    values = {"county_code": statement["county_code"], "statement_id": statement["id"], "after": after, "limit": limit}
    return [(row[0], row[1], row[2]) for row in await tx.execute(_LINES, values)]


async def make_lines(tx: AsyncConnection) -> None:
    """An empty table for what all funds pay of our lines, gone with the transaction."""
    await tx.execute(_MAKE_LINES)


async def add_lines(tx: AsyncConnection, lines: Iterable[tuple[int, str, int]]) -> None:
    """Lay line number, case and what all funds pay (fen) into it."""
    await _copy(tx, "match_lines", lines)


async def differing(tx: AsyncConnection, sides: Sides) -> set[UUID]:
    """
    Cases of which a line has no equal row, a row no equal line, or either stands more than once.

    Exact: the amounts are compared as whole fen, line by line. Where every line has met exactly one row, the counts
    say that nothing stands twice, and nobody has to look for it.
    """
    joined = (await tx.execute(sides.sql(_JOINED), sides.key)).one()
    suspects: set[UUID] = set(joined.suspects or ())
    pairs = joined.found - joined.ours_alone - joined.theirs_alone
    if (pairs + joined.ours_alone, pairs + joined.theirs_alone) != (sides.line_count, sides.row_count):
        suspects.update(await tx.scalars(sides.sql(_REPEATED), sides.key))
    return suspects


async def lines(tx: AsyncConnection, sides: Sides, cases: Sequence[str]) -> list[Line]:
    """Our lines of some cases."""
    values = sides.key | {"cases": list(cases)}
    return [Line(*row) for row in await tx.execute(sides.sql(_OF_CASES), values)]


async def rows(tx: AsyncConnection, cases: Sequence[str]) -> list[tuple[int, str, str | None, int]]:
    """Their rows of some cases, and those that mean nothing to us: row number, reference, case, amount."""
    return [(row[0], row[1], row[2], row[3]) for row in await tx.execute(_ROWS, {"cases": list(cases)})]
