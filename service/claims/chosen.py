"""Which live settlements somebody means who says whose, where, when and under which law."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_CONDITIONS: Final = {
    "person_no": "v.person_no = :person_no",
    "hospital_code": "v.hospital_code = :hospital_code",
    "first": "v.last_day >= :first",
    "last": "v.last_day <= :last",
    "pack_hash": "s.pack_hash = :pack_hash",
}
_CHOSEN: Final = """
    SELECT v.settlement_id, v.person_no FROM live_visits v
    JOIN settlements s ON s.county_code = v.county_code AND s.id = v.settlement_id
    WHERE v.county_code = :county_code {more} ORDER BY s.order_no
"""


@dataclass(frozen=True, slots=True)
class Chosen:
    """All conditions hold together; `first` and `last`: the last day of the visit lies between them, both included."""

    person_no: str | None = None
    hospital_code: str | None = None
    first: date | None = None
    last: date | None = None
    pack_hash: str | None = None


async def chosen(tx: AsyncConnection, county_code: str, conditions: Chosen) -> list[tuple[UUID, str]]:
    """The live settlements that are meant, each person's in their order, and whose they are."""
    asked: Mapping[str, Any] = {
        name: getattr(conditions, name) for name in _CONDITIONS if getattr(conditions, name) is not None
    }
    more = "".join(f" AND {_CONDITIONS[name]}" for name in asked)
    rows = await tx.execute(text(_CHOSEN.format(more=more)), {"county_code": county_code, **asked})
    return [(UUID(bytes=row.settlement_id.bytes), row.person_no) for row in rows]
