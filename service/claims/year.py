"""A person's year as other rooms ask about it: the running sums, and whether anything is settled."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_SUMS: Final = text("""
    SELECT period, name, value FROM accumulators
    WHERE county_code = :county_code AND person_no = :person_no AND period = ANY (CAST(:periods AS text[]))
""")
_TAKE_TURN: Final = text("""
    INSERT INTO person_orders AS o (county_code, person_no, last_order) VALUES (:county_code, :person_no, 0)
    ON CONFLICT (county_code, person_no) DO UPDATE SET last_order = o.last_order
""")
_HAS_LIVE: Final = text(
    "SELECT EXISTS (SELECT FROM live_visits WHERE county_code = :county_code AND person_no = :person_no)"
)


async def sums_of(
    tx: AsyncConnection, county_code: str, person_no: str, periods: Sequence[str]
) -> dict[tuple[str, str], int]:
    """A person's running sums (fen) of these periods: benefit years, or months of a disease's deductible."""
    asked = {"county_code": county_code, "person_no": person_no, "periods": list(periods)}
    return {(row.period, row.name): row.value for row in await tx.execute(_SUMS, asked)}


async def has_settlements(tx: AsyncConnection, county_code: str, person_no: str) -> bool:
    """Whether a person has a live settlement. Takes the person's turn: none can be made until this one ends."""
    await tx.execute(_TAKE_TURN, {"county_code": county_code, "person_no": person_no})
    return bool(await tx.scalar(_HAS_LIVE, {"county_code": county_code, "person_no": person_no}))
