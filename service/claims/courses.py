"""What became of settlements since: their later versions and their reversals, for those who keep numbers of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_CHANGES: Final = text("""
    SELECT s.id, s.case_id, s.settled_at, s.kind = 'reversal', s.total,
        s.total - s.hospital_bears - s.due_at_discharge, s.due_at_discharge
    FROM unnest(CAST(:ids AS uuid[])) AS asked (id)
    JOIN settlements f ON f.hospital_code = :hospital_code AND f.id = asked.id
    JOIN settlements s ON s.county_code = f.county_code AND s.case_id = f.id AND s.case_id <> s.id
    ORDER BY s.case_id, s.version, s.kind DESC
""")
_CHANGED: Final = text("""
    SELECT DISTINCT case_id FROM settlements
    WHERE hospital_code = :hospital_code AND case_id <> id AND settled_at >= :first AND settled_at < :end
""")


class Changed(NamedTuple):
    """
    A later version, or the reversal, of a case. Amounts in fen, of a version what it says in place of the one before.

    `funds`: what all funds together pay at the counter; `due`: what the patient pays there.
    """

    id: UUID
    at: datetime
    reverses: bool
    total: int
    funds: int
    due: int


async def changes(tx: AsyncConnection, hospital_code: str, ids: Sequence[UUID]) -> dict[UUID, tuple[Changed, ...]]:
    """What happened to a hospital's cases since they were first settled, in order; cases left as they were are out."""
    if not ids:
        return {}
    found: dict[UUID, tuple[Changed, ...]] = {}
    for row in await tx.execute(_CHANGES, {"hospital_code": hospital_code, "ids": list(ids)}):
        case_id = _plain(row[1])
        found[case_id] = (*found.get(case_id, ()), Changed(_plain(row[0]), *row[2:]))
    return found


async def changed_between(tx: AsyncConnection, hospital_code: str, first: datetime, end: datetime) -> list[UUID]:
    """The cases of a hospital that were decided anew or reversed between two instants, the second not included."""
    asked = {"hospital_code": hospital_code, "first": first, "end": end}
    return [_plain(case_id) for case_id in await tx.scalars(_CHANGED, asked)]


def _plain(found: Any) -> UUID:
    # The driver's own kind of UUID is not equal in every use to Python's.
    return UUID(bytes=found.bytes)
