"""All SQL on near misses: pairs of claims, of everything that is settled or being claimed, and their dismissals."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.resealing import Sealed
from service.access.vault import Vault
from service.clock import COUNTY_ZONE
from service.payouts.encounters.model import Dismissal, Encounter, Likeness, NearMiss, Pair
from service.payouts.encounters.tables import near_miss_dismissals


def _place(row: Any) -> str:
    return f"near_miss:{row['one']}:{row['other']}:{row['likeness']}"


SEALED: Final = (Sealed(near_miss_dismissals, {"reason_enc": _place}),)
"""What this room keeps sealed."""

_COLUMNS: Final = ", ".join(f"{side}.{name} AS {side}_{name}" for side in ("a", "b") for name in Encounter._fields)
_FOUND: Final = f"""
WITH seen AS MATERIALIZED (
    SELECT v.settlement_id AS id, coalesce(m.id, s.case_id) AS key,
        CASE WHEN m.id IS NOT NULL THEN 'manual' WHEN b.import_id IS NOT NULL THEN 'backpay'
        ELSE 'hospital' END AS route, 'settled' AS state, v.person_no, v.hospital_code, v.visit_no, v.visit_type,
        v.admitted_on, v.last_day, i.invoice_no
    FROM live_visits v
    JOIN settlements s ON s.county_code = v.county_code AND s.id = v.settlement_id
    LEFT JOIN manual_claims m ON m.county_code = v.county_code AND m.settlement_id = s.case_id
    LEFT JOIN backpay_stays b ON b.county_code = v.county_code AND b.settlement_id = s.case_id
    LEFT JOIN invoices i ON i.county_code = v.county_code AND i.case_id = s.case_id
    WHERE v.county_code = :county_code {{of_visit}}
    UNION ALL
    SELECT id, id, 'manual', 'open', person_no, hospital_code, visit_no, visit_type, admitted_on, last_day, invoice_no
    FROM manual_claims c
    WHERE county_code = :county_code AND state IN ('registered', 'incomplete', 'under_review') {{of_claim}}
), found AS (
    SELECT CASE WHEN a.visit_type <> 'inpatient' THEN 'same_day'
        WHEN greatest(a.admitted_on, b.admitted_on) < least(a.last_day, b.last_day) THEN 'overlap'
        ELSE 'touching' END AS likeness, {_COLUMNS}
    FROM seen a JOIN seen b ON a.person_no = b.person_no AND a.visit_type = b.visit_type AND a.key < b.key
        AND a.admitted_on <= b.last_day AND b.admitted_on <= a.last_day
    -- Parts of one stay follow each other on a day.
    WHERE NOT (a.state = b.state AND a.hospital_code = b.hospital_code AND a.visit_no = b.visit_no)
    UNION ALL
    SELECT 'invoice', {_COLUMNS}
    FROM seen a JOIN seen b ON a.invoice_no = b.invoice_no AND a.key < b.key AND a.hospital_code <> b.hospital_code
)
SELECT found.*, a_key AS one, b_key AS other, d.reason_enc, d.client_id, d.operator, d.at
FROM found LEFT JOIN near_miss_dismissals d ON d.county_code = :county_code
    AND (d.one, d.other, d.likeness) = (a_key, b_key, found.likeness)
WHERE {{where}} ORDER BY a_key DESC, b_key DESC, found.likeness DESC LIMIT :rows
"""
_ALIKE: Final = {
    # The few that are meant, before anything is joined to them.
    "of_visit": """AND v.settlement_id IN (
        SELECT settlement_id FROM live_visits WHERE county_code = :county_code AND person_no = :person_no
        UNION ALL
        SELECT s.id FROM invoices i JOIN settlements s ON s.county_code = i.county_code
            AND (s.id = i.case_id OR (s.case_id = i.case_id AND s.case_id <> s.id))
        WHERE i.county_code = :county_code AND i.invoice_no = :invoice_no)""",
    "of_claim": "AND (c.person_no = :person_no OR c.invoice_no = :invoice_no)",
}
_MOST: Final = 100


async def near_misses(
    tx: AsyncConnection,
    vault: Vault,
    county_code: str,
    *,
    person_no: str | None,
    dismissed: bool,
    after: tuple[UUID, UUID, str] | None,
    rows: int,
) -> list[NearMiss]:
    """Pairs of a county's claims that look like one encounter, newest first: those to look at, or those dismissed."""
    where = [f"d.at IS {'NOT ' if dismissed else ''}NULL"]
    asked: dict[str, Any] = {"county_code": county_code, "rows": rows}
    if person_no is not None:
        where.append(":person_no IN (a_person_no, b_person_no)")
        asked["person_no"] = person_no
    if after is not None:
        where.append("(a_key, b_key, found.likeness) < (CAST(:a AS uuid), CAST(:b AS uuid), CAST(:likeness AS text))")
        asked |= {"a": after[0], "b": after[1], "likeness": after[2]}
    query = _FOUND.format(where=" AND ".join(where), of_visit="", of_claim="")
    return [_near_miss(vault, row) for row in (await tx.execute(text(query), asked)).mappings()]


async def of_claim(
    tx: AsyncConnection, vault: Vault, county_code: str, key: UUID, *, person_no: str, invoice_no: str | None
) -> list[NearMiss]:
    """What a claim may be one encounter with, and nobody has looked at yet; of this person, or with this invoice."""
    query = _FOUND.format(where="d.at IS NULL AND CAST(:key AS uuid) IN (a_key, b_key)", **_ALIKE)
    asked = {"county_code": county_code, "key": key, "person_no": person_no, "invoice_no": invoice_no, "rows": _MOST}
    return [_near_miss(vault, row) for row in (await tx.execute(text(query), asked)).mappings()]


async def find(tx: AsyncConnection, vault: Vault, county_code: str, pair: Pair) -> NearMiss | None:
    """The near miss of two claims, dismissed or not."""
    where = "(a_key, b_key, found.likeness) = (CAST(:a AS uuid), CAST(:b AS uuid), CAST(:likeness AS text))"
    query = _FOUND.format(where=where, of_visit="", of_claim="")
    asked = {"county_code": county_code, "a": pair.one, "b": pair.other, "likeness": pair.likeness, "rows": 1}
    row = (await tx.execute(text(query), asked)).mappings().one_or_none()
    return None if row is None else _near_miss(vault, row)


async def dismiss(tx: AsyncConnection, vault: Vault, county_code: str, pair: Pair, found: Dismissal) -> bool:
    """Keep what a clerk found; False where somebody has found it before."""
    row = {"county_code": county_code, **pair._asdict(), "likeness": pair.likeness.value}
    kept = row | {
        "reason_enc": vault.encrypt(found.reason, bound_to=_place(row)),
        "client_id": found.client_id,
        "operator": found.operator,
        "at": found.at,
    }
    added = insert_or(near_miss_dismissals).values(kept).on_conflict_do_nothing().returning(near_miss_dismissals.c.at)
    return await tx.scalar(added) is not None


def _near_miss(vault: Vault, row: RowMapping) -> NearMiss:
    dismissal = None
    if row["at"] is not None:
        reason = vault.decrypt(row["reason_enc"], bound_to=_place(row))
        dismissal = Dismissal(reason, row["client_id"], row["operator"], row["at"].astimezone(COUNTY_ZONE))
    return NearMiss(Likeness(row["likeness"]), _side(row, "a"), _side(row, "b"), dismissal)


def _side(row: RowMapping, side: str) -> Encounter:
    return Encounter(**{name: row[f"{side}_{name}"] for name in Encounter._fields})


def persons_of(found: Sequence[NearMiss]) -> list[str]:
    """Whom near misses show."""
    return [side.person_no for each in found for side in (each.one, each.other)]
