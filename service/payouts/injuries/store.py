"""What is on hold because of an injury."""

from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_HELD: Final = """
    SELECT s.id AS settlement_id, s.person_no, s.hospital_code, s.visit_no, s.last_day, s.settled_on, s.held
    FROM live_visits v JOIN settlements s ON s.county_code = v.county_code AND s.id = v.settlement_id
    WHERE v.county_code = :county_code AND s.on_hold
"""


class Held(NamedTuple):
    """A live settlement on hold, and what is held of it (fen)."""

    settlement_id: UUID
    person_no: str
    hospital_code: str
    visit_no: str
    last_day: date
    settled_on: date
    held: int


async def held(tx: AsyncConnection, county_code: str, *, after: UUID | None, rows: int) -> list[Held]:
    """What is on hold in a county, the oldest first."""
    query, asked = _HELD, dict[str, Any](county_code=county_code, rows=rows)
    if after is not None:
        query, asked = query + " AND s.id > :after", asked | {"after": after}
    found = await tx.execute(text(f"{query} ORDER BY s.id LIMIT :rows"), asked)
    return [Held(**row) for row in found.mappings()]
