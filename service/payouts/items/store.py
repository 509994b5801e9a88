"""
What is owed to patients, read from the ledger: nothing is owed that it does not know, and nothing twice.

An item to be paid is what stands unbilled between a payer and a person under an entry of the ledger, so a reversal or
a re-adjudication changes it by itself.
"""

from collections.abc import Sequence
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
    SELECT p.payee, p.origin, p.layer, sum({_SIGNED})::bigint AS amount, s.due_on,
        coalesce(s.kind, CASE WHEN e.cause = 'settlement' THEN 'settlement' ELSE 'difference' END) AS kind,
        coalesce(s.source_id, p.origin) AS source_id
    FROM postings p
    JOIN ledger_entries e ON e.county_code = p.county_code AND e.id = p.origin
    LEFT JOIN payout_sources s ON s.county_code = p.county_code AND s.origin = p.origin
    WHERE p.county_code = :county_code AND p.payer = :payer AND {{payees}}
    GROUP BY p.payee, p.origin, p.layer, s.due_on, s.kind, s.source_id, e.cause
    HAVING sum({_SIGNED}) <> 0 ORDER BY p.payee, p.origin, p.layer
"""
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
        LEFT JOIN payout_outcomes r ON r.county_code = i.county_code AND r.item_id = i.id
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
    rows = await tx.execute(text(_OPEN.format(payees=payees)), values)
    return [
        Open(
            row.payee.removeprefix(PERSON),
            row.origin,
            row.layer,
            row.amount,
            Kind(row.kind),
            row.source_id,
            row.due_on,
        )
        for row in rows
    ]


async def standing(tx: AsyncConnection, county_code: str, case_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """How far what these cases owe their patients has got. A case is the first entry of a claim (its `case_id`)."""
    rows = await tx.execute(_STANDING, {"county_code": county_code, "case_ids": list(case_ids)})
    return {row.case_id: Standing(row.unbilled, row.ordered, row.paid, _stage(row), row.reason) for row in rows}


def _stage(row: Any) -> Stage:
    if row.ordered:
        return Stage.IN_BATCH
    if row.unbilled:
        return Stage.RETURNED if row.outcome == "returned" else Stage.OPEN
    return Stage.PAID if row.paid else Stage.OPEN
