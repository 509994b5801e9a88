"""
Move what is open of a statement's lines: to paid, to deducted, or off the statement. Line by line, in the ledger.

Lines are taken in their order, those of statements carried into this one first. Negative lines (reversals) are
taken whole by the first payment: they are money that the payer keeps.
"""

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.ledger import store as ledger
from service.ledger.model import Cause, Entry, Posting, State, hospital
from service.reconciliation.desk import Desk

Row = dict[str, Any]
PREPAID_LAYER: Final = "prepaid"

_TAKEN: Final = """
chain AS (
    SELECT CAST(:statement_id AS uuid) AS id
    UNION ALL
    SELECT c.statement_id FROM statement_carries c JOIN chain ON c.into_id = chain.id
    WHERE c.county_code = :county_code
), units AS (
    SELECT s.period_from, l.line_no, l.origin, p.layer,
        sum(CASE WHEN p.target = 'billed' THEN p.amount WHEN p.source = 'billed' THEN -p.amount ELSE 0 END)::bigint
            AS billed,
        sum(CASE WHEN p.target = 'returned' THEN p.amount WHEN p.source = 'returned' THEN -p.amount ELSE 0 END)::bigint
            AS returned
    FROM chain
    JOIN statements s ON s.county_code = :county_code AND s.id = chain.id
    JOIN statement_lines l ON l.county_code = :county_code AND l.statement_id = chain.id
    JOIN postings p ON p.county_code = :county_code AND p.origin = l.origin AND p.payer = :payer
        AND p.payee = :payee
    WHERE CAST(:line_nos AS int[]) IS NULL
        OR (l.statement_id = :statement_id AND l.line_no = ANY (CAST(:line_nos AS int[])))
    GROUP BY s.period_from, l.line_no, l.origin, p.layer
), opened AS (
    SELECT *, billed + returned AS open FROM units WHERE billed + returned <> 0
), ordered AS (
    SELECT *, sum(greatest(open, 0)) OVER (ORDER BY period_from, line_no, layer ROWS UNBOUNDED PRECEDING)
            - greatest(open, 0) AS before,
        CASE WHEN :whole THEN sum(least(open, 0)) OVER () ELSE 0 END AS negative
    FROM opened
), taken AS (
    SELECT *, CASE WHEN open < 0 THEN CASE WHEN :whole THEN open ELSE 0 END
        ELSE greatest(0, least(open, :amount - negative - before)) END AS take
    FROM ordered
), parts AS (
    SELECT origin, layer, 'returned' AS state,
        CASE WHEN take < 0 THEN returned ELSE least(take, greatest(returned, 0)) END AS amount FROM taken
    UNION ALL
    SELECT origin, layer, 'billed',
        CASE WHEN take < 0 THEN billed ELSE take - least(take, greatest(returned, 0)) END FROM taken
)
"""
_MOVE: Final = text(f"""
WITH RECURSIVE {_TAKEN}, moved AS (
    INSERT INTO postings (county_code, origin, entry_id, position, amount, on_day, layer, payer, payee, source, target)
    SELECT :county_code, origin, :entry_id, row_number() OVER (PARTITION BY origin ORDER BY layer, state) - 1,
        abs(amount), :on_day, layer, :payer, :payee,
        CASE WHEN amount > 0 THEN state ELSE :target END, CASE WHEN amount > 0 THEN :target ELSE state END
    FROM parts WHERE amount <> 0
)
SELECT coalesce(sum(amount), 0)::bigint FROM parts
""")
_OPEN: Final = text(f"WITH RECURSIVE {_TAKEN} SELECT coalesce(sum(billed + returned), 0)::bigint FROM units")
_UNDO: Final = text("""
    WITH RECURSIVE chain AS (
        SELECT statement_id AS id FROM payment_allocations
        WHERE county_code = :county_code AND payment_id = :undone
        UNION
        SELECT CAST(:statement_id AS uuid) WHERE CAST(:statement_id AS uuid) IS NOT NULL
        UNION
        SELECT c.statement_id FROM statement_carries c JOIN chain ON c.into_id = chain.id
        WHERE c.county_code = :county_code
    )
    INSERT INTO postings (county_code, origin, entry_id, position, amount, on_day, layer, payer, payee, source, target)
    SELECT p.county_code, p.origin, :entry_id, p.position, p.amount, :on_day, p.layer, p.payer, p.payee,
        CASE WHEN p.target = :state THEN :state ELSE :opened END,
        CASE WHEN p.target = :state THEN :opened ELSE :state END
    FROM chain JOIN statement_lines l ON l.county_code = :county_code AND l.statement_id = chain.id
    JOIN postings p ON p.county_code = :county_code AND p.origin = l.origin AND p.entry_id = :undone
""")
_ROLL: Final = text("""
    INSERT INTO postings (county_code, origin, entry_id, position, amount, on_day, layer, payer, payee, source, target)
    SELECT county_code, entry_id, entry_id, row_number() OVER (ORDER BY layer) - 1, abs(sum(signed)), :on_day, layer,
        payer, payee, CASE WHEN sum(signed) > 0 THEN 'fund' ELSE 'unbilled' END,
        CASE WHEN sum(signed) > 0 THEN 'unbilled' ELSE 'fund' END
    FROM (SELECT *, CASE WHEN target = 'fund' THEN amount ELSE -amount END AS signed FROM postings
        WHERE county_code = :county_code AND origin = :origin AND entry_id = :entry_id) moved
    GROUP BY county_code, entry_id, layer, payer, payee HAVING sum(signed) <> 0
""")
_PREPAID: Final = text("""
    SELECT coalesce(sum(CASE WHEN target = 'prepaid' THEN amount ELSE -amount END), 0)::bigint FROM postings
    WHERE county_code = :county_code AND payer = :payer AND payee = :payee AND 'prepaid' IN (source, target)
""")
_PAIR: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:pair, 0))")


def _key(statement: Row) -> dict[str, Any]:
    return {
        "county_code": statement["county_code"],
        "statement_id": statement["id"],
        "payer": statement["payer"],
        "payee": hospital(statement["hospital_code"]),
    }


async def enter(
    desk: Desk,
    county_code: str,
    entry_id: UUID,
    cause: Cause,
    *,
    settlement_id: UUID | None = None,
    case_id: UUID | None = None,
) -> None:
    """Begin an entry of the ledger whose postings follow in the same transaction."""
    await ledger.enter(desk.tx, Entry(county_code, entry_id, cause, settlement_id, case_id, desk.now, desk.today))


async def move(
    desk: Desk,
    statement: Row,
    entry_id: UUID,
    amount: int,
    target: State,
    *,
    line_nos: list[int] | None = None,
    whole: bool = False,
) -> int:
    """
    Move an amount (fen) of what is open to another state, in the order of the lines; gives what was moved.

    `whole` takes the negative lines too (a payment). The caller holds the statement's lock.
    """
    values = _key(statement) | {"entry_id": entry_id, "amount": amount, "target": target, "on_day": desk.today}
    moved: int = await desk.tx.scalar(_MOVE, values | {"line_nos": line_nos, "whole": whole})
    return moved


async def open_of(desk: Desk, statement: Row, line_nos: list[int]) -> int:
    """What is open on some lines of a statement, in fen."""
    values = _key(statement) | {"line_nos": line_nos, "whole": False, "amount": 0}
    found: int = await desk.tx.scalar(_OPEN, values)
    return found


async def undo(
    tx: AsyncConnection,
    county_code: str,
    undone: UUID,
    entry_id: UUID,
    *,
    state: State,
    opened: State,
    on_day: date,
    statement_id: UUID | None = None,
) -> None:
    """Open again what an entry had moved to `state`: its amounts stand as `opened` from now on."""
    values = {"county_code": county_code, "undone": undone, "entry_id": entry_id, "statement_id": statement_id}
    await tx.execute(_UNDO, values | {"state": state, "opened": opened, "on_day": on_day})


async def roll(desk: Desk, statement: Row, line: Row, hold_id: UUID) -> int:
    """
    Take a line off its statement, and begin the same claim anew, to be billed with the next one. Gives the amount.
    """
    county_code = statement["county_code"]
    await enter(desk, county_code, hold_id, Cause.HOLD, settlement_id=line["settlement_id"], case_id=line["case_id"])
    opened = await open_of(desk, statement, [line["line_no"]])
    moved = await move(desk, statement, hold_id, opened, State.FUND, line_nos=[line["line_no"]], whole=True)
    values = {"county_code": county_code, "origin": line["origin"], "entry_id": hold_id, "on_day": desk.today}
    await desk.tx.execute(_ROLL, values)
    return moved


async def prepaid(desk: Desk, county_code: str, payer: str, hospital_code: str) -> int:
    """What a hospital holds of a payer's money without a claim for it; the pair is locked until the end."""
    await desk.tx.execute(_PAIR, {"pair": f"{county_code}/{payer}/{hospital_code}"})
    values = {"county_code": county_code, "payer": payer, "payee": hospital(hospital_code)}
    found: int = await desk.tx.scalar(_PREPAID, values)
    return found


async def post_prepaid(
    desk: Desk, county_code: str, payer: str, hospital_code: str, entry_id: UUID, amount: int
) -> None:
    """Money received before its claim (positive), or used up or sent back (negative), under an entry begun already."""
    source, target = (State.FUND, State.PREPAID) if amount > 0 else (State.PREPAID, State.FUND)
    posting = Posting(PREPAID_LAYER, payer, hospital(hospital_code), source, target, abs(amount))
    await ledger.add(desk.tx, county_code, entry_id, desk.today, [posting])
