"""What is due of the money to patients: cycles to run, amounts to pay, and banks that have not answered."""

from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import text

from service.access.model import Role
from service.payouts.batches import store as batches
from service.payouts.cycles import store as cycles
from service.payouts.cycles.actions import law_of, over
from service.payouts.items.store import not_owed
from service.reconciliation.desk import Desk

_OPEN: Final = """
    SELECT p.payer, s.due_on, s.kind, e.case_id, p.layer, p.payee,
        sum(CASE WHEN p.target IN ('unbilled', 'billed') THEN p.amount ELSE 0 END
            - CASE WHEN p.source IN ('unbilled', 'billed') THEN p.amount ELSE 0 END)::bigint AS amount
    FROM payout_sources s JOIN postings p ON p.county_code = s.county_code AND p.origin = s.origin
    JOIN ledger_entries e ON e.county_code = s.county_code AND e.id = s.origin
    WHERE s.county_code = :county_code AND s.due_on IS NOT NULL AND p.payee LIKE 'person:%' {payers}
    GROUP BY p.payer, s.due_on, s.kind, e.case_id, p.layer, p.payee
    HAVING sum(CASE WHEN p.target IN ('unbilled', 'billed') THEN p.amount ELSE 0 END
        - CASE WHEN p.source IN ('unbilled', 'billed') THEN p.amount ELSE 0 END) > 0
    ORDER BY s.due_on, p.payer, s.kind
"""
_PARTIES: Final = (Role.PAYER, Role.AGENCY, Role.AUDITOR)


class Due(NamedTuple):
    """Something that is due; `amount` in fen."""

    kind: str
    due_on: date
    payer: str
    subject: str | None
    amount: int


async def due(desk: Desk, most: int) -> list[Due]:
    """What the caller has to run, to pay or to ask a bank about; hospitals and townships have none of it."""
    if desk.caller.role not in _PARTIES:
        return []
    return [*await _cycles(desk), *await _amounts(desk), *await _answers(desk, most)]


async def _cycles(desk: Desk) -> list[Due]:
    """Cycles that are over and have visits, and that nobody has run, or not since something changed."""
    found = []
    for cycle in over(desk):
        law = law_of(desk, cycle.start)
        ran_at = await cycles.last_run(desk.tx, desk.county_code, cycle.start)
        if ran_at is None:
            waits = bool(await cycles.persons_after(desk.tx, desk.county_code, cycle, law.terms, "", 1))
        else:
            waits = await cycles.changed_since(desk.tx, desk.county_code, cycle, law.terms, ran_at)
        if waits:
            kind = "cycle.run" if ran_at is None else "cycle.again"
            found.append(Due(kind, cycle.pay_by, law.terms.payer, cycle.start.isoformat(), 0))
    return found


async def _amounts(desk: Desk) -> list[Due]:
    values: dict[str, object] = {"county_code": desk.county_code}
    payers = ""
    if desk.payers is not None:
        payers, values["payers"] = "AND p.payer = ANY (:payers)", desk.payers
    rows = (await desk.tx.execute(text(_OPEN.format(payers=payers)), values)).all()
    found = await not_owed(desk.tx, desk.county_code, {row.case_id for row in rows})
    left = {(each.case_id, each.layer, each.payer, each.payee): each.not_owed for each in found}
    sums: dict[tuple[date, str, str], int] = {}
    for row in rows:
        owed = row.amount - left.get((row.case_id, row.layer, row.payer, row.payee), 0)
        key = (row.due_on, row.payer, row.kind)
        sums[key] = sums.get(key, 0) + owed
    return [Due("payout.pay", *key, owed) for key, owed in sums.items() if owed > 0]


async def _answers(desk: Desk, most: int) -> list[Due]:
    return [
        Due("payout.answer", row["pay_on"], row["payer"], str(row["id"]), row["total"])
        for row in await batches.batches_of(desk, limit=most)
        if row["status"] == "released"
    ]
