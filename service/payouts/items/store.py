"""
What is owed to patients, read from the ledger: nothing is owed that it does not know, and nothing twice.

An item to be paid is what stands unbilled between a payer and a person under an entry of the ledger, so a reversal or
a re-adjudication changes it by itself. What was ordered when its claim was changed, and came back afterwards, stands
there too: of that, only what the claim's live version still owes is to be paid.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.ledger.model import PERSON
from service.payouts.items.model import Kind, Open, Source, Stage, Standing
from service.payouts.tables import payout_sources

_SIGNED: Final = "CASE 'unbilled' WHEN p.target THEN p.amount WHEN p.source THEN -p.amount ELSE 0 END"
_OPEN: Final = f"""
    SELECT p.payee, p.origin, p.layer, e.case_id, sum({_SIGNED})::bigint AS amount, s.due_on,
        coalesce(s.kind, CASE WHEN e.cause = 'settlement' THEN 'settlement' ELSE 'difference' END) AS kind,
        coalesce(s.source_id, p.origin) AS source_id
    FROM postings p
    JOIN ledger_entries e ON e.county_code = p.county_code AND e.id = p.origin
    LEFT JOIN payout_sources s ON s.county_code = p.county_code AND s.origin = p.origin
    WHERE p.county_code = :county_code AND p.payer = :payer AND {{payees}}
    GROUP BY p.payee, p.origin, p.layer, s.due_on, s.kind, s.source_id, e.cause, e.case_id
    HAVING sum({_SIGNED}) <> 0 ORDER BY p.payee, p.origin, p.layer
"""
_NOT_OWED: Final = text(f"""
    SELECT c.*, c.unbilled - greatest(0, least(c.unbilled, o.amount - c.ordered)) AS not_owed,
        c.ordered > o.amount AS too_much
    FROM (
        SELECT k.case_id, p.layer, p.payer, p.payee, sum({_SIGNED})::bigint AS unbilled,
            sum(CASE 'fund' WHEN p.source THEN p.amount WHEN p.target THEN -p.amount ELSE 0 END
                - {_SIGNED})::bigint AS ordered
        FROM unnest(CAST(:case_ids AS uuid[])) AS k (case_id)
        JOIN ledger_entries e ON e.county_code = :county_code
            AND (e.id = k.case_id OR (e.case_id = k.case_id AND e.case_id <> e.id))
        JOIN postings p ON p.county_code = e.county_code AND p.origin = e.id AND p.payee LIKE '{PERSON}%'
        WHERE e.cause IN ('settlement', 'readjudication', 'reversal') GROUP BY 1, 2, 3, 4
    ) c CROSS JOIN LATERAL (
        SELECT coalesce(sum(l.amount), 0)::bigint AS amount FROM settlements s
        JOIN live_visits v ON v.hospital_code = s.hospital_code AND v.visit_no = s.visit_no
            AND v.interim_no = s.interim_no AND v.county_code = s.county_code AND v.settlement_id = s.id
        JOIN settlement_layers l ON l.county_code = s.county_code AND l.settlement_id = s.id
        WHERE s.county_code = :county_code AND (s.id = c.case_id OR (s.case_id = c.case_id AND s.case_id <> s.id))
            AND l.layer = c.layer AND l.payer = c.payer AND l.way = 'patient'
    ) o WHERE c.unbilled > 0 OR c.ordered > 0
""")
_STANDING: Final = text("""
    WITH origins AS (
        SELECT c.case_id, e.id FROM unnest(CAST(:case_ids AS uuid[])) AS c (case_id)
        JOIN ledger_entries e ON e.county_code = :county_code
            AND (e.id = c.case_id OR (e.case_id = c.case_id AND e.case_id <> e.id))
    ), sums AS (
        SELECT o.case_id, m.state, sum(m.signed)::bigint AS amount FROM origins o
        JOIN postings p ON p.county_code = :county_code AND p.origin = o.id AND p.payee LIKE 'person:%'
        CROSS JOIN LATERAL (VALUES (p.target, p.amount), (p.source, -p.amount)) m (state, signed)
        GROUP BY 1, 2
    ), last AS (
        SELECT DISTINCT ON (o.case_id) o.case_id, i.id, r.reason, r.outcome FROM origins o
        JOIN payout_parts t ON t.county_code = :county_code AND t.origin = o.id
        JOIN payout_items i ON i.county_code = t.county_code AND i.id = t.item_id
        JOIN payout_outcomes r ON r.county_code = i.county_code AND r.item_id = i.id
        ORDER BY o.case_id, i.id DESC, r.outcome DESC
    )
    SELECT c.case_id, l.outcome, l.reason,
        coalesce(sum(s.amount) FILTER (WHERE s.state = 'unbilled'), 0)::bigint AS unbilled,
        coalesce(sum(s.amount) FILTER (WHERE s.state = 'billed'), 0)::bigint AS ordered,
        coalesce(sum(s.amount) FILTER (WHERE s.state = 'paid'), 0)::bigint AS paid
    FROM unnest(CAST(:case_ids AS uuid[])) AS c (case_id)
    LEFT JOIN sums s ON s.case_id = c.case_id LEFT JOIN last l ON l.case_id = c.case_id
    GROUP BY c.case_id, l.outcome, l.reason
""")


async def add_source(tx: AsyncConnection, county_code: str, source: Source, at: datetime) -> None:
    """Say what stands behind an entry of the ledger that was just made."""
    row = {
        "county_code": county_code,
        "origin": source.origin,
        "kind": source.kind,
        "source_id": source.source_id,
        "due_on": source.due_on,
        "at": at,
    }
    await tx.execute(insert(payout_sources).values(row))


async def open_of(
    tx: AsyncConnection, county_code: str, payer: str, person_nos: Sequence[str] | None = None
) -> list[Open]:
    """
    What a payer owes to patients and nobody has ordered to be paid, person by person; of these persons, or of all.

    To act upon it, take the persons' turns first (`claims.year.take_turns`) and ask for them by name.
    """
    values: dict[str, Any] = {"county_code": county_code, "payer": payer}
    if person_nos is None:
        payees = f"p.payee LIKE '{PERSON}%'"
    else:
        payees, values["payees"] = "p.payee = ANY (:payees)", [f"{PERSON}{each}" for each in person_nos]
    rows = (await tx.execute(text(_OPEN.format(payees=payees)), values)).all()
    left = {
        (row.case_id, row.layer, row.payee): row.not_owed
        for row in await not_owed(tx, county_code, {row.case_id for row in rows})
        if row.payer == payer
    }
    found = []
    for row in rows:
        key = (row.case_id, row.layer, row.payee)
        withheld = max(0, min(row.amount, left.get(key, 0)))
        if withheld:
            left[key] -= withheld
        if row.amount != withheld:
            person_no, kind = row.payee.removeprefix(PERSON), Kind(row.kind)
            amount = row.amount - withheld
            found.append(Open(person_no, row.origin, row.layer, amount, kind, row.source_id, row.due_on))
    return found


async def not_owed(tx: AsyncConnection, county_code: str, case_ids: Iterable[UUID | None]) -> Sequence[Any]:
    """
    By case, layer, payer and payee: `not_owed`, what stands unbilled although the live version does not owe it, and
    `too_much`, whether more is ordered or paid than it owes. The other cases (cycles) have neither.
    """
    asked = {"county_code": county_code, "case_ids": [each for each in case_ids if each is not None]}
    return (await tx.execute(_NOT_OWED, asked)).all()


async def standing(tx: AsyncConnection, county_code: str, case_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """How far what these cases owe their patients has got. A case is the first entry of a claim (its `case_id`)."""
    rows = (await tx.execute(_STANDING, {"county_code": county_code, "case_ids": list(case_ids)})).all()
    left: dict[UUID, int] = {}
    for each in await not_owed(tx, county_code, [row.case_id for row in rows if row.unbilled]):
        left[each.case_id] = left.get(each.case_id, 0) + each.not_owed
    return {row.case_id: _standing(row, row.unbilled - left.get(row.case_id, 0)) for row in rows}


def _standing(row: Any, unbilled: int) -> Standing:
    return Standing(unbilled, row.ordered, row.paid, _stage(row, unbilled), row.reason)


def _stage(row: Any, unbilled: int) -> Stage:
    if row.ordered:
        return Stage.IN_BATCH
    if unbilled:
        return Stage.RETURNED if row.outcome == "returned" else Stage.OPEN
    return Stage.PAID if row.paid else Stage.OPEN
