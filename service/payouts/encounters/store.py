"""Pairs of claims that may be the same encounter, asked of everything that is settled or being claimed."""

from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class Likeness(StrEnum):
    """
    Why two claims look like one: stays that overlap by more than a day, or share the day on which one ends; chronic
    visits of one day; one invoice number at two hospitals.
    """

    OVERLAP = "overlap"
    TOUCHING = "touching"
    SAME_DAY = "same_day"
    INVOICE = "invoice"


class Encounter(NamedTuple):
    """A settled visit (`id` of its settlement), or a manual claim that is open (`id` of the claim)."""

    id: UUID
    route: str
    state: str
    person_no: str
    hospital_code: str
    visit_no: str
    visit_type: str
    admitted_on: date
    last_day: date
    invoice_no: str | None


class NearMiss(NamedTuple):
    likeness: Likeness
    one: Encounter
    other: Encounter


_COLUMNS: Final = ", ".join(f"{side}.{name} AS {side}_{name}" for side in ("a", "b") for name in Encounter._fields)
_FOUND: Final = f"""
WITH seen AS MATERIALIZED (
    SELECT v.settlement_id AS id, CASE WHEN m.id IS NOT NULL THEN 'manual' WHEN b.import_id IS NOT NULL THEN 'backpay'
        ELSE 'hospital' END AS route, 'settled' AS state, v.person_no, v.hospital_code, v.visit_no, v.visit_type,
        v.admitted_on, v.last_day, i.invoice_no
    FROM live_visits v
    JOIN settlements s ON s.county_code = v.county_code AND s.id = v.settlement_id
    LEFT JOIN manual_claims m ON m.county_code = v.county_code AND m.settlement_id = s.case_id
    LEFT JOIN backpay_stays b ON b.county_code = v.county_code AND b.settlement_id = s.case_id
    LEFT JOIN invoices i ON i.county_code = v.county_code AND i.case_id = s.case_id
    WHERE v.county_code = :county_code
    UNION ALL
    SELECT id, 'manual', 'open', person_no, hospital_code, visit_no, visit_type, admitted_on, last_day, invoice_no
    FROM manual_claims
    WHERE county_code = :county_code AND state IN ('registered', 'incomplete', 'under_review')
), found AS (
    SELECT CASE WHEN a.visit_type <> 'inpatient' THEN 'same_day'
        WHEN greatest(a.admitted_on, b.admitted_on) < least(a.last_day, b.last_day) THEN 'overlap'
        ELSE 'touching' END AS likeness, {_COLUMNS}
    FROM seen a JOIN seen b ON a.person_no = b.person_no AND a.visit_type = b.visit_type AND a.id < b.id
        AND a.admitted_on <= b.last_day AND b.admitted_on <= a.last_day
    -- Parts of one stay follow each other on a day.
    WHERE NOT (a.state = b.state AND a.hospital_code = b.hospital_code AND a.visit_no = b.visit_no)
    UNION ALL
    SELECT 'invoice', {_COLUMNS}
    FROM seen a JOIN seen b ON a.invoice_no = b.invoice_no AND a.id < b.id AND a.hospital_code <> b.hospital_code
)
SELECT * FROM found WHERE {{where}} ORDER BY a_id DESC, b_id DESC, likeness DESC LIMIT :rows
"""


async def near_misses(
    tx: AsyncConnection,
    county_code: str,
    *,
    person_no: str | None,
    after: tuple[UUID, UUID, str] | None,
    rows: int,
) -> list[NearMiss]:
    """Pairs of a county's claims that look like one encounter, newest first."""
    where, asked = ["true"], dict[str, Any](county_code=county_code, rows=rows)
    if person_no is not None:
        where.append(":person_no IN (a_person_no, b_person_no)")
        asked["person_no"] = person_no
    if after is not None:
        where.append("(a_id, b_id, likeness) < (CAST(:a AS uuid), CAST(:b AS uuid), CAST(:likeness AS text))")
        asked |= {"a": after[0], "b": after[1], "likeness": after[2]}
    found = await tx.execute(text(_FOUND.format(where=" AND ".join(where))), asked)
    return [NearMiss(Likeness(row["likeness"]), _side(row, "a"), _side(row, "b")) for row in found.mappings()]


def _side(row: Any, side: str) -> Encounter:
    return Encounter(**{name: row[f"{side}_{name}"] for name in Encounter._fields})
