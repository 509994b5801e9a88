"""Persons as they were known, and entered twice, over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Path, Query, Request
from pydantic import AfterValidator

from service.access.guard import allow
from service.access.model import Caller, Role
from service.db import Tx
from service.errors import Text
from service.registers.desk import Desk
from service.registers.persons.duplicates import found_twice
from service.registers.persons.history import as_known
from service.registers.persons.history_schemas import AsKnownOut, TwiceOut
from service.registers.persons.schemas import PersonNo
from service.registers.refusals import PersonUnknown
from service.wire.pages import Page, PageAsked, cursor_after
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Day, invalid

_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2999

router = Router(prefix="/v1/persons", tags=["Persons"])

_ENTRY: Final[dict[str, Any]] = {
    "person_no": "P459901000001",
    "name": "张*",
    "id_type": "id_card",
    "id_no": "4599************05",
    "born_on": "1950-03-07",
    "household_no": "H0001",
}
_TWICE: Final[dict[str, Any]] = {
    "one": _ENTRY,
    "other": _ENTRY | {"person_no": "P459901000002", "id_type": "old_id_card", "id_no": "4599*********00"},
    "why": ["id_no", "name_birthday_household"],
}
_AS_KNOWN: Final[dict[str, Any]] = {
    "person_no": "P459901000001",
    "name": "张三",
    "township_code": "459901101",
    "household_no": "H0001",
    "died_on": None,
    "day": "2018-04-15",
    "known_at": "2018-06-01T00:00:00+08:00",
    "insured": [{"from": "2018-01-01", "to": None}],
    "identities": [{"class": "registered_poor", "valid_from": "2018-01-01", "valid_to": None, "source": "扶贫办"}],
    "barred": [],
}


def _in_every_zone(instant: datetime) -> datetime:
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        detail = Text("时刻的年份应在 1900 至 2999 之间。", "must be an instant of the years 1900 to 2999")
        raise invalid("request.instant", detail)
    return instant


Instant = Annotated[datetime, AfterValidator(_in_every_zone)]


@router.get(
    "/duplicates",
    summary="Find persons entered twice",
    responses=example(200, {"items": [_TWICE], "next_cursor": None}),
)
async def list_duplicates(
    request: Request, caller: Annotated[Caller, allow(Role.AGENCY)], tx: Tx, paging: PageAsked
) -> Page[TwiceOut]:
    """
    Entries of your county that are probably one person: born on one day, with the same number in another spelling or
    as an old one of 15 digits, numbers that differ by a slip of the pen, the same social card, phone or name. Join them
    when they are. A page may be empty and still have a next one: so many entries are compared at a time.
    """
    desk = Desk.of(request, tx, caller)
    after = paging.after(str, str) or ("", "")
    found = await found_twice(tx, desk.vault, desk.county_code, after=(after[0], after[1]), rows=paging.limit)
    entries = [entry for each in found.found for entry in (each.one, each.other)]
    await desk.note_shown("person.duplicates", (entry.person_no for entry in entries))
    cursor = cursor_after(found.until) if found.until is not None else None
    return Page(items=[TwiceOut.of(each) for each in found.found], next_cursor=cursor)


@router.get(
    "/{person_no}/as-of",
    summary="Read a person as known then",
    responses=refusals(PersonUnknown) | example(200, _AS_KNOWN),
)
async def read_person_as_of(
    request: Request,
    person_no: Annotated[PersonNo, Path(description="The person's number.")],
    caller: Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)],
    tx: Tx,
    day: Annotated[Day | None, Query(description="Of which day; today where left out.")] = None,
    known_at: Annotated[
        Instant | None, Query(description="As known at which instant, with its offset; now where left out.")
    ] = None,
) -> AsKnownOut:
    """Who was this person on a day, as known on an instant: what a settlement of that time could know."""
    desk = Desk.of(request, tx, caller)
    instant = desk.now if known_at is None else known_at
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=desk.now.tzinfo)
    seen = await as_known(desk, person_no, day or desk.today, instant)
    return AsKnownOut.of(seen)
