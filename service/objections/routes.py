"""Objections over HTTP, for those who file them at a counter and those who decide. Patients have their own address."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Body, Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.claims.refusals import SettlementUnknown
from service.db import Tx
from service.objections import actions, examples
from service.objections import refusals as no
from service.objections.desk import Desk
from service.objections.model import Objection, State
from service.objections.schemas import DecisionIn, HandInIn, ObjectionIn, ObjectionOut
from service.objections.store import Filters
from service.paper.handed_in import DocumentRefused
from service.wire.form import form_schema, sent
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id

router = Router(prefix="/v1/objections", tags=["Objections"])
TAGS: Final = [
    {"name": "Objections", "description": "Somebody says that a settlement is wrong: reviewed, decided, in time."}
]

Filer = Annotated[Caller, allow(Role.HOSPITAL, Role.AGENCY)]
Decider = Annotated[Caller, allow(Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.HOSPITAL, Role.AGENCY, Role.AUDITOR)]
PAPERS: Final = "PDF, JPEG or PNG, at most 10 MB."
FILE: Final = {
    "content": {
        kind: {
            "schema": {"type": "string", "format": "binary"},
            "examples": {"example": {"summary": "The paper", "value": f"({kind})"}},
        }
        for kind in ("application/pdf", "image/jpeg", "image/png")
    }
}


def _as_json(desk: Desk, objection: Objection) -> dict[str, object]:
    return ObjectionOut.of(objection, desk.today).model_dump(mode="json")


def paper_answer(content: bytes, media_type: str) -> Response:
    """A paper to be saved, never shown in place: it came from outside."""
    kind = media_type.rpartition("/")[2]
    return Response(
        content,
        media_type=media_type,
        headers={
            "Content-Disposition": f'attachment; filename="document.{kind}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


@router.post(
    "",
    status_code=201,
    response_model=ObjectionOut,
    summary="Object to a settlement (异议)",
    responses=refusals(SettlementUnknown, no.ObjectionOpen) | example(201, examples.RECEIVED | {"filed_by": "agency"}),
)
async def file_objection(
    request: Request,
    body: Annotated[ObjectionIn, Body(examples=[examples.BODY])],
    caller: Filer,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """
    A hospital objects to a settlement of its own; the agency enters what a patient says at its counter.

    One objection is open at a time. `due_on` is the day by which the county's policy wants it decided.
    """
    desk = Desk.of(request, tx, caller)

    async def act() -> dict[str, object]:
        return _as_json(desk, await actions.file(desk, body.settlement_id, reason=body.reason, contact=body.contact))

    return await desk.once(attempt, act, 201)


@router.get("", summary="List objections", responses=example(200, {"items": [examples.DECIDED], "next_cursor": None}))
async def list_objections(
    request: Request,
    caller: Reader,
    tx: Tx,
    paging: PageAsked,
    state: Annotated[State | None, Query(description="Only those that stand here.")] = None,
    settlement_id: Annotated[
        Id | None, Query(description="Only those about this settlement, or another version of it.")
    ] = None,
    overdue: Annotated[bool, Query(description="Only those that should be decided by now.")] = False,
) -> Page[ObjectionOut]:
    """The county's objections, newest first; a hospital sees those it filed."""
    desk, after = Desk.of(request, tx, caller), paging.after(UUID)
    asked = Filters(state, settlement_id, desk.today if overdue else None)
    found = await actions.listed(desk, asked, after=after[0] if after else None, rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each.id,))
    await desk.note_shown("objection.list", page)
    return Page(items=[ObjectionOut.of(each, desk.today) for each in page], next_cursor=cursor)


@router.get(
    "/{objection_id}",
    summary="Read an objection",
    responses=refusals(no.ObjectionUnknown) | example(200, examples.DECIDED),
)
async def read_objection(request: Request, objection_id: Id, caller: Reader, tx: Tx) -> ObjectionOut:
    """An objection with everything done about it, and the papers handed in."""
    desk = Desk.of(request, tx, caller)
    return ObjectionOut.of(await actions.read(desk, objection_id), desk.today)


@router.post(
    "/{objection_id}/documents",
    status_code=201,
    summary="Hand in a paper",
    responses=refusals(no.ObjectionUnknown, no.ObjectionState, no.TooManyDocuments, DocumentRefused)
    | example(201, examples.RECEIVED),
    openapi_extra=form_schema(HandInIn, examples.FORM, file_is=PAPERS),
)
async def hand_in_document(request: Request, objection_id: Id, caller: Filer, tx: Tx) -> ObjectionOut:
    """
    A multipart form with the paper as `file`: PDF, JPEG or PNG, at most 10 MB, ten for each objection.

    What it is, is told by its content. It is kept sealed. The same paper again changes nothing.
    """
    desk = Desk.of(request, tx, caller)
    async with sent(request, HandInIn) as form:
        objection = await actions.hand_in(desk, objection_id, form.file, form.filename)
    return ObjectionOut.of(objection, desk.today)


@router.get(
    "/{objection_id}/documents/{document_id}",
    response_class=Response,
    summary="Read a paper that was handed in",
    responses=refusals(no.ObjectionUnknown, no.DocumentUnknown) | {200: {"description": "The paper."} | FILE},
)
async def read_document(request: Request, objection_id: Id, document_id: Id, caller: Reader, tx: Tx) -> Response:
    """The paper, to be saved."""
    return paper_answer(*await actions.document(Desk.of(request, tx, caller), objection_id, document_id))


@router.post(
    "/{objection_id}/review",
    response_model=ObjectionOut,
    summary="Take an objection under review (受理)",
    responses=refusals(no.ObjectionUnknown, no.ObjectionState) | example(200, examples.REVIEWED),
)
async def review_objection(
    request: Request, objection_id: Id, caller: Decider, attempt: Idempotent, tx: Tx
) -> Response:
    """From received to under review."""
    desk = Desk.of(request, tx, caller)

    async def act() -> dict[str, object]:
        return _as_json(desk, await actions.review(desk, objection_id))

    return await desk.once(attempt, act, 200)


@router.post(
    "/{objection_id}/decision",
    response_model=ObjectionOut,
    summary="Decide an objection (决定)",
    responses=refusals(
        no.ObjectionUnknown, no.ObjectionState, no.ObjectionSamePerson, no.OperatorNeeded, no.VersionUnknown
    )
    | example(200, examples.DECIDED),
)
async def decide_objection(
    request: Request,
    objection_id: Id,
    body: Annotated[DecisionIn, Body(examples=[examples.DECISION])],
    caller: Decider,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """
    Decide an objection under review, with the reason that the patient will read.

    `X-Operator` names who decides: another person than the one who filed it. Where it led to a re-adjudication, name
    the new version.
    """
    desk = Desk.of(request, tx, caller)

    async def act() -> dict[str, object]:
        decided = await actions.decide(
            desk, objection_id, outcome=body.outcome, reason=body.reason, version_id=body.version_id
        )
        return _as_json(desk, decided)

    return await desk.once(attempt, act, 200)


@router.post(
    "/{objection_id}/withdrawal",
    response_model=ObjectionOut,
    summary="Withdraw an objection (撤回)",
    responses=refusals(no.ObjectionUnknown, no.ObjectionState) | example(200, examples.WITHDRAWN),
)
async def withdraw_objection(
    request: Request, objection_id: Id, caller: Filer, attempt: Idempotent, tx: Tx
) -> Response:
    """Take an objection back before it is decided: whoever filed it, or the agency at the patient's word."""
    desk = Desk.of(request, tx, caller)

    async def act() -> dict[str, object]:
        return _as_json(desk, await actions.withdraw(desk, objection_id))

    return await desk.once(attempt, act, 200)
