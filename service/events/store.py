"""
Events written and polled. A poll never misses one: what a running transaction may still add is held back, so the
order is the one in which events became visible to everybody.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_ADD: Final = text("""
    INSERT INTO events (county_code, txid, at, kind, subject, hospital_code, payer, data)
    VALUES (:county_code, pg_current_xact_id()::text::bigint, :at, :kind, :subject, :hospital_code, :payer,
        CAST(:data AS jsonb))
""")
_AFTER: Final = """
    SELECT txid, seq, at, kind, subject, hospital_code, payer, data FROM events e
    WHERE {scope} AND (txid, seq) > (:txid, :seq)
        AND txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY txid, seq LIMIT :limit
"""
_OF_PAYERS: Final = """
    e.county_code = :county_code AND (e.payer = ANY (:payers) OR e.payer IS NULL AND EXISTS (
        SELECT FROM postings p WHERE p.county_code = e.county_code AND p.origin = e.subject
            AND p.payer = ANY (:payers)))
"""


class Event(NamedTuple):
    """Something that happened to a settlement, a statement, a payment or a difference."""

    county_code: str
    at: datetime
    kind: str
    subject: UUID
    hospital_code: str
    payer: str | None
    data: dict[str, Any] | None


async def add(tx: AsyncConnection, event: Event) -> None:
    """Add an event in the transaction of what it tells about."""
    data = orjson.dumps(event.data).decode() if event.data else None
    await tx.execute(_ADD, event._asdict() | {"data": data})


async def after(
    tx: AsyncConnection,
    county_code: str,
    *,
    hospital_code: str | None,
    payers: Sequence[str] | None,
    position: tuple[int, int],
    limit: int,
) -> list[tuple[tuple[int, int], Event]]:
    """
    Events after a position, oldest first: of a hospital (in every county), of some payers, else of the county.
    """
    values: dict[str, Any] = {"txid": position[0], "seq": position[1], "limit": limit}
    if hospital_code is not None:
        scope, values["hospital_code"] = "e.hospital_code = :hospital_code", hospital_code
    elif payers is not None:
        scope, values["payers"] = _OF_PAYERS, list(payers)
        values["county_code"] = county_code
    else:
        scope, values["county_code"] = "e.county_code = :county_code", county_code
    found = await tx.execute(text(_AFTER.format(scope=scope)), values)
    return [
        ((row.txid, row.seq), Event("", row.at, row.kind, row.subject, row.hospital_code, row.payer, row.data))
        for row in found
    ]
