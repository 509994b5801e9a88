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
    WHERE e.county_code = ANY (:county_codes) AND (txid, seq) > (:txid, :seq) AND txid < :horizon {scope}
    ORDER BY txid, seq LIMIT :limit
"""
_OF_PAYERS: Final = """
    AND (e.payer = ANY (:payers) OR e.payer IS NULL AND EXISTS (
        SELECT FROM postings p WHERE p.county_code = e.county_code AND p.origin = e.subject
            AND p.payer = ANY (:payers)))
"""
_HORIZON: Final = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_LAST_OF_TRANSACTION: Final = 10**18 - 1

Position = tuple[int, int]


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
    county_codes: Sequence[str],
    *,
    hospital_code: str | None,
    payers: Sequence[str] | None,
    position: Position,
    limit: int,
) -> tuple[list[tuple[Position, Event]], Position]:
    """
    Events of some counties after a position, oldest first: of a hospital, of some payers, or all. And the position
    from which to ask next: where nothing more is to be seen, it moves on past the events of others.
    """
    horizon: int = await tx.scalar(_HORIZON)
    values: dict[str, Any] = {"county_codes": list(county_codes), "horizon": horizon, "limit": limit}
    values |= {"txid": position[0], "seq": position[1]}
    scope = ""
    if hospital_code is not None:
        scope, values["hospital_code"] = "AND e.hospital_code = :hospital_code", hospital_code
    elif payers is not None:
        scope, values["payers"] = _OF_PAYERS, list(payers)
    rows = await tx.execute(text(_AFTER.format(scope=scope)), values)
    found = [
        ((row.txid, row.seq), Event("", row.at, row.kind, row.subject, row.hospital_code, row.payer, row.data))
        for row in rows
    ]
    seen = found[-1][0] if len(found) == limit else max(position, (horizon - 1, _LAST_OF_TRANSACTION))
    return found, seen
