"""Agreements over HTTP."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Path, Query, Request

from service.access.guard import allow
from service.access.model import Caller, Role
from service.db import Tx
from service.registers.agreements import actions, store
from service.registers.agreements.schemas import AgreementChange, AgreementNew, AgreementOut
from service.registers.desk import Desk
from service.registers.refusals import AgreementOverlap, AgreementUnknown, HospitalUnknown
from service.registers.schemas import EndsWithin, ending_within, sample
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Code, Day, Id

router = Router(prefix="/v1/agreements", tags=["Agreements"])

Readers = Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)]
Agency = Annotated[Caller, allow(Role.AGENCY)]
AgreementId = Annotated[Id, Path(description="The id given when it was entered.")]

_NEW: Final[dict[str, Any]] = {
    "insurer": "top_up_insurer",
    "hospital_code": "H45990100101",
    "policy_no": "FP2018-001",
    "valid_from": "2018-01-01",
    "valid_to": "2018-12-31",
}
_CHANGE: Final[dict[str, Any]] = {"valid_to": "2019-12-31", "reason": "续签"}
_ANSWER: Final[dict[str, Any]] = {"id": "0198c7a4-5c00-7000-8000-000000000001", "county_code": "459901"} | _NEW


@router.post(
    "",
    status_code=201,
    summary="Enter an agreement",
    responses=refusals(AgreementOverlap, HospitalUnknown) | example(201, _ANSWER),
)
async def enter_agreement(
    request: Request, body: Annotated[AgreementNew, sample(_NEW)], caller: Agency, tx: Tx
) -> AgreementOut:
    """Enter an agreement of an insurer with a hospital: while it is in force, the hospital advances its part."""
    desk = Desk.of(request, tx, caller)
    return AgreementOut.of(await actions.enter(desk, body.fact(), body.reason), desk.county_code)


@router.get("", summary="List agreements", responses=example(200, {"items": [_ANSWER], "next_cursor": None}))
async def list_agreements(
    request: Request,
    caller: Readers,
    tx: Tx,
    paging: PageAsked,
    hospital_code: Annotated[Code | None, Query(description="With this hospital.")] = None,
    insurer: Annotated[Code | None, Query(description="Of this insurer.")] = None,
    on: Annotated[Day | None, Query(description="In force on this day.")] = None,
    ends_within_days: EndsWithin = None,
    ending: Annotated[
        bool, Query(description="Only those that the policy warns of today, because they end soon.")
    ] = False,
) -> Page[AgreementOut]:
    """Agreements of your county, oldest entry first."""
    desk = Desk.of(request, tx, caller)
    if ending:
        ends_within_days = desk.law.agreement_warning_days(caller.county_code, desk.today) or 0
    found = await store.agreements_of(
        tx,
        caller.county_code,
        hospital_code=hospital_code,
        insurer=insurer,
        on=on,
        ends=ending_within(desk.today, ends_within_days),
        after=paging.after(UUID),
        rows=paging.limit + 1,
    )
    page, next_cursor = paging.cut(found, lambda each: (each[0],))
    items = [AgreementOut.of(actions.Kept(number, each.fact), caller.county_code) for number, each in page]
    return Page(items=items, next_cursor=next_cursor)


@router.get(
    "/{agreement_id}", summary="Read an agreement", responses=refusals(AgreementUnknown) | example(200, _ANSWER)
)
async def read_agreement(request: Request, agreement_id: AgreementId, caller: Readers, tx: Tx) -> AgreementOut:
    """One agreement as now known."""
    desk = Desk.of(request, tx, caller)
    return AgreementOut.of(await actions.look_up(desk, agreement_id), desk.county_code)


@router.put(
    "/{agreement_id}",
    summary="Change an agreement",
    responses=refusals(AgreementUnknown, AgreementOverlap, HospitalUnknown) | example(200, _ANSWER),
)
async def change_agreement(
    request: Request,
    agreement_id: AgreementId,
    body: Annotated[AgreementChange, sample(_CHANGE)],
    caller: Agency,
    tx: Tx,
) -> AgreementOut:
    """Correct or renew an agreement; what was believed before stays on record."""
    desk = Desk.of(request, tx, caller)
    kept = await actions.change(desk, agreement_id, body.what(), body.days(), body.reason)
    return AgreementOut.of(kept, desk.county_code)
