"""Closings over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.db import Tx
from service.reconciliation import refusals as no
from service.reconciliation.closings import actions, examples, store
from service.reconciliation.closings.refusals import ClosedAlready, ClosingUnknown, Unbilled
from service.reconciliation.closings.schemas import ClosingIn, ClosingOut, ClosingReadOut
from service.reconciliation.desk import Desk, answered
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Code, Id

router = Router(prefix="/v1/closings", tags=["Closings"])

Closer = Annotated[Caller, allow(Role.PAYER, Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.HOSPITAL, Role.PAYER, Role.AGENCY, Role.AUDITOR)]


@router.post(
    "",
    status_code=201,
    response_model=ClosingReadOut,
    summary="Close a payer's period",
    responses=refusals(no.PayerUnknown, no.NoCalendar, no.PeriodInvalid, no.PeriodOpen, ClosedAlready, Unbilled)
    | example(201, examples.READ),
)
async def close_period(
    request: Request,
    body: Annotated[ClosingIn, Body(examples=[examples.ASKED])],
    caller: Closer,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """
    Close the books of an ended and billed period: what stands on every account at its end is kept, and nothing is
    posted on its days, or before them, from now on. What comes later is booked on the day it comes.
    """
    desk = Desk.of(request, tx, caller)
    return await desk.once(attempt, lambda: actions.close(desk, body.payer, body.period), status=201)


@router.get(
    "",
    response_model=Page[ClosingOut],
    summary="List closed periods",
    responses=example(200, {"items": [examples.CLOSING], "next_cursor": None}),
)
async def list_closings(
    request: Request,
    caller: Reader,
    tx: Tx,
    paging: PageAsked,
    payer: Annotated[Code | None, Query(description="Of this payer.")] = None,
) -> Response:
    """Closed periods that the caller may see, the latest first."""
    desk = Desk.of(request, tx, caller)
    after = paging.after(date, UUID)
    start = {"after_to": after[0], "after_id": after[1]} if after else None
    found = await store.closings_of(desk, payer=payer, after=start, limit=paging.limit + 1)
    page, cursor = paging.cut(found, lambda row: (row["period_to"], row["id"]))
    await desk.note("period.list")
    return answered({"items": [actions.answer(row) for row in page], "next_cursor": cursor})


@router.get(
    "/{closing_id}",
    response_model=ClosingReadOut,
    summary="Read a closed period",
    responses=refusals(ClosingUnknown) | example(200, examples.READ),
)
async def read_closing(request: Request, closing_id: Id, caller: Reader, tx: Tx) -> Response:
    """What stood on the accounts at the period's end, and whether the ledger still says so. Another's answers 404."""
    desk = Desk.of(request, tx, caller)
    found = await actions.read(desk, closing_id)
    await desk.note("period.read", subject=str(closing_id))
    return answered(found)
