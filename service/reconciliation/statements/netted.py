"""
What was refused or recovered of a case is never more than the case claims: what is more is owed again.

A deduction changes no settlement, so a later reversal takes back the whole case, and a later version its whole
difference. Without this the hospital would bear the refused part twice: once as refused, once as taken back.
Counted are the refusals and accepted differences that the ledger took from the case's lines, whether or not they
named them, and the recoveries whose document names a line of the case.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.ledger import store as ledger
from service.ledger.model import Cause, Entry, Posting, State
from service.reconciliation.desk import Desk
from service.reconciliation.statements.gather import Bill

_SUMS: Final = """
    SELECT c.case_id, p.layer,
        coalesce(sum(CASE WHEN p.source = 'fund' THEN p.amount ELSE -p.amount END) FILTER (
            WHERE p.entry_id = p.origin AND e.cause IN ('settlement', 'reversal', 'readjudication')
                AND e.on_day <= :last), 0)::bigint AS claimed,
        coalesce(sum(CASE WHEN p.target = 'deducted' THEN p.amount ELSE -p.amount END) FILTER (
            WHERE 'deducted' IN (p.source, p.target)
                AND (p.entry_id = p.origin OR d.kind IN ('refusal', 'difference'))), 0)::bigint AS deducted,
        (SELECT coalesce(sum(rc.amount), 0)::bigint FROM recovery_cases rc
            JOIN recoveries r ON r.county_code = rc.county_code AND r.id = rc.recovery_id
            WHERE rc.county_code = :county_code AND rc.case_id = c.case_id AND r.payer = :payer
                AND r.hospital_code = :hospital_code) AS recovered
    FROM cases c
    JOIN ledger_entries e ON e.county_code = :county_code
        AND (e.id = c.case_id OR (e.case_id = c.case_id AND e.case_id <> e.id))
    JOIN postings p ON p.county_code = e.county_code AND p.origin = e.id AND p.payer = :payer AND p.payee = :payee
    LEFT JOIN deductions d ON d.county_code = p.county_code AND d.id = p.entry_id
    GROUP BY c.case_id, p.layer ORDER BY c.case_id, p.layer
"""
_CHANGED: Final = text(f"""
WITH deducted AS MATERIALIZED (
    SELECT DISTINCT p.origin FROM statements s
    JOIN deductions d ON d.county_code = s.county_code AND d.statement_id = s.id
        AND d.kind IN ('refusal', 'difference')
    JOIN ledger_entries e ON e.county_code = d.county_code AND e.id = d.id
    JOIN postings p ON p.county_code = e.county_code AND p.payer = :payer AND p.payee = :payee
        AND p.on_day = e.on_day AND p.entry_id = e.id AND p.target = 'deducted'
    WHERE s.county_code = :county_code AND s.payer = :payer AND s.hospital_code = :hospital_code
), concerned AS (
    SELECT o.case_id FROM deducted JOIN ledger_entries o ON o.county_code = :county_code AND o.id = deducted.origin
    UNION
    SELECT rc.case_id FROM recoveries r
    JOIN recovery_cases rc ON rc.county_code = r.county_code AND rc.recovery_id = r.id
    WHERE r.county_code = :county_code AND r.payer = :payer AND r.hospital_code = :hospital_code
), cases AS MATERIALIZED (
    SELECT case_id FROM concerned WHERE EXISTS (SELECT FROM ledger_entries v
        WHERE v.county_code = :county_code AND v.case_id = concerned.case_id AND v.case_id <> v.id
            AND v.cause IN ('reversal', 'readjudication') AND v.on_day <= :last)
)
{_SUMS}
""")
_NAMED: Final = text(f"""
WITH cases AS MATERIALIZED (
    SELECT DISTINCT l.case_id FROM statement_lines l
    WHERE l.county_code = :county_code AND l.statement_id = :statement_id
        AND l.line_no = ANY (CAST(:line_nos AS int[]))
)
{_SUMS}
""")


class Standing(NamedTuple):
    """What a case claims of a payer by its versions and reversals, and what of it was taken away since (fen)."""

    claimed: int
    taken: int
    layers: dict[str, int]

    @property
    def left(self) -> int:
        return max(0, self.claimed - self.taken)


def _standings(rows: Iterable[Any]) -> dict[UUID, Standing]:
    found: dict[UUID, Standing] = {}
    for case, each in groupby(rows, key=lambda row: row.case_id):
        of = list(each)
        taken = sum(row.deducted for row in of) + of[0].recovered
        found[UUID(int=case.int)] = Standing(
            sum(row.claimed for row in of), taken, {row.layer: row.deducted for row in of}
        )
    return found


async def standing_of(
    tx: AsyncConnection, key: dict[str, Any], line_nos: Sequence[int], today: date
) -> dict[UUID, Standing]:
    """How the cases of some lines stand today. `key`: county, statement, payer, hospital and payee."""
    return _standings((await tx.execute(_NAMED, key | {"line_nos": list(line_nos), "last": today})).all())


async def too_much(tx: AsyncConnection, county_code: str, bill: Bill) -> dict[UUID, dict[str, int]]:
    """What was taken of each case beyond what it claims up to the period's end, by layer, in fen."""
    rows = (await tx.execute(_CHANGED, bill.values(county_code))).all()
    return {
        case: _by_layer(one.layers, one.taken - max(0, one.claimed))
        for case, one in _standings(rows).items()
        if one.taken > max(0, one.claimed)
    }


def _by_layer(layers: dict[str, int], amount: int) -> dict[str, int]:
    """An amount by the layers of which it was taken; the first layer has what was recovered from other cases."""
    parts: dict[str, int] = {}
    for layer, deducted in layers.items():
        parts[layer] = min(amount, max(0, deducted))
        amount -= parts[layer]
    parts[next(iter(layers))] += amount
    return {layer: part for layer, part in parts.items() if part}


async def owe_again(tx: AsyncConnection, desk: Desk, bill: Bill) -> None:
    """Owe it again, each case as a claim of its own. The caller holds the locks of the pair's statements."""
    payee = bill.values(desk.county_code)["payee"]
    for case_id, layers in (await too_much(tx, desk.county_code, bill)).items():
        # The same case is given back once per statement: a run that was killed makes the same entry again.
        entry_id = uuid5(bill.id(desk.county_code), str(case_id))
        entry = Entry(desk.county_code, entry_id, Cause.RELEASE, case_id, case_id, desk.now, desk.today)
        postings = [
            Posting(layer, bill.payer, payee, State.DEDUCTED, State.UNBILLED, amount)
            for layer, amount in layers.items()
        ]
        await ledger.post(tx, entry, postings)
