"""What a patient may ask, over HTTP."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Body, Query, Request
from starlette.responses import Response

from service.access.idempotency import Idempotent
from service.inquiry import accesses, claims, examples, session, year
from service.inquiry import refusals as no
from service.inquiry.door import Door
from service.inquiry.guard import Patient
from service.inquiry.schemas import (
    AccessOut,
    ClaimOut,
    ClaimWholeOut,
    SessionIn,
    SessionOut,
    YearOut,
)
from service.objections import actions as objecting
from service.objections import examples as objected
from service.objections.refusals import ObjectionOpen, ObjectionState, ObjectionUnknown, TooManyDocuments
from service.objections.routes import PAPERS
from service.objections.schemas import FilingIn, HandInIn, ObjectionOut
from service.paper.handed_in import DocumentRefused
from service.wire.address import address_of
from service.wire.form import form_schema, sent
from service.wire.pages import Page, PageAsked
from service.wire.request_id import request_id_of
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id

router = Router(prefix="/v1/patient", tags=["Patients"])
TAGS: Final = [
    {"name": "Patients", "description": "What became of my claim? Opened with a query code and the last six."}
]

AskedYear = Annotated[
    int | None, Query(alias="year", ge=1900, le=2999, description="The benefit year; this one if left out.")
]


async def enter(request: Request, code: str, last_six: str) -> str:
    """A session's token for a code and the last six. Raises patient.refused and patient.locked."""
    state = request.app.state
    at = state.clock.source()
    door = Door(state.engine, state.vault, state.limiter, state.clock.now())
    led_to = await door.enter(
        code, last_six, address=address_of(request), request_id=request_id_of(request.scope), at=at
    )
    return session.issue(state.vault, led_to, at=at)


@router.post(
    "/session",
    summary="Open a patient's session",
    responses=refusals(no.SessionRefused, no.SessionLocked) | example(200, examples.TOKEN),
)
async def open_patient_session(
    request: Request, body: Annotated[SessionIn, Body(examples=[examples.SESSION])]
) -> SessionOut:
    """
    With the query code of a slip and the last six of the patient's identity number.

    The answer never says which half was wrong. After five wrong tries in an hour, or ten in a month, a code stays shut
    for a while; a new one is issued at a counter. The session is good for twenty minutes.
    """
    token = await enter(request, body.query_code, body.id_last6)
    return SessionOut(access_token=token, expires_in=int(session.LIFETIME.total_seconds()))


@router.get("/claims", summary="My claims", responses=example(200, {"items": [examples.CLAIM], "next_cursor": None}))
async def list_patient_claims(patient: Patient, paging: PageAsked) -> Page[ClaimOut]:
    """All settlements of the person, newest first, each in its newest version. What was reversed says so."""
    after = paging.after(UUID)
    found = await claims.listed(patient, after=after[0] if after else None, rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each.id,))
    return Page(items=[ClaimOut.of(each) for each in page], next_cursor=cursor)


@router.get(
    "/claims/{claim_id}",
    summary="What became of my claim",
    responses=refusals(no.ClaimUnknown) | example(200, examples.WHOLE),
)
async def read_patient_claim(claim_id: Id, patient: Patient) -> ClaimWholeOut:
    """
    One claim: what each payer pays and why, and its way so far: settled, aid expected and how to apply, sent to the
    payer, hospital repaid, money to the patient's own account, objections. An earlier version says by which it was
    replaced.
    """
    return ClaimWholeOut.whole(await claims.read(patient, claim_id), patient.today)


@router.get("/year", summary="My year, and how far to the next threshold", responses=example(200, examples.YEAR))
async def read_patient_year(
    patient: Patient,
    asked: AskedYear = None,
) -> YearOut:
    """Totals of the year, what each layer paid, and how far it is to each deductible, cap and band, in plain words."""
    return YearOut.of(await year.read(patient, asked))


@router.get(
    "/accesses",
    summary="Who looked at my data",
    responses=example(200, {"items": [examples.ACCESS], "next_cursor": None}),
)
async def list_patient_accesses(patient: Patient, paging: PageAsked) -> Page[AccessOut]:
    """Everybody who read or changed what is kept about the person, newest first."""
    after = paging.after(datetime, UUID)
    found = await accesses.read(patient, after=(after[0], after[1]) if after else None, rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: each[0])
    return Page(items=[AccessOut.of(looked) for _, looked in page], next_cursor=cursor)


@router.post(
    "/claims/{claim_id}/objection",
    status_code=201,
    response_model=ObjectionOut,
    summary="Object to a settlement of mine (异议)",
    responses=refusals(no.ClaimUnknown, ObjectionOpen) | example(201, objected.RECEIVED),
)
async def object_to_claim(
    claim_id: Id, body: Annotated[FilingIn, Body(examples=[objected.FILING])], patient: Patient, attempt: Idempotent
) -> Response:
    """
    Say why the settlement is wrong, and how to reach you. One objection is open at a time.

    `due_on` is the day by which it is to be decided.
    """
    desk = patient.objections

    async def act() -> dict[str, object]:
        await claims.find(patient, claim_id)
        filed = await objecting.file(desk, claim_id, reason=body.reason, contact=body.contact)
        return ObjectionOut.of(claims.masked(filed), desk.today).model_dump(mode="json")

    return await desk.once(attempt, act, 201)


@router.post(
    "/objections/{objection_id}/documents",
    status_code=201,
    summary="Hand in a paper for my objection",
    responses=refusals(ObjectionUnknown, ObjectionState, TooManyDocuments, DocumentRefused)
    | example(201, objected.RECEIVED),
    openapi_extra=form_schema(HandInIn, objected.FORM, file_is=PAPERS),
)
async def hand_in_patient_document(request: Request, objection_id: Id, patient: Patient) -> ObjectionOut:
    """A multipart form with the paper as `file`: PDF, JPEG or PNG, at most 10 MB, ten for each objection."""
    desk = patient.objections
    async with sent(request, HandInIn) as form:
        objection = await objecting.hand_in(desk, objection_id, form.file, form.filename)
    return ObjectionOut.of(claims.masked(objection), desk.today)


@router.post(
    "/objections/{objection_id}/withdrawal",
    response_model=ObjectionOut,
    summary="Withdraw my objection (撤回)",
    responses=refusals(ObjectionUnknown, ObjectionState) | example(200, objected.WITHDRAWN),
)
async def withdraw_patient_objection(objection_id: Id, patient: Patient, attempt: Idempotent) -> Response:
    """Take it back before it is decided."""
    desk = patient.objections

    async def act() -> dict[str, object]:
        withdrawn = await objecting.withdraw(desk, objection_id)
        return ObjectionOut.of(claims.masked(withdrawn), desk.today).model_dump(mode="json")

    return await desk.once(attempt, act, 200)
