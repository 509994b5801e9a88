"""Applications for expected aid over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Body, Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.claims.changes.routes import NOT_DECIDED
from service.claims.refusals import SettlementUnknown
from service.db import Tx
from service.payouts.aid import actions, examples
from service.payouts.aid import refusals as no
from service.payouts.aid.schemas import AidApplicationOut, AidDecisionIn, ApplicationIn, MissingAidOut
from service.payouts.counter import Counter
from service.payouts.refusals import NotKnownByLaw, OperatorMissing, SamePerson
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id

router = Router(prefix="/v1/aid-applications", tags=["Aid applications"])
TAGS: Final = [
    {"name": "Aid applications", "description": "Aid expected at discharge: applied for, granted, cut or refused."}
]

Office = Annotated[Caller, allow(Role.TOWNSHIP, Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.TOWNSHIP, Role.AGENCY, Role.AUDITOR)]


@router.post(
    "",
    status_code=201,
    response_model=AidApplicationOut,
    summary="Apply for expected aid (救助申请)",
    responses=refusals(SettlementUnknown, no.NoAidExpected, no.AidAppliedFor, NotKnownByLaw)
    | example(201, examples.WAITING),
)
async def apply_for_aid(
    request: Request,
    body: Annotated[ApplicationIn, Body(examples=[examples.APPLICATION])],
    caller: Office,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """For a settlement whose aid is expected and not advanced; a township for its own people. Once a visit."""
    counter = Counter.of(request, tx, caller)

    async def act() -> dict[str, object]:
        application = await actions.apply(counter, body.settlement_id)
        return AidApplicationOut.of(application, counter.today).model_dump(mode="json")

    return await counter.once(attempt, act, 201)


@router.get(
    "", summary="List applications for aid", responses=example(200, {"items": [examples.DECIDED], "next_cursor": None})
)
async def list_aid_applications(
    request: Request,
    caller: Reader,
    tx: Tx,
    paging: PageAsked,
    waiting: Annotated[bool | None, Query(description="Only those to be decided, or only those decided.")] = None,
) -> Page[AidApplicationOut]:
    """The county's applications, newest first; a township sees its own people's."""
    counter, after = Counter.of(request, tx, caller), paging.after(UUID)
    found = await actions.listed(counter, waiting=waiting, after=after[0] if after else None, rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each.id,))
    return Page(items=[AidApplicationOut.of(each, counter.today) for each in page], next_cursor=cursor)


@router.get(
    "/missing",
    summary="List expected aid never applied for",
    responses=example(200, {"items": [examples.MISSING], "next_cursor": None}),
)
async def list_missing_aid(request: Request, caller: Reader, tx: Tx, paging: PageAsked) -> Page[MissingAidOut]:
    """Live settlements whose expected aid nobody has applied for, the oldest first: nobody loses it by not knowing."""
    counter, after = Counter.of(request, tx, caller), paging.after(UUID)
    found = await actions.missing(counter, after=after[0] if after else None, rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each.settlement_id,))
    return Page(items=[MissingAidOut.of(each, counter.today) for each in page], next_cursor=cursor)


@router.get(
    "/{application_id:uuid}",
    summary="Read an application for aid",
    responses=refusals(no.AidApplicationUnknown) | example(200, examples.DECIDED),
)
async def read_aid_application(request: Request, application_id: Id, caller: Reader, tx: Tx) -> AidApplicationOut:
    """An application, and what was decided."""
    counter = Counter.of(request, tx, caller)
    return AidApplicationOut.of(await actions.read(counter, application_id), counter.today)


@router.post(
    "/{application_id:uuid}/decision",
    response_model=AidApplicationOut,
    summary="Grant, cut or refuse expected aid (救助审批)",
    responses=refusals(
        *NOT_DECIDED,
        no.AidApplicationUnknown,
        no.AidDecided,
        no.NoAidExpected,
        no.AidAmount,
        SamePerson,
        OperatorMissing,
    )
    | example(200, examples.DECIDED),
)
async def decide_aid_application(
    request: Request,
    application_id: Id,
    body: Annotated[AidDecisionIn, Body(examples=[examples.DECISION])],
    caller: Office,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """
    By another person than the one who applied (`X-Operator`). What is granted is owed to the patient's account.

    The settlement gets a new version; where less is granted than was expected, the layers after the aid are decided
    with what was granted, and a guarantee may rise. Where later settlements rest on it, send `chain: true`.
    """
    counter = Counter.of(request, tx, caller)

    async def act() -> dict[str, object]:
        application = await actions.decide(
            counter, application_id, body.outcome, granted=body.granted, reason=body.reason, chain=body.chain
        )
        return AidApplicationOut.of(application, counter.today).model_dump(mode="json")

    return await counter.once(attempt, act, 200)
