"""Persons over HTTP."""

from typing import Annotated, Any, Final

from fastapi import Path, Query, Request

from service.access.guard import allow
from service.access.model import Caller, Role
from service.access.refusals import Forbidden
from service.db import Tx
from service.errors import Text
from service.registers.checks import refuse_other_county, refuse_other_key
from service.registers.desk import Desk
from service.registers.persons import actions
from service.registers.persons.schemas import PersonChange, PersonNew, PersonNo, PersonOut
from service.registers.persons.store import Filters
from service.registers.refusals import (
    BarOverlap,
    IdentityOverlap,
    InsuredOverlap,
    OnlyAidIdentities,
    PersonExists,
    PersonUnknown,
)
from service.registers.schemas import sample
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Code, Line
from service.words import IdentityClass

router = Router(prefix="/v1/persons", tags=["Persons"])

CIVIL_AFFAIRS: Final = "civil_affairs"
_LISTS: Final = frozenset({"insured", "identities", "barred"})
_NOT_CIVIL_AFFAIRS: Final = Text(
    "付款方中只有民政部门可以查询人员和变更救助身份。",
    "Of the payers only civil affairs may read persons and change aid identities.",
)

Readers = Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR, Role.TOWNSHIP, Role.PAYER)]
Changers = Annotated[Caller, allow(Role.AGENCY, Role.PAYER)]
Number = Annotated[PersonNo, Path(description="The person's number.")]

_NEW: Final[dict[str, Any]] = {
    "person_no": "P459901000001",
    "township_code": "459901101",
    "household_no": "H0001",
    "name": "张三",
    "id_no": "459901195003070005",
    "phone": "13800001234",
    "bank_account": {"holder": "张三", "bank": "县农村信用社", "number": "6222000000000000001"},
    "insured": [{"from": "2018-01-01"}],
    "identities": [{"class": "registered_poor", "valid_from": "2018-01-01", "source": "扶贫办"}],
}
_CHANGE: Final[dict[str, Any]] = {
    "identities": [{"class": "lifted_but_covered", "valid_from": "2019-01-01", "source": "扶贫办"}],
    "as_of": "2019-01-01",
    "reason": "脱贫不脱策",
}
ANSWER: Final[dict[str, Any]] = _NEW | {
    "county_code": "459901",
    "id_type": "id_card",
    "social_card_no": None,
    "born_on": "1950-03-07",
    "died_on": None,
    "sex": "female",
    "payee": None,
    "insured": [{"from": "2018-01-01", "to": None}],
    "identities": [{"class": "registered_poor", "valid_from": "2018-01-01", "valid_to": None, "source": "扶贫办"}],
    "barred": [],
}
_MASKED: Final[dict[str, Any]] = ANSWER | {
    "name": "张*",
    "id_no": "4599************05",
    "phone": "138****1234",
    "bank_account": {"holder": "张*", "bank": "县农村信用社", "number": "***************0001"},
}
_OVERLAPS: Final = (InsuredOverlap, IdentityOverlap, BarOverlap)


def refuse_other_payers(caller: Caller) -> None:
    """Of the payers only civil affairs has to do with persons."""
    if caller.role is Role.PAYER and CIVIL_AFFAIRS not in caller.payers:
        raise Forbidden(_NOT_CIVIL_AFFAIRS)


@router.post(
    "",
    status_code=201,
    summary="Register a person",
    responses=refusals(PersonExists, *_OVERLAPS) | example(201, ANSWER),
)
async def register_person(
    request: Request,
    body: Annotated[PersonNew, sample(_NEW)],
    caller: Annotated[Caller, allow(Role.AGENCY)],
    tx: Tx,
) -> PersonOut:
    """
    Enter a person with what is known of their insurance and identities.

    A number may be registered once per county. The identity number's birthday and check character must be right; its
    area is not looked at.
    """
    desk = Desk.of(request, tx, caller)
    refuse_other_county(body.county_code, desk.county_code)
    person = body.person(desk.county_code, actions.assigned_person_no(desk.county_code))
    return PersonOut.of(*await actions.register(desk, person, body.coverage(), body.reason))


@router.get("", summary="List persons", responses=example(200, {"items": [_MASKED], "next_cursor": None}))
async def list_persons(
    request: Request,
    caller: Readers,
    tx: Tx,
    paging: PageAsked,
    township_code: Annotated[Code | None, Query(description="Of this township.")] = None,
    household_no: Annotated[Line | None, Query(description="Of this household.")] = None,
    identity: Annotated[IdentityClass | None, Query(description="Who hold this identity today.")] = None,
) -> Page[PersonOut]:
    """Persons of your county by number, masked. A township sees its own people, whatever it asks for."""
    refuse_other_payers(caller)
    desk = Desk.of(request, tx, caller)
    filters = Filters(desk.today, township_code, household_no, identity)
    found = await actions.list_persons(desk, filters, after=paging.after(str), rows=paging.limit + 1)
    page, next_cursor = paging.cut(found, lambda each: (each[0].person_no,))
    await desk.note_shown("person.list", (person.person_no for person, _ in page))
    return Page(items=[PersonOut.of(*each) for each in page], next_cursor=next_cursor)


@router.get("/{person_no}", summary="Read a person", responses=refusals(PersonUnknown) | example(200, ANSWER))
async def read_person(request: Request, person_no: Number, caller: Readers, tx: Tx) -> PersonOut:
    """One person as now known: in full for the agency, masked for others. Reading leaves a row in the audit trail."""
    refuse_other_payers(caller)
    return PersonOut.of(*await actions.look_up(Desk.of(request, tx, caller), person_no))


@router.put(
    "/{person_no}",
    summary="Change a person",
    responses=refusals(PersonUnknown, PersonExists, OnlyAidIdentities, *_OVERLAPS) | example(200, ANSWER),
)
async def change_person(
    request: Request,
    person_no: Number,
    body: Annotated[PersonChange, sample(_CHANGE)],
    caller: Changers,
    tx: Tx,
) -> PersonOut:
    """
    Correct a person's entry; nothing of the past is overwritten.

    Fields that are left out stay. A list replaces what was believed, or, with `as_of`, what holds from that day on.
    Civil affairs may send `identities` only, of the aid classes; other classes stay as they are.
    """
    refuse_other_payers(caller)
    desk = Desk.of(request, tx, caller)
    refuse_other_key("person_no", body.person_no, person_no)
    refuse_other_county(body.county_code, desk.county_code)
    lists = _LISTS & {name for name in body.model_fields_set if getattr(body, name) is not None}
    change = actions.Change(body.values(), body.coverage(), lists, body.as_of, body.reason)
    return PersonOut.of(*await actions.change(desk, person_no, change))
