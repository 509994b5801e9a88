"""What is due of the money to patients: cycles to run, amounts to pay, and banks that have not answered."""

from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import text

from service.access.model import Role
from service.payouts.batches import store as batches
from service.payouts.cycles import store as cycles
from service.payouts.cycles.actions import law_of, over
from service.reconciliation.desk import Desk

_OPEN: Final = """
    SELECT p.payer, s.due_on, s.kind,
        sum(CASE WHEN p.target IN ('unbilled', 'billed') THEN p.amount ELSE 0 END
            - CASE WHEN p.source IN ('unbilled', 'billed') THEN p.amount ELSE 0 END)::bigint AS amount
    FROM payout_sources s JOIN postings p ON p.county_code = s.county_code AND p.origin = s.origin
    WHERE s.county_code = :county_code AND s.due_on IS NOT NULL AND p.payee LIKE 'person:%' {payers}
    GROUP BY p.payer, s.due_on, s.kind
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
    """Cycles that are over and in which somebody has visits, and which nobody has run to the end."""
    found = []
    for cycle in over(desk):
        law = law_of(desk, cycle.start)
        somebody = await cycles.persons_after(desk.tx, desk.county_code, cycle, law.terms, "", 1)
        if somebody and not await cycles.was_run(desk.tx, desk.county_code, cycle.start):
            found.append(Due("cycle.run", cycle.pay_by, law.terms.payer, cycle.start.isoformat(), 0))
    return found


async def _amounts(desk: Desk) -> list[Due]:
    values: dict[str, object] = {"county_code": desk.county_code}
    payers = ""
    if desk.payers is not None:
        payers, values["payers"] = "AND p.payer = ANY (:payers)", desk.payers
    rows = await desk.tx.execute(text(_OPEN.format(payers=payers)), values)
    return [Due("payout.pay", row.due_on, row.payer, row.kind, row.amount) for row in rows]


async def _answers(desk: Desk, most: int) -> list[Due]:
    return [
        Due("payout.answer", row["pay_on"], row["payer"], str(row["id"]), row["total"])
        for row in await batches.batches_of(desk, limit=most)
        if row["status"] == "released"
    ]
