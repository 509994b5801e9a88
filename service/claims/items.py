"""Which settlements a change of the fee catalogue touches: those with a line that was settled on other terms."""

from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import CTE, Column, Date, Integer, MetaData, Table, Text, Uuid, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims.model import BillLine
from service.settlement.scope import FIRST_PAY_GRADE, SELF_FUNDED_GRADE

# Returns take the terms of their original line, which is looked at itself. A line may be dated outside its stay, which
# is a finding only; a bill that ended more than a year before the first day that changes is not opened. It is parsed
# once: text would be parsed anew for each field of each line.
_TOUCHED: Final = """
SELECT v.settlement_id, v.person_no, v.hospital_code, v.visit_no, v.last_day,
    array_agg(DISTINCT line ->> {item_code} ORDER BY line ->> {item_code}) AS items
FROM live_visits v
JOIN settlement_documents d ON d.county_code = v.county_code AND d.settlement_id = v.settlement_id
CROSS JOIN LATERAL jsonb_array_elements(CAST(d.bill AS jsonb)) line
JOIN changed c ON c.item_code = line ->> {item_code} AND c.days @> CAST(line ->> {charged_on} AS date)
WHERE v.county_code = :county_code
    AND v.last_day >= (SELECT min(coalesce(lower(days), '-infinity')) FROM changed) - 366
    AND CAST(line ->> {quantity} AS bigint) > 0
    AND CASE WHEN c.terms IS NULL THEN CAST(line ->> {by_catalogue} AS boolean)
        ELSE line ->> {grade} <> c.terms ->> 'grade'
            OR (line ->> {grade} = :first_pay_grade AND line ->> {first_pay_ratio} <> c.terms ->> 'self_pay_ratio')
            OR (line ->> {grade} <> :self_funded_grade AND line ->> {ceiling} IS DISTINCT FROM
                c.terms ->> ('ceiling_' || (d.trace #>> '{{claim,situation,level}}'))) END
GROUP BY v.settlement_id, v.person_no, v.hospital_code, v.visit_no, v.last_day
"""
_SHAPE: Final = Table(
    "touched",
    MetaData(),
    Column("settlement_id", Uuid),
    Column("person_no", Text),
    Column("hospital_code", Text),
    Column("visit_no", Text),
    Column("last_day", Date),
    Column("items", ARRAY(Text)),
)
_PLACES: Final = {name: at for at, name in enumerate(BillLine._fields)}


class ItemsTouched(NamedTuple):
    """A settlement and the items of its lines that would be settled on other terms."""

    settlement_id: UUID
    person_no: str
    hospital_code: str
    visit_no: str
    last_day: date
    items: list[str]


def _touched(county_code: str, changed: CTE) -> Any:
    query = text(_TOUCHED.format(**_PLACES)).bindparams(
        county_code=county_code, first_pay_grade=FIRST_PAY_GRADE, self_funded_grade=SELF_FUNDED_GRADE
    )
    return query.columns(*_SHAPE.c).add_cte(changed).subquery("touched")


async def touched_by_items(
    tx: AsyncConnection, county_code: str, changed: CTE, *, after: UUID | None, rows: int
) -> list[ItemsTouched]:
    """
    The live settlements with a line on other terms than a change of the catalogue leaves, oldest first.

    `changed` is named so and has `item_code`, `days` (of charge) and `terms`, as the catalogue has them afterwards;
    null: none any more. Where the terms are worth the same to a line, it is not touched.
    """
    touched = _touched(county_code, changed)
    query = select(touched).order_by(touched.c.settlement_id).limit(rows)
    if after is not None:
        query = query.where(touched.c.settlement_id > after)
    found = await tx.execute(query)
    return [ItemsTouched(UUID(bytes=row.settlement_id.bytes), *row[1:]) for row in found]


async def count_touched_by_items(tx: AsyncConnection, county_code: str, changed: CTE) -> int:
    """How many live settlements that are."""
    query = select(func.count(type_=Integer)).select_from(_touched(county_code, changed))
    return int(await tx.scalar(query) or 0)
