"""
Events written and polled. A poll never misses one, and never tells one twice.

An event gets its place in the order when it is polled first, after its transaction has ended. A cursor names the
event at its place: in a database restored from a backup, in which that event did not happen, it is refused.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID
from zlib import crc32

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_ADD: Final = text("""
    INSERT INTO events (county_code, txid, at, kind, subject, hospital_code, payer, data)
    VALUES (:county_code, pg_current_xact_id()::text::bigint, :at, :kind, :subject, :hospital_code, :payer,
        CAST(:data AS jsonb))
""")
_WAITING: Final = text("SELECT EXISTS (SELECT FROM event_queue WHERE county_code = ANY (:county_codes))")
_TURN: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('event_positions', 0))")
_PLACE: Final = text("""
WITH taken AS (
    DELETE FROM event_queue q WHERE (q.county_code, q.txid, q.seq) IN (
        SELECT county_code, txid, seq FROM event_queue WHERE county_code = ANY (:county_codes)
        ORDER BY seq LIMIT :most)
    RETURNING q.county_code, q.txid, q.seq
)
INSERT INTO event_positions (county_code, txid, seq) SELECT county_code, txid, seq FROM taken ORDER BY seq
""")
_EVENTS: Final = """
    SELECT o.position, e.at, e.kind, e.subject, e.hospital_code, e.payer, e.data FROM event_positions o
    JOIN events e ON e.county_code = o.county_code AND e.txid = o.txid AND e.seq = o.seq
    WHERE o.county_code = ANY (:county_codes) AND {where}
"""
_OF_PAYERS: Final = """
    AND (e.payer = ANY (:payers) OR e.payer IS NULL AND EXISTS (
        SELECT FROM postings p WHERE p.county_code = e.county_code AND p.origin = e.subject
            AND p.payer = ANY (:payers)))
"""
_PLACED_AT_ONCE: Final = 10_000


class Cursor(NamedTuple):
    """A place in the order, and what tells whether the event that stood there still does."""

    position: int
    check: int


BEGINNING: Final = Cursor(0, 0)


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


async def place(tx: AsyncConnection, county_codes: Sequence[str]) -> None:
    """Give a place in the order to the events of some counties that have none. Polls take turns at it."""
    asked = {"county_codes": list(county_codes)}
    if await tx.scalar(_WAITING, asked):
        await tx.execute(_TURN)
        await tx.execute(_PLACE, asked | {"most": _PLACED_AT_ONCE})


async def after(
    tx: AsyncConnection,
    county_codes: Sequence[str],
    *,
    hospital_code: str | None,
    payers: Sequence[str] | None,
    cursor: Cursor,
    limit: int,
) -> tuple[list[tuple[Cursor, Event]], Cursor] | None:
    """
    Placed events of some counties after a cursor, oldest first: of a hospital, of some payers, or all. And the cursor
    from which to ask next: where nothing more is to be seen, it moves on past the events of others.

    None where the cursor names an event that did not happen here.
    """
    values: dict[str, Any] = {"county_codes": list(county_codes)}
    if cursor != BEGINNING:
        at = (await tx.execute(_query("o.position = :position"), values | {"position": cursor.position})).one_or_none()
        if at is None or _cursor(at) != cursor:
            return None
    last = (await tx.execute(_query("true ORDER BY o.position DESC LIMIT 1"), values)).one_or_none()

    scope = "o.position > :position"
    if hospital_code is not None:
        scope, values["hospital_code"] = f"{scope} AND e.hospital_code = :hospital_code", hospital_code
    elif payers is not None:
        scope, values["payers"] = f"{scope} {_OF_PAYERS}", list(payers)
    query = _query(f"{scope} ORDER BY o.position LIMIT :limit")
    rows = (await tx.execute(query, values | {"position": cursor.position, "limit": limit})).all()
    found = [
        (_cursor(row), Event("", row.at, row.kind, row.subject, row.hospital_code, row.payer, row.data)) for row in rows
    ]
    if len(found) == limit:
        return found, found[-1][0]
    seen = max((_cursor(row) for row in (last, *rows) if row is not None), default=cursor)
    return found, max(seen, cursor)


def _query(where: str) -> Any:
    return text(_EVENTS.format(where=where))


def _cursor(row: Any) -> Cursor:
    told = f"{row.subject}/{row.kind}/{row.at.astimezone(UTC).isoformat()}"
    return Cursor(row.position, crc32(told.encode()))
