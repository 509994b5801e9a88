"""Requests for a statement over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.db import Tx
from service.reconciliation.desk import Desk, answered
from service.reconciliation.requests import actions, examples
from service.reconciliation.requests.refusals import RequestEnded, RequestIssued, RequestUnknown
from service.reconciliation.requests.schemas import RefusalIn, StatementRequestOut
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Code, Id

router = Router(prefix="/v1/statement-requests", tags=["Statements"])

Reader = Annotated[Caller, allow(Role.HOSPITAL, Role.PAYER, Role.AGENCY, Role.AUDITOR)]


@router.get(
    "",
    response_model=Page[StatementRequestOut],
    summary="List requests for a statement (清算申请)",
    responses=example(200, {"items": [examples.REQUEST], "next_cursor": None}),
)
async def list_statement_requests(
    request: Request,
    caller: Reader,
    tx: Tx,
    paging: PageAsked,
    hospital: Annotated[Code | None, Query(description="Of this hospital.")] = None,
    is_open: Annotated[
        bool | None, Query(alias="open", description="Only those neither withdrawn nor refused, or only the others.")
    ] = None,
) -> Response:
    """
    What hospitals asked to be paid for (3203 of the national interface), the newest first, and what became of it: a
    run of a payer's period bills it. A hospital sees its own, a payer those of whose days it owes something.
    """
    desk = Desk.of(request, tx, caller)
    after = paging.after(datetime, UUID)
    found = await actions.listed(
        desk,
        hospital_code=hospital,
        open_=is_open,
        after=(after[0], after[1]) if after else None,
        limit=paging.limit + 1,
    )
    page, cursor = paging.cut(found, lambda one: (one[0].at, one[0].id))
    return answered({"items": [told for _, told in page], "next_cursor": cursor})


@router.post(
    "/{request_id}/refusal",
    response_model=StatementRequestOut,
    summary="Refuse a request for a statement",
    responses=refusals(RequestUnknown, RequestEnded, RequestIssued) | example(200, examples.REFUSED),
)
async def refuse_statement_request(
    request: Request,
    request_id: Id,
    body: Annotated[RefusalIn, Body(examples=[examples.REFUSAL])],
    caller: Annotated[Caller, allow(Role.AGENCY)],
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """Send a request back with a reason, as long as no statement bills its days. The hospital may ask anew."""
    desk = Desk.of(request, tx, caller)
    return await desk.once(attempt, lambda: actions.refuse(desk, request_id, body.reason), status=200)
