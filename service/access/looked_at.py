"""Who looked at a person: the audit trail, read by person."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.tables import audit_log

Position = tuple[datetime, UUID]


class Access(NamedTuple):
    """One row of the trail about a person: when, which client in which role, what it did, and on what."""

    at: datetime
    id: UUID
    client_id: str
    role: str
    operator: str | None
    request_id: str
    action: str
    subject: str | None


async def accesses(
    tx: AsyncConnection, county_code: str, person_no: str, *, after: Position | None, rows: int
) -> list[Access]:
    """Who read or changed what of a person, newest first, after the last one of the page before."""
    c = audit_log.c
    query = (
        select(*(c[name] for name in Access._fields))
        .where(c.county_code == county_code, c.person_no == person_no)
        .order_by(c.at.desc(), c.id.desc())
        .limit(rows)
    )
    if after is not None:
        query = query.where(tuple_(c.at, c.id) < tuple_(*after))
    return [Access(*row) for row in await tx.execute(query)]
