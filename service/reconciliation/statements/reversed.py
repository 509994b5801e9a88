"""
What was deducted of a case that is reversed now: owed again, on the statement that bills the reversal.

A refusal changes no settlement, so the reversal takes back the whole case. Without this the hospital would bear the
refused part twice: once by the refusal, once by the reversal.
"""

from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.ids import new_id
from service.ledger import store as ledger
from service.ledger.model import Cause, Entry, Posting, State
from service.reconciliation.desk import Desk
from service.reconciliation.statements.gather import Bill

_DEDUCTED: Final = text("""
WITH refused AS MATERIALIZED (
    SELECT DISTINCT l.case_id FROM statements s
    JOIN deductions d ON d.county_code = s.county_code AND d.statement_id = s.id
        AND d.kind NOT IN ('retention', 'prepayment_offset')
    CROSS JOIN LATERAL jsonb_array_elements(d.lines) n
    JOIN statement_lines l ON l.county_code = s.county_code AND l.statement_id = s.id AND l.line_no = n.value::int
    WHERE s.county_code = :county_code AND s.payer = :payer AND s.hospital_code = :hospital_code
), reversed AS (
    SELECT DISTINCT e.case_id FROM refused r
    JOIN ledger_entries e ON e.county_code = :county_code AND e.case_id = r.case_id AND e.case_id <> e.id
        AND e.cause = 'reversal' AND e.on_day <= :last
    WHERE NOT EXISTS (SELECT FROM statement_lines l
        WHERE l.county_code = :county_code AND l.payer = :payer AND l.origin = e.id)
)
SELECT v.case_id, p.layer, sum(CASE WHEN p.target = 'deducted' THEN p.amount ELSE -p.amount END)::bigint AS amount
FROM reversed v
JOIN ledger_entries e ON e.county_code = :county_code
    AND (e.id = v.case_id OR (e.case_id = v.case_id AND e.case_id <> e.id))
JOIN postings p ON p.county_code = e.county_code AND p.origin = e.id AND p.payer = :payer AND p.payee = :payee
    AND 'deducted' IN (p.source, p.target)
LEFT JOIN deductions d ON d.county_code = p.county_code AND d.id = p.entry_id
WHERE p.entry_id = p.origin OR (d.kind NOT IN ('retention', 'prepayment_offset') AND d.lines <> '[]')
GROUP BY v.case_id, p.layer
HAVING sum(CASE WHEN p.target = 'deducted' THEN p.amount ELSE -p.amount END) > 0
ORDER BY v.case_id, p.layer
""")


async def deducted(tx: AsyncConnection, county_code: str, bill: Bill) -> dict[UUID, dict[str, int]]:
    """What was deducted of each case whose reversal is to be billed, by layer, in fen."""
    values: dict[str, Any] = bill.values(county_code)
    rows = (await tx.execute(_DEDUCTED, values)).all()
    return {
        UUID(int=case.int): {row.layer: row.amount for row in of}
        for case, of in groupby(rows, key=lambda row: row.case_id)
    }


async def owe_again(tx: AsyncConnection, desk: Desk, bill: Bill) -> None:
    """Owe it again, each case as a claim of its own. The caller holds the locks of the pair's statements."""
    payee = bill.values(desk.county_code)["payee"]
    for case_id, layers in (await deducted(tx, desk.county_code, bill)).items():
        entry = Entry(desk.county_code, new_id(desk.now), Cause.RELEASE, case_id, case_id, desk.now, desk.today)
        postings = [
            Posting(layer, bill.payer, payee, State.DEDUCTED, State.UNBILLED, amount)
            for layer, amount in layers.items()
        ]
        await ledger.post(tx, entry, postings)
