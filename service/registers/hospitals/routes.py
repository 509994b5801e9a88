"""Hospitals over HTTP."""

from typing import Annotated, Any, Final

from fastapi import Path, Query, Request

from service.access.guard import allow
from service.access.model import Caller, Role
from service.db import Tx
from service.registers.checks import refuse_other_county, refuse_other_key
from service.registers.desk import Desk
from service.registers.hospitals import actions
from service.registers.hospitals.schemas import HospitalChange, HospitalNew, HospitalOut
from service.registers.hospitals.store import Hospital
from service.registers.refusals import HospitalExists, HospitalUnknown, LocationTwice, SuspensionOverlap
from service.registers.schemas import sample
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Code
from service.words import HospitalLevel

router = Router(prefix="/v1/hospitals", tags=["Hospitals"])

Readers = Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)]
Agency = Annotated[Caller, allow(Role.AGENCY)]
HospitalCode = Annotated[Code, Path(description="The hospital's code.")]

_TERMS: Final[dict[str, Any]] = {
    "name": "县人民医院",
    "level": "level2",
    "location": "county",
    "specialist": False,
    "connected": True,
    "aid": "on_the_spot",
}
_NEW: Final[dict[str, Any]] = {
    "hospital_code": "H45990100101",
    **_TERMS,
    "locations": [{"county_code": "459902", "location": "city"}],
    "bank_account": {"holder": "县人民医院", "bank": "县农村信用社", "number": "6222000000000000009"},
}
_CHANGE: Final[dict[str, Any]] = {"connected": False, "as_of": "2018-07-01", "reason": "接口改造"}
_ANSWER: Final[dict[str, Any]] = _NEW | {
    "county_code": "459901",
    "locations": [{"county_code": "459902", "location": "city", "valid_from": None, "valid_to": None}],
    "suspended": [],
    "history": [{"valid_from": None, "valid_to": None, **_TERMS}],
}


def _answer(desk: Desk, hospital: Hospital, *, in_full: bool) -> HospitalOut:
    return HospitalOut.of(hospital, desk.vault, desk.today, in_full=in_full)


@router.post(
    "",
    status_code=201,
    summary="Register a hospital",
    responses=refusals(HospitalExists, LocationTwice, SuspensionOverlap) | example(201, _ANSWER),
)
async def register_hospital(
    request: Request, body: Annotated[HospitalNew, sample(_NEW)], caller: Agency, tx: Tx
) -> HospitalOut:
    """Enter a hospital that your county's people go to, wherever it lies. Its code is unique over all counties."""
    desk = Desk.of(request, tx, caller)
    refuse_other_county(body.county_code, desk.county_code)
    hospital = await actions.register(
        desk,
        body.hospital_code,
        body.terms(desk.vault),
        body.seen_from() or (),
        body.suspensions() or (),
        body.reason,
    )
    return _answer(desk, hospital, in_full=True)


@router.get("", summary="List hospitals", responses=example(200, {"items": [_ANSWER], "next_cursor": None}))
async def list_hospitals(
    request: Request,
    caller: Readers,
    tx: Tx,
    paging: PageAsked,
    level: Annotated[HospitalLevel | None, Query(description="Of this level today.")] = None,
) -> Page[HospitalOut]:
    """Hospitals of your county's register by code."""
    desk = Desk.of(request, tx, caller)
    found = await actions.list_hospitals(desk, level=level, after=paging.after(str), rows=paging.limit + 1)
    page, next_cursor = paging.cut(found, lambda each: (each.hospital_code,))
    return Page(items=[_answer(desk, each, in_full=False) for each in page], next_cursor=next_cursor)


@router.get("/{hospital_code}", summary="Read a hospital", responses=refusals(HospitalUnknown) | example(200, _ANSWER))
async def read_hospital(request: Request, hospital_code: HospitalCode, caller: Readers, tx: Tx) -> HospitalOut:
    """One hospital with its terms of today and their history."""
    desk = Desk.of(request, tx, caller)
    return _answer(desk, await actions.look_up(desk, hospital_code), in_full=caller.role is Role.AGENCY)


@router.put(
    "/{hospital_code}",
    summary="Change a hospital",
    responses=refusals(HospitalUnknown, LocationTwice, SuspensionOverlap) | example(200, _ANSWER),
)
async def change_hospital(
    request: Request,
    hospital_code: HospitalCode,
    body: Annotated[HospitalChange, sample(_CHANGE)],
    caller: Agency,
    tx: Tx,
) -> HospitalOut:
    """
    Change what is given from `as_of` on (today where left out); the days before stay as they were.

    `suspended` has days of its own: it replaces every suspension, or, with `as_of`, those from that day on.
    """
    desk = Desk.of(request, tx, caller)
    refuse_other_key("hospital_code", body.hospital_code, hospital_code)
    refuse_other_county(body.county_code, desk.county_code)
    hospital = await actions.change(desk, hospital_code, body.change(desk.vault, hospital_code))
    return _answer(desk, hospital, in_full=True)
