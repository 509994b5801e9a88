"""Referrals over HTTP."""

from typing import Annotated, Any, Final

from fastapi import Path, Query, Request

from service.access.guard import allow
from service.access.model import Caller, Role
from service.db import Tx
from service.registers.checks import refuse_other_key
from service.registers.desk import Desk
from service.registers.persons.schemas import PersonNo
from service.registers.referrals import actions
from service.registers.referrals.schemas import ReferralChange, ReferralNew, ReferralNo, ReferralOut
from service.registers.refusals import HospitalUnknown, PersonUnknown, ReferralExists, ReferralUnknown
from service.registers.schemas import sample
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Code, Day

router = Router(prefix="/v1/referrals", tags=["Referrals"])

Readers = Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)]
Agency = Annotated[Caller, allow(Role.AGENCY)]
Number = Annotated[ReferralNo, Path(description="The referral's number.")]

_NEW: Final[dict[str, Any]] = {
    "referral_no": "ZZ2018060001",
    "person_no": "P459901000001",
    "hospital_code": "H45990000301",
    "approved_on": "2018-06-01",
    "valid_to": "2018-06-30",
}
_CHANGE: Final[dict[str, Any]] = {"valid_to": "2018-07-31", "reason": "延期"}
_ANSWER: Final[dict[str, Any]] = _NEW | {"county_code": "459901"}


@router.post(
    "",
    status_code=201,
    summary="Enter a referral",
    responses=refusals(ReferralExists, PersonUnknown, HospitalUnknown) | example(201, _ANSWER),
)
async def enter_referral(
    request: Request, body: Annotated[ReferralNew, sample(_NEW)], caller: Agency, tx: Tx
) -> ReferralOut:
    """Enter an approved referral of a person to a hospital; it holds from the day of approval."""
    desk = Desk.of(request, tx, caller)
    return ReferralOut.of(await actions.enter(desk, body.kept(), body.reason), desk.county_code)


@router.get("", summary="List referrals", responses=example(200, {"items": [_ANSWER], "next_cursor": None}))
async def list_referrals(
    request: Request,
    caller: Readers,
    tx: Tx,
    paging: PageAsked,
    person_no: Annotated[PersonNo | None, Query(description="Of this person.")] = None,
    hospital_code: Annotated[Code | None, Query(description="To this hospital.")] = None,
    on: Annotated[Day | None, Query(description="In force on this day.")] = None,
) -> Page[ReferralOut]:
    """Referrals of your county by number."""
    desk = Desk.of(request, tx, caller)
    found = await actions.list_referrals(
        desk,
        person_no=person_no,
        hospital_code=hospital_code,
        on=on,
        after=paging.after(str),
        rows=paging.limit + 1,
    )
    page, next_cursor = paging.cut(found, lambda each: (each.referral_no,))
    await desk.note_shown("referral.list", [*filter(None, [person_no]), *(each.fact.what.person_no for each in page)])
    return Page(items=[ReferralOut.of(each, desk.county_code) for each in page], next_cursor=next_cursor)


@router.get("/{referral_no}", summary="Read a referral", responses=refusals(ReferralUnknown) | example(200, _ANSWER))
async def read_referral(request: Request, referral_no: Number, caller: Readers, tx: Tx) -> ReferralOut:
    """One referral as now known."""
    desk = Desk.of(request, tx, caller)
    return ReferralOut.of(await actions.look_up(desk, referral_no), desk.county_code)


@router.put(
    "/{referral_no}",
    summary="Change a referral",
    responses=refusals(ReferralUnknown, PersonUnknown, HospitalUnknown) | example(200, _ANSWER),
)
async def change_referral(
    request: Request,
    referral_no: Number,
    body: Annotated[ReferralChange, sample(_CHANGE)],
    caller: Agency,
    tx: Tx,
) -> ReferralOut:
    """Correct or prolong a referral; what was believed before stays on record."""
    desk = Desk.of(request, tx, caller)
    refuse_other_key("referral_no", body.referral_no, referral_no)
    kept = await actions.change(desk, referral_no, body.what(), body.days(), body.reason)
    return ReferralOut.of(kept, desk.county_code)
