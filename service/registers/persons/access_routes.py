"""Who looked at this person, over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from fastapi import Path, Request
from pydantic import Field

from service.access.audit import Access
from service.access.guard import allow
from service.access.model import Caller, Role
from service.clock import COUNTY_ZONE
from service.db import Tx
from service.registers.desk import Desk
from service.registers.persons.actions import accesses_to
from service.registers.persons.schemas import PersonNo
from service.registers.refusals import PersonUnknown
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import WireModel

router = Router(prefix="/v1/persons", tags=["Persons"])

_ACCESS: Final[dict[str, Any]] = {
    "at": "2018-06-09T10:30:00+08:00",
    "client_id": "demo-hospital",
    "role": "hospital",
    "operator": "张三",
    "operator_signed": True,
    "action": "settlement.create",
    "subject": "0198c7a4-5c00-7000-8000-000000000001",
    "purpose": None,
    "request_id": "5f8c1d2e9b7a4c3d8e6f0a1b2c3d4e5f",
}


class AccessOut(WireModel):
    """One look at a person, or one change."""

    at: datetime
    client_id: str
    role: str
    operator: str | None = Field(description="The person whom the client named.")
    operator_signed: bool = Field(description="Whether the client vouched for the operator with its signature.")
    action: str = Field(description="What was done, as `noun.verb`.")
    subject: str | None = Field(description="The id of what was read or changed.")
    purpose: str | None = Field(description="What for, where the client said so (`X-Purpose`).")
    request_id: str

    @classmethod
    def of(cls, access: Access) -> Self:
        values = {name: getattr(access, name) for name in cls.model_fields}
        return cls(**values | {"at": access.at.astimezone(COUNTY_ZONE)})


@router.get(
    "/{person_no}/accesses",
    summary="Who looked at a person",
    responses=refusals(PersonUnknown) | example(200, {"items": [_ACCESS], "next_cursor": None}),
)
async def list_accesses(
    request: Request,
    person_no: Annotated[PersonNo, Path(description="The person's number.")],
    caller: Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)],
    tx: Tx,
    paging: PageAsked,
) -> Page[AccessOut]:
    """The audit trail of one person, newest first: every read and every change, this one from the next time on."""
    desk = Desk.of(request, tx, caller)
    after = paging.after(datetime, UUID)
    found = await accesses_to(desk, person_no, after=(after[0], after[1]) if after else None, rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda access: (access.at, access.id))
    return Page(items=[AccessOut.of(each) for each in page], next_cursor=cursor)
