"""Joins, renewals and what a catalogue touches, over HTTP."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Path, Request

from service.access.guard import allow
from service.access.model import Caller, Role
from service.corrections import agreements, catalogue, persons
from service.corrections.schemas import ItemsTouchedOut, JoinIn, RenewalIn, RenewedOut
from service.db import Tx
from service.registers.cards.refusals import CardExists
from service.registers.catalogue.imports.refusals import CatalogueImportUnknown
from service.registers.desk import Desk
from service.registers.persons.refusals import HasSettlements, JoinedAlready, JoinSelf
from service.registers.persons.routes import ANSWER as PERSON
from service.registers.persons.schemas import PersonNo, PersonOut
from service.registers.refusals import AgreementOverlap, AgreementUnknown, PersonUnknown
from service.registers.schemas import sample
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id

joins = Router(prefix="/v1/persons", tags=["Persons"])
renewals = Router(prefix="/v1/agreements", tags=["Agreements"])
catalogues = Router(prefix="/v1/catalogue-imports", tags=["Catalogue"])
ROUTERS: Final = (joins, renewals, catalogues)

Agency = Annotated[Caller, allow(Role.AGENCY)]

_JOIN: Final[dict[str, Any]] = {"other": "P459901000002", "reason": "旧身份证重复登记"}
_RENEWAL: Final[dict[str, Any]] = {
    "policy_no": "FP2019-001",
    "valid_from": "2019-01-01",
    "valid_to": "2019-12-31",
    "reason": "续签",
    "dry_run": False,
}
_AGREEMENT: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-000000000001",
    "county_code": "459901",
    "insurer": "top_up_insurer",
    "hospital_code": "H45990100101",
    "policy_no": "FP2018-001",
    "valid_from": "2018-01-01",
    "valid_to": "2018-12-31",
}
_RENEWED: Final[dict[str, Any]] = {
    "agreement": _AGREEMENT
    | {"id": "0198c7a4-5c00-7000-8000-000000000003", "policy_no": "FP2019-001"}
    | {"valid_from": "2019-01-01", "valid_to": "2019-12-31"},
    "before": _AGREEMENT,
    "settlements_affected": [
        {
            "settlement_id": "0198c7a4-5c00-7000-8000-000000000001",
            "person_no": "P459901000001",
            "visit_no": "ZY201901020001",
            "last_day": "2019-01-09",
            "insurers_before": [],
            "insurers_after": ["top_up_insurer"],
            "expected_difference": [
                {"layer": "top_up", "payer": "top_up_insurer", "way": "patient", "before": "2599.60", "after": "0.00"},
                {"layer": "top_up", "payer": "top_up_insurer", "way": "hospital", "before": "0.00", "after": "2599.60"},
            ],
        }
    ],
}

_TOUCHED: Final[dict[str, Any]] = {
    "settlement_id": "0198c7a4-5c00-7000-8000-000000000001",
    "person_no": "P459901000001",
    "hospital_code": "H45990100101",
    "visit_no": "ZY201901020001",
    "last_day": "2019-01-09",
    "items": ["XB02"],
}


@joins.post(
    "/{person_no}/join",
    summary="Join two entries of one person",
    responses=refusals(PersonUnknown, JoinSelf, JoinedAlready, HasSettlements, CardExists) | example(200, PERSON),
)
async def join_persons(
    request: Request,
    person_no: Annotated[PersonNo, Path(description="The entry that survives.")],
    body: Annotated[JoinIn, sample(_JOIN)],
    caller: Agency,
    tx: Tx,
) -> PersonOut:
    """
    Join the other entry into this one without losing either history.

    Identities, insurance, bars, cards and referrals go on here on days on which this one holds none of the kind; the
    other's numbers lead here; what it said stays on record. An entry with live settlements cannot be joined away, for
    the year's sums are kept by its number.
    """
    desk = Desk.of(request, tx, caller)
    return PersonOut.of(*await persons.join(desk, person_no, body.other, body.reason))


@renewals.post(
    "/{agreement_id}/renewal",
    status_code=201,
    summary="Renew an agreement",
    responses=refusals(AgreementUnknown, AgreementOverlap) | example(201, _RENEWED),
)
async def renew_agreement(
    request: Request,
    agreement_id: Annotated[Id, Path(description="The agreement that is followed.")],
    body: Annotated[RenewalIn, sample(_RENEWAL)],
    caller: Agency,
    tx: Tx,
) -> RenewedOut:
    """
    Enter the agreement that follows this one, with the same insurer or another, also with effect in the past.

    Settlements never change by it: those whose top-up would have been advanced, those whose top-up would not have been
    any more, and those that another insurer answers for are listed for re-adjudication. A dry run lists the same.
    """
    desk = Desk.of(request, tx, caller)
    renewed = await agreements.renew(desk, request.app.state.packs, agreement_id, body.renewal())
    return RenewedOut.of(renewed, desk.county_code)


@catalogues.get(
    "/{import_id}/settlements-touched",
    summary="List the settlements that a catalogue touches",
    responses=refusals(CatalogueImportUnknown) | example(200, {"items": [_TOUCHED], "next_cursor": None}),
)
async def list_settlements_of_catalogue(
    request: Request,
    import_id: Annotated[Id, Path(description="The id given when the file was uploaded.")],
    caller: Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)],
    tx: Tx,
    paging: PageAsked,
) -> Page[ItemsTouchedOut]:
    """
    Settlements with a line whose grade, first-pay ratio or ceiling is another one by the file, on its day of charge.

    None is changed by it; they are listed for re-adjudication, before and after the file is applied.
    """
    desk, after = Desk.of(request, tx, caller), paging.after(UUID)
    found = await catalogue.list_touched(desk, import_id, after=after[0] if after else None, rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each.settlement_id,))
    await desk.note_shown("catalogue.touched", (each.person_no for each in page))
    return Page(items=[ItemsTouchedOut.of(each) for each in page], next_cursor=cursor)
