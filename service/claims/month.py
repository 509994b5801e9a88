"""What others may ask about many settlements: the month by hospital and identity, and the cashier's day."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# A later version counts in its own month with what it changes: itself, less the version that it replaces. A reversal is
# a copy with the signs turned.
_CHANGES: Final = """
WITH s AS MATERIALIZED (
    SELECT s.* FROM settlements s WHERE {scope} AND s.settled_on BETWEEN :first AND :last
), changes AS MATERIALIZED (
    SELECT 1 AS sign, s.operator AS by, s.* FROM s
    UNION ALL
    SELECT -1, s.operator, p.* FROM s JOIN settlements p ON p.county_code = s.county_code AND p.id = s.replaces
)
"""
_MONTH: Final = """
@changes@, keyed AS (
    SELECT 'all' AS what, '' AS key, '' AS county, c.* FROM changes c
    UNION ALL SELECT 'county', c.county_code, c.county_code, c.* FROM changes c
    UNION ALL SELECT 'hospital', c.hospital_code, c.county_code, c.* FROM changes c
    UNION ALL SELECT 'identity', i.value, c.county_code, c.* FROM changes c CROSS JOIN LATERAL
        jsonb_array_elements_text(CASE c.identities WHEN '[]' THEN '["none"]' ELSE c.identities END) i
), sums AS (
    SELECT what, key, county, sum(sign * CASE kind WHEN 'reversal' THEN -1 ELSE 1 END)::int AS visits,
        sum(sign * total)::bigint AS total, sum(sign * in_scope)::bigint AS in_scope,
        sum(sign * paid_total)::bigint AS paid_total, sum(sign * patient_pays)::bigint AS patient_pays
    FROM keyed GROUP BY what, key, county
), layers AS (
    SELECT k.what, k.key, k.county, l.layer, sum(k.sign * l.amount)::bigint AS amount FROM keyed k
    JOIN settlement_layers l ON l.county_code = k.county_code AND l.settlement_id = k.id
    GROUP BY k.what, k.key, k.county, l.layer
)
SELECT sums.*, (SELECT json_object_agg(layer, amount ORDER BY layer) FROM layers
    WHERE layers.what = sums.what AND layers.key = sums.key AND layers.county = sums.county) AS layers
FROM sums ORDER BY what, key, county
""".replace("@changes@", _CHANGES)
_CASHIER: Final = """
@changes@
SELECT c.hospital_code, coalesce(c.by, '') AS operator,
    count(*) FILTER (WHERE c.kind = 'settlement' AND c.version = 1 AND c.sign = 1)::int AS settlements,
    count(*) FILTER (WHERE c.kind = 'reversal')::int AS reversals,
    count(*) FILTER (WHERE c.kind = 'settlement' AND c.version > 1 AND c.sign = 1)::int AS corrections,
    sum(c.sign * c.total)::bigint AS total, sum(c.sign * c.hospital_advances)::bigint AS hospital_advances,
    sum(c.sign * c.due_at_discharge)::bigint AS due_at_discharge
FROM changes c GROUP BY c.hospital_code, c.by ORDER BY c.hospital_code, operator
""".replace("@changes@", _CHANGES)
_EXPECTED: Final = """
    SELECT s.county_code, s.id, s.hospital_code, s.settled_on, l.payer, l.amount FROM settlement_layers l
    JOIN settlements s ON s.county_code = l.county_code AND s.id = l.settlement_id
    JOIN live_visits v ON v.county_code = s.county_code AND v.settlement_id = s.id
    WHERE {scope} AND l.way = 'expected' AND l.amount > 0 {payers}
    ORDER BY s.settled_on, s.id LIMIT :most
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
    Visits, cost and layers of what was settled from a day to another, less what was reversed, with what later
    versions changed: as a whole, by county, by hospital and by identity of each county (somebody of two classes counts
    under both). Amounts in fen.
    """
    values = {"county_code": county_code, "hospital_code": hospital_code, "payers": list(payers) if payers else None}
    asked = {name: value for name, value in values.items() if value is not None}
    query = text(_MONTH.format(scope=_scope(asked)))
    found = await tx.execute(query, asked | {"first": first, "last": last})
    return [dict(row) for row in found.mappings()]


async def cashier(
    tx: AsyncConnection, *, day: date, county_code: str | None = None, hospital_code: str | None = None
) -> list[dict[str, Any]]:
    """
    What each operator settled, reversed and corrected on a day, and what the patients owed at the counter for it, a
    correction with its difference. Amounts in fen.
    """
    asked = {
        name: value
        for name, value in {"county_code": county_code, "hospital_code": hospital_code}.items()
        if value is not None
    }
    found = await tx.execute(text(_CASHIER.format(scope=_scope(asked))), asked | {"first": day, "last": day})
    return [dict(row) for row in found.mappings()]


async def expected_aid(
    tx: AsyncConnection,
    *,
    county_codes: Sequence[str],
    hospital_code: str | None,
    payers: Sequence[str] | None,
    most: int,
) -> list[dict[str, Any]]:
    """Live settlements whose aid is expected and was not decided, oldest first; amounts in fen (domain §6)."""
    values: dict[str, Any] = {"county_codes": list(county_codes), "most": most}
    scope, of_payers = "s.county_code = ANY (:county_codes)", ""
    if hospital_code is not None:
        scope, values["hospital_code"] = f"{scope} AND s.hospital_code = :hospital_code", hospital_code
    if payers is not None:
        of_payers, values["payers"] = "AND l.payer = ANY (:payers)", list(payers)
    found = await tx.execute(text(_EXPECTED.format(scope=scope, payers=of_payers)), values)
    return [dict(row) for row in found.mappings()]
