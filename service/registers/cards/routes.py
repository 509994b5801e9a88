"""Chronic cards over HTTP."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Path, Query, Request

from service.access.guard import allow
from service.access.model import Caller, Role
from service.db import Tx
from service.registers.cards import actions
from service.registers.cards.refusals import (
    CardDecided,
    CardExists,
    CardNotRenewable,
    CardUnknown,
    CertificateLevel,
    CertificateTooOld,
    DiseaseUnknown,
)
from service.registers.cards.schemas import CardChange, CardNew, CardOut, DecisionIn, RenewalIn
from service.registers.desk import Desk
from service.registers.model import CardStatus
from service.registers.persons.schemas import PersonNo
from service.registers.refusals import HospitalUnknown, NoPolicyInForce, PersonUnknown
from service.registers.schemas import EndsWithin, ending_within, sample
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Day, Id

router = Router(prefix="/v1/chronic-cards", tags=["Chronic cards"])

Readers = Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)]
Agency = Annotated[Caller, allow(Role.AGENCY)]
CardId = Annotated[Id, Path(description="The id given when it was applied for.")]

_NEW: Final[dict[str, Any]] = {
    "person_no": "P459901000001",
    "disease_code": "CD02",
    "certificate": {"hospital_code": "H45990100101", "issued_on": "2018-02-20"},
    "applied_on": "2018-03-01",
    "valid_from": "2018-03-01",
    "valid_to": "2020-02-29",
}
_CHANGE: Final[dict[str, Any]] = {"valid_to": "2021-02-28", "reason": "延长"}
_RENEWAL: Final[dict[str, Any]] = {
    "certificate": {"hospital_code": "H45990100101", "issued_on": "2018-06-01"},
    "applied_on": "2018-06-10",
    "valid_to": "2022-02-28",
}
_DECISION: Final[dict[str, Any]] = {"decision": "approve", "reason": "材料齐全"}
_APPLIED: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-000000000002",
    "county_code": "459901",
    **_NEW,
    "status": "applied",
    "decision": None,
}
_DECIDED: Final[dict[str, Any]] = _APPLIED | {
    "status": "approved",
    "decision": {
        "reason": "材料齐全",
        "decided_at": "2018-03-05T10:00:00+08:00",
        "decided_by": "agency/clerk-07",
    },
}
_CHECKS: Final = (
    CardExists,
    CertificateTooOld,
    CertificateLevel,
    DiseaseUnknown,
    PersonUnknown,
    HospitalUnknown,
    NoPolicyInForce,
)


@router.post(
    "", status_code=201, summary="Apply for a chronic card", responses=refusals(*_CHECKS) | example(201, _APPLIED)
)
async def apply_for_card(request: Request, body: Annotated[CardNew, sample(_NEW)], caller: Agency, tx: Tx) -> CardOut:
    """Take an application with its certificate; how old that may be, and from which hospitals, the policy says."""
    desk = Desk.of(request, tx, caller)
    return CardOut.of(await actions.apply(desk, body.fact(desk.today), body.reason), desk.county_code)


@router.get("", summary="List chronic cards", responses=example(200, {"items": [_DECIDED], "next_cursor": None}))
async def list_cards(
    request: Request,
    caller: Readers,
    tx: Tx,
    paging: PageAsked,
    person_no: Annotated[PersonNo | None, Query(description="Of this person.")] = None,
    status: Annotated[CardStatus | None, Query(description="In this state.")] = None,
    on: Annotated[Day | None, Query(description="Valid on this day.")] = None,
    ends_within_days: EndsWithin = None,
) -> Page[CardOut]:
    """Cards and applications of your county, oldest entry first."""
    desk = Desk.of(request, tx, caller)
    ends = ending_within(desk.today, ends_within_days)
    found = await actions.list_cards(
        desk, person_no=person_no, status=status, on=on, ends=ends, after=paging.after(UUID), rows=paging.limit + 1
    )
    page, next_cursor = paging.cut(found, lambda each: (each.id,))
    await desk.note_shown("card.list", [*filter(None, [person_no]), *(each.fact.what.person_no for each in page)])
    return Page(items=[CardOut.of(each, desk.county_code) for each in page], next_cursor=next_cursor)


@router.get("/{card_id}", summary="Read a chronic card", responses=refusals(CardUnknown) | example(200, _DECIDED))
async def read_card(request: Request, card_id: CardId, caller: Readers, tx: Tx) -> CardOut:
    """One card as now known."""
    desk = Desk.of(request, tx, caller)
    return CardOut.of(await actions.look_up(desk, card_id), desk.county_code)


@router.put(
    "/{card_id}",
    summary="Change a chronic card",
    responses=refusals(CardUnknown, CardDecided, *_CHECKS) | example(200, _DECIDED),
)
async def change_card(
    request: Request,
    card_id: CardId,
    body: Annotated[CardChange, sample(_CHANGE)],
    caller: Agency,
    tx: Tx,
) -> CardOut:
    """Correct an application, or the days of a card that is decided; what was believed before stays on record."""
    desk = Desk.of(request, tx, caller)
    kept = await actions.change(desk, card_id, body.what(), body.days(), body.reason)
    return CardOut.of(kept, desk.county_code)


@router.post(
    "/{card_id}/decision",
    summary="Approve or refuse a chronic card",
    responses=refusals(CardUnknown, CardDecided) | example(200, _DECIDED),
)
async def decide_card(
    request: Request,
    card_id: CardId,
    body: Annotated[DecisionIn, sample(_DECISION)],
    caller: Agency,
    tx: Tx,
) -> CardOut:
    """Decide an application, once. An approved card counts for visits on its days of validity."""
    desk = Desk.of(request, tx, caller)
    return CardOut.of(await actions.decide(desk, card_id, body.decision.status, body.reason), desk.county_code)


@router.post(
    "/{card_id}/renewal",
    status_code=201,
    summary="Renew a chronic card",
    responses=refusals(CardUnknown, CardNotRenewable, *_CHECKS)
    | example(201, _APPLIED | _RENEWAL | {"valid_from": "2020-03-01"}),
)
async def renew_card(
    request: Request,
    card_id: CardId,
    body: Annotated[RenewalIn, sample(_RENEWAL)],
    caller: Agency,
    tx: Tx,
) -> CardOut:
    """Apply for the next card of the same disease, with a new certificate; it is decided like the first one."""
    desk = Desk.of(request, tx, caller)
    return CardOut.of(await actions.renew(desk, card_id, body.renewal(desk.today)), desk.county_code)
