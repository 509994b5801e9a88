"""What a township sees of its own people: who they are, what their treatment left them with, which aid awaits it."""

from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Query, Request

from service.access.guard import allow
from service.access.model import Caller, Role
from service.db import Tx
from service.inquiry import store
from service.inquiry.store import YearOfPerson
from service.registers.desk import Desk
from service.registers.persons.actions import list_persons
from service.registers.persons.store import Filters
from service.wire.pages import Page, PageAsked
from service.wire.responses import example
from service.wire.routing import Router
from service.wire.types import Flag, WireModel, YuanOut

router = Router(prefix="/v1/township", tags=["Township"])
TAGS: Final = [{"name": "Township", "description": "A township and its own people."}]

Own = Annotated[Caller, allow(Role.TOWNSHIP)]
_NOTHING: Final = YearOfPerson(0, 0, 0)
_PERSON: Final[dict[str, Any]] = {
    "person_no": "P459901000001",
    "name": "张*",
    "identities": ["low_income_allowance"],
    "visits": 2,
    "patient_pays": "1364.40",
    "expected_aid": "820.00",
}
_CLAIM: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-000000000001",
    "person_no": "P459901000001",
    "name": "张*",
    "hospital_code": "H45990100101",
    "visit_no": "ZY201806010001",
    "visit_type": "inpatient",
    "last_day": "2018-06-09",
    "settled_on": "2018-06-09",
    "total": "13644.00",
    "paid_total": "12279.60",
    "patient_pays": "1364.40",
    "expected_aid": "820.00",
    "on_hold": False,
}


class OwnPersonOut(WireModel):
    """Somebody of the township, masked, with what this year's treatment left them with."""

    person_no: str
    name: str
    identities: list[str]
    visits: int
    patient_pays: YuanOut
    expected_aid: YuanOut


class OwnClaimOut(WireModel):
    """A settlement of somebody of the township. `expected_aid`: what is paid once the township approves it."""

    id: UUID
    person_no: str
    name: str
    hospital_code: str
    visit_no: str
    visit_type: Literal["inpatient", "chronic_outpatient"]
    last_day: date
    settled_on: date
    total: YuanOut
    paid_total: YuanOut
    patient_pays: YuanOut
    expected_aid: YuanOut
    on_hold: Flag


@router.get("/persons", summary="Our people", responses=example(200, {"items": [_PERSON], "next_cursor": None}))
async def list_township_persons(request: Request, caller: Own, tx: Tx, paging: PageAsked) -> Page[OwnPersonOut]:
    """The township's own people by number, with this year's visits, what they bear of them, and the aid expected."""
    desk = Desk.of(request, tx, caller)
    found = await list_persons(desk, Filters(desk.today), after=paging.after(str), rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each[0].person_no,))
    numbers = [person.person_no for person, _ in page]
    await desk.note_shown("township.persons", numbers)
    years = await store.years_of(tx, caller.county_code, numbers, desk.today.year)
    items = [
        OwnPersonOut(
            person_no=person.person_no,
            name=person.name,
            identities=[each.what.identity_class for each in coverage.identities if each.holds_on(desk.today)],
            **years.get(person.person_no, _NOTHING)._asdict(),
        )
        for person, coverage in page
    ]
    return Page(items=items, next_cursor=cursor)


@router.get(
    "/claims", summary="Settlements of our people", responses=example(200, {"items": [_CLAIM], "next_cursor": None})
)
async def list_township_claims(
    request: Request,
    caller: Own,
    tx: Tx,
    paging: PageAsked,
    expected_aid: Annotated[bool, Query(description="Only those whose aid is expected and awaits approval.")] = False,
) -> Page[OwnClaimOut]:
    """
    Settlements of the township's people, newest first.

    With `expected_aid`: aid that was expected at discharge and is paid once approved, so that nobody loses it by not
    knowing. Each person whose settlement is shown has a row in the audit trail.
    """
    desk, after = Desk.of(request, tx, caller), paging.after(UUID)
    assert caller.township_code is not None
    found = await store.claims_of_township(
        tx,
        desk.vault,
        caller.county_code,
        caller.township_code,
        expecting_aid=expected_aid,
        after=after[0] if after else None,
        rows=paging.limit + 1,
    )
    page, cursor = paging.cut(found, lambda each: (each.id,))
    await desk.note_shown("township.claims", (each.person_no for each in page))
    return Page(items=[OwnClaimOut(**each._asdict()) for each in page], next_cursor=cursor)
