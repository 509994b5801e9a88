"""What others may ask about many settlements: the month by hospital and identity, and the cashier's day."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_MONTH: Final = """
WITH made AS (
    SELECT s.* FROM settlements s WHERE {scope} AND s.settled_on BETWEEN :first AND :last
), s AS MATERIALIZED (
    SELECT county_code, id, CASE kind WHEN 'reversal' THEN -1 ELSE 1 END AS visit, 1 AS sign, hospital_code, identities,
        total, in_scope, paid_total, patient_pays
    FROM made
    UNION ALL
    SELECT o.county_code, o.id, -1, -1, o.hospital_code, o.identities, -o.total, -o.in_scope, -o.paid_total,
        -o.patient_pays
    FROM made JOIN settlements o ON o.county_code = made.county_code AND o.id = made.replaces
), keyed AS (
    SELECT 'all' AS what, '' AS key, s.* FROM s
    UNION ALL SELECT 'hospital', s.hospital_code, s.* FROM s
    UNION ALL SELECT 'identity', i.value, s.* FROM s CROSS JOIN LATERAL
        jsonb_array_elements_text(CASE s.identities WHEN '[]' THEN '["none"]' ELSE s.identities END) i
), sums AS (
    SELECT what, key, sum(visit)::int AS visits, sum(total)::bigint AS total,
        sum(in_scope)::bigint AS in_scope, sum(paid_total)::bigint AS paid_total,
        sum(patient_pays)::bigint AS patient_pays
    FROM keyed GROUP BY what, key
), layers AS (
    SELECT k.what, k.key, l.layer, sum(k.sign * l.amount)::bigint AS amount FROM keyed k
    JOIN settlement_layers l ON l.county_code = k.county_code AND l.settlement_id = k.id
    GROUP BY k.what, k.key, l.layer
)
SELECT sums.*, (SELECT json_object_agg(layer, amount ORDER BY layer) FROM layers
    WHERE layers.what = sums.what AND layers.key = sums.key) AS layers
FROM sums ORDER BY what, key
"""
_CASHIER: Final = """
SELECT s.hospital_code, coalesce(s.operator, '') AS operator,
    count(*) FILTER (WHERE s.kind = 'settlement')::int AS settlements,
    count(*) FILTER (WHERE s.kind = 'reversal')::int AS reversals,
    sum(s.total)::bigint AS total, sum(s.hospital_advances)::bigint AS hospital_advances,
    sum(s.due_at_discharge)::bigint AS due_at_discharge
FROM settlements s WHERE {scope} AND s.settled_on = :day AND s.replaces IS NULL
GROUP BY s.hospital_code, s.operator ORDER BY s.hospital_code, operator
"""


def _scope(values: dict[str, Any]) -> str:
    parts = []
    if values.get("hospital_code") is not None:
        parts.append("s.hospital_code = :hospital_code")
    if values.get("county_code") is not None:
        parts.append("s.county_code = :county_code")
    if values.get("payers") is not None:
        parts.append(
            "EXISTS (SELECT FROM settlement_layers p WHERE p.county_code = s.county_code"
            " AND p.settlement_id IN (s.id, s.replaces) AND p.payer = ANY (:payers) AND p.amount <> 0)"
        )
    return " AND ".join(parts)


async def month(
    tx: AsyncConnection,
    *,
    first: date,
    last: date,
    county_code: str | None = None,
    hospital_code: str | None = None,
    payers: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """
    Visits, cost and layers of what was settled from a day to another, less what was reversed; of a later version, what
    it changed. As a whole, by hospital, and by identity (somebody of two classes counts under both). Amounts in fen.
    """
    values = {"county_code": county_code, "hospital_code": hospital_code, "payers": list(payers) if payers else None}
    asked = {name: value for name, value in values.items() if value is not None}
    query = text(_MONTH.format(scope=_scope(asked)))
    found = await tx.execute(query, asked | {"first": first, "last": last})
    return [dict(row) for row in found.mappings()]


async def cashier(
    tx: AsyncConnection, *, day: date, county_code: str | None = None, hospital_code: str | None = None
) -> list[dict[str, Any]]:
    """What each operator settled and reversed on a day, and what the patients owed at the counter. Amounts in fen."""
    asked = {
        name: value
        for name, value in {"county_code": county_code, "hospital_code": hospital_code}.items()
        if value is not None
    }
    found = await tx.execute(text(_CASHIER.format(scope=_scope(asked))), asked | {"day": day})
    return [dict(row) for row in found.mappings()]
