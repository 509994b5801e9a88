"""
The audit trail: who read or changed what about whom, when, and in which request. Rows are only ever added.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Caller
from service.access.tables import audit_log
from service.ids import new_id


def entry(
    caller: Caller, action: str, *, at: datetime, person_no: str | None, county_code: str, subject: str | None = None
) -> dict[str, Any]:
    """
    A row of `audit_log` by column name, for a statement that writes it together with something else.

    `action` is `noun.verb` ("person.read"), `subject` the id of what was read or changed.
    """
    return {
        "county_code": county_code,
        "at": at,
        "id": new_id(at),
        "client_id": caller.client_id,
        "role": caller.role.value,
        "operator": caller.operator,
        "request_id": caller.request_id,
        "action": action,
        "person_no": person_no,
        "subject": subject,
        "operator_signed": caller.operator_signed,
        "purpose": caller.purpose,
    }


async def record(
    tx: AsyncConnection,
    caller: Caller,
    action: str,
    *,
    at: datetime,
    person_no: str | None,
    county_code: str,
    subject: str | None = None,
) -> None:
    """Add one row to the trail, in the transaction of what it tells about."""
    row = entry(caller, action, at=at, person_no=person_no, county_code=county_code, subject=subject)
    await tx.execute(insert(audit_log).values(row))


async def record_shown(
    tx: AsyncConnection,
    caller: Caller,
    action: str,
    shown: Iterable[tuple[str, str]],
    *,
    at: datetime,
    subject: str | None = None,
) -> None:
    """
    Add a row for each person whom an answer shows, given as county and number, so that each finds it in their own list.

    An answer that shows nobody leaves one row about nobody.
    """
    looked = dict.fromkeys(shown)
    rows = [
        entry(caller, action, at=at, person_no=person_no, county_code=county_code, subject=subject)
        for county_code, person_no in looked
    ]
    nobody = entry(caller, action, at=at, person_no=None, county_code=caller.county_code, subject=subject)
    await tx.execute(insert(audit_log), rows or [nobody])


@dataclass(frozen=True, slots=True)
class Access:
    """One row of the trail about a person: who, what, when, why, and in which request."""

    id: UUID
    at: datetime
    client_id: str
    role: str
    operator: str | None
    operator_signed: bool
    action: str
    subject: str | None
    purpose: str | None
    request_id: str


async def accesses(
    tx: AsyncConnection, county_code: str, person_no: str, *, after: tuple[datetime, UUID] | None, rows: int
) -> list[Access]:
    """Who looked at a person or changed something about them, newest first, after the last one of the page before."""
    c = audit_log.c
    query = (
        select(*(c[field.name] for field in fields(Access)))
        .where(c.county_code == county_code, c.person_no == person_no)
        .order_by(c.at.desc(), c.id.desc())
        .limit(rows)
    )
    if after is not None:
        query = query.where(tuple_(c.at, c.id) < tuple_(*after))
    return [Access(**row) for row in (await tx.execute(query)).mappings()]
