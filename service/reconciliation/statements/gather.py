"""
What a payer owes a hospital and nobody has billed: gathered, numbered and billed in one statement of SQL.

One statement, so that two runs at once make one set: the second one meets the unique key and writes nothing.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.ledger.model import hospital
from service.policy.model import Clearing
from service.reconciliation.calendar import Period, due_on
from service.reconciliation.desk import Desk
from service.reconciliation.statements.outstanding import CARRIED

_NAMESPACE: Final = UUID("5b0e6c9e-5a0f-5d6e-9a43-459901000004")
_FORMATS: Final = {"month": "YYYY-MM", "quarter": 'YYYY-"Q"Q'}

_BEGINS: Final = """
    p.county_code = :county_code AND p.payer = :payer
    AND ((p.source IN ('fund', 'deducted') AND p.target = 'unbilled') OR (p.source = 'unbilled' AND p.target = 'fund'))
    AND NOT EXISTS (SELECT FROM statement_lines l
        WHERE l.county_code = p.county_code AND l.payer = p.payer AND l.origin = p.origin)
"""
_UNBILLED: Final = f"""
    units AS MATERIALIZED (
        SELECT p.origin, p.layer,
            sum(CASE WHEN p.target = 'unbilled' THEN p.amount ELSE -p.amount END)::bigint AS amount
        FROM postings p WHERE {_BEGINS} AND p.payee = :payee AND (p.on_day <= :last OR p.source = 'deducted')
        GROUP BY p.origin, p.layer
    ), gathered AS (
        SELECT u.origin, sum(u.amount)::bigint AS amount FROM units u GROUP BY u.origin HAVING sum(u.amount) <> 0
    ), carried AS (
        {CARRIED}
    ), sums AS (
        SELECT count(*)::int AS line_count, coalesce(sum(amount), 0)::bigint AS lines_total,
            coalesce((SELECT sum(amount) FROM carried), 0)::bigint AS carried_forward
        FROM gathered
    )
"""
_DRAFT: Final = text(f"WITH {_UNBILLED} SELECT * FROM sums WHERE line_count > 0")
_ISSUE: Final = text(f"""
WITH {_UNBILLED}, statement AS (
    INSERT INTO statements (county_code, id, payer, hospital_code, period, period_from, period_to, lines_total,
        carried_forward, line_count, due_on, deemed_on, client_id, operator, at)
    SELECT :county_code, :id, :payer, :hospital_code, :period, :first, :last, lines_total, carried_forward,
        line_count, :due_on, :deemed_on, :client_id, :operator, :at
    FROM sums WHERE line_count > 0
    ON CONFLICT DO NOTHING RETURNING id
), carries AS (
    INSERT INTO statement_carries (county_code, statement_id, into_id)
    SELECT :county_code, c.id, s.id FROM carried c, statement s
), numbered AS MATERIALIZED (
    SELECT g.origin, g.amount, e.cause, e.settlement_id, e.case_id,
        row_number() OVER (ORDER BY e.at, g.origin) AS line_no
    FROM gathered g JOIN ledger_entries e ON e.county_code = :county_code AND e.id = g.origin
), corrections AS (
    SELECT n.origin, n.cause, o.line_no AS own_line_no, earlier.statement_id, earlier.line_no
    FROM numbered n
    LEFT JOIN numbered o ON o.origin = n.case_id
    LEFT JOIN LATERAL (SELECT l.statement_id, l.line_no FROM statement_lines l
        JOIN statements s ON s.county_code = l.county_code AND s.id = l.statement_id
        WHERE l.county_code = :county_code AND l.payer = :payer AND l.case_id = n.case_id
        ORDER BY s.period_from, l.line_no LIMIT 1) earlier ON true
    WHERE n.cause <> 'settlement'
), lines AS (
    INSERT INTO statement_lines (county_code, statement_id, line_no, origin, settlement_id, case_id, payer, kind,
        amount, original_statement_id, original_line_no)
    SELECT :county_code, s.id, n.line_no, n.origin, n.settlement_id, n.case_id, :payer,
        CASE WHEN n.cause = 'settlement' THEN 'advance'
            WHEN n.cause = 'reversal' AND c.statement_id IS NULL THEN 'reversal' ELSE 'adjustment' END,
        n.amount,
        CASE WHEN c.statement_id IS NOT NULL THEN c.statement_id WHEN c.own_line_no IS NOT NULL THEN s.id END,
        coalesce(c.line_no, c.own_line_no)
    FROM statement s CROSS JOIN numbered n LEFT JOIN corrections c ON c.origin = n.origin
), entry AS (
    INSERT INTO ledger_entries (county_code, id, cause, at, on_day)
    SELECT :county_code, id, 'statement', :at, :on_day FROM statement
), billed AS (
    INSERT INTO postings (county_code, origin, entry_id, position, amount, on_day, layer, payer, payee, source, target)
    SELECT :county_code, u.origin, s.id, row_number() OVER (PARTITION BY u.origin ORDER BY u.layer) - 1,
        abs(u.amount), :on_day, u.layer, :payer, :payee,
        CASE WHEN u.amount > 0 THEN 'unbilled' ELSE 'billed' END,
        CASE WHEN u.amount > 0 THEN 'billed' ELSE 'unbilled' END
    FROM statement s CROSS JOIN units u JOIN gathered g ON g.origin = u.origin WHERE u.amount <> 0
)
SELECT id FROM statement
""")
_EARLIER_OPEN: Final = text(f"""
    SELECT to_char(o.on_day, :format) AS period FROM (
        SELECT min(p.on_day) AS on_day FROM postings p
        WHERE {_BEGINS} AND p.payee = :payee AND p.on_day < :first AND NOT EXISTS (
            SELECT FROM statements s WHERE s.county_code = p.county_code AND s.payer = p.payer
                AND s.hospital_code = :hospital_code AND s.period = to_char(p.on_day, :format))
        GROUP BY p.origin HAVING sum(CASE WHEN p.target = 'unbilled' THEN p.amount ELSE -p.amount END) <> 0
    ) o ORDER BY o.on_day LIMIT 1
""")
_LOCK_OPEN: Final = text("""
    SELECT s.id FROM statements s
    WHERE s.county_code = :county_code AND s.payer = :payer AND s.hospital_code = :hospital_code AND NOT EXISTS (
        SELECT FROM statement_carries c WHERE c.county_code = s.county_code AND c.statement_id = s.id)
    ORDER BY s.id FOR UPDATE OF s
""")
_TURN: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended('statements/' || :name, 0))")
_HOSPITALS: Final = text(f"""
    SELECT substr(p.payee, length('hospital:') + 1) AS code FROM postings p
    WHERE {_BEGINS} AND p.payee LIKE 'hospital:%' AND p.on_day <= :last
    UNION
    SELECT hospital_code FROM statements
    WHERE county_code = :county_code AND payer = :payer AND period = :period
    ORDER BY code
""")
_WAITING: Final = text(f"""
    SELECT DISTINCT substr(o.payee, length('hospital:') + 1) AS code FROM (
        SELECT p.payee FROM postings p
        WHERE {_BEGINS} AND p.payee LIKE 'hospital:%' AND p.on_day <= :last
        GROUP BY p.payee, p.origin
        HAVING sum(CASE WHEN p.target = 'unbilled' THEN p.amount ELSE -p.amount END) <> 0) o
    ORDER BY code
""")


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be billed: one payer, one hospital, one period, by the payer's calendar."""

    payer: str
    hospital_code: str
    period: Period
    clearing: Clearing

    def id(self, county_code: str) -> UUID:
        """The statement's id: the same for the same county, payer, hospital and period, whoever runs it and when."""
        return uuid5(_NAMESPACE, f"{county_code}/{self.payer}/{self.hospital_code}/{self.period.name}")

    def values(self, county_code: str) -> dict[str, Any]:
        return {
            "county_code": county_code,
            "payer": self.payer,
            "hospital_code": self.hospital_code,
            "payee": hospital(self.hospital_code),
            "last": self.period.last,
        }


async def take_turn(tx: AsyncConnection, name: str) -> bool:
    """Be the only run of this name, in whichever process, until the transaction ends. False where there is another."""
    return bool(await tx.scalar(_TURN, {"name": name}))


async def hospitals(tx: AsyncConnection, county_code: str, payer: str, period: Period) -> list[str]:
    """Every hospital that has something to bill up to the end of a period, or was billed for it already."""
    values = {"county_code": county_code, "payer": payer, "period": period.name, "last": period.last}
    return list(await tx.scalars(_HOSPITALS, values))


async def unbilled(tx: AsyncConnection, county_code: str, payer: str, period: Period) -> list[str]:
    """Every hospital of which something up to the end of a period stands on no statement."""
    values = {"county_code": county_code, "payer": payer, "last": period.last}
    return list(await tx.scalars(_WAITING, values))


async def earlier_open(tx: AsyncConnection, county_code: str, bill: Bill) -> str | None:
    """The first period before this one in which the hospital has something that nobody billed; None where none."""
    values = bill.values(county_code) | {"first": bill.period.first, "format": _FORMATS[bill.clearing.every]}
    values.pop("last")
    found: str | None = await tx.scalar(_EARLIER_OPEN, values)
    return found


async def draft(tx: AsyncConnection, county_code: str, bill: Bill) -> dict[str, Any] | None:
    """What issuing now would bill: line count, sum of the lines and what is carried forward; None for nothing."""
    row = (await tx.execute(_DRAFT, bill.values(county_code))).mappings().one_or_none()
    return dict(row) if row is not None else None


async def lock_earlier(tx: AsyncConnection, county_code: str, bill: Bill) -> None:
    """Let nobody change the earlier statements, of which this one carries the negative ones, until it is issued."""
    values = bill.values(county_code)
    await tx.execute(_LOCK_OPEN, {name: values[name] for name in ("county_code", "payer", "hospital_code")})


async def count_anew(tx: AsyncConnection) -> None:
    """Tell the planner how many lines there are now, so that a large statement is not matched as a small one."""
    await tx.execute(text("SELECT renew_statistics('statement_lines')"))


async def issue(tx: AsyncConnection, desk: Desk, bill: Bill, deemed_on: date) -> UUID | None:
    """Bill it, in the ledger too. None where there is nothing to bill, or it was billed already."""
    values = bill.values(desk.county_code) | {
        "id": bill.id(desk.county_code),
        "period": bill.period.name,
        "first": bill.period.first,
        "due_on": due_on(bill.period, bill.clearing),
        "deemed_on": deemed_on,
        "on_day": desk.today,
        **desk.author(),
    }
    found: UUID | None = await tx.scalar(_ISSUE, values)
    return found
