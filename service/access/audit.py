"""
The audit trail: who read or changed what about whom, when, and in which request. Rows are only ever added.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import insert
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
