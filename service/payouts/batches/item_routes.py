"""Single transfers over HTTP: where they stand, and what comes back."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.db import Tx
from service.payouts import examples
from service.payouts import refusals as no
from service.payouts.batches import answers, returns, store
from service.payouts.batches.schemas import ItemOut, ItemStatus, ReasonIn, ReturnIn
from service.reconciliation.desk import Desk, answered
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Code, Id

router = Router(prefix="/v1", tags=["Payouts"])

Payer = Annotated[Caller, allow(Role.PAYER, Role.AGENCY)]
Clerk = Annotated[Caller, allow(Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.PAYER, Role.AGENCY, Role.AUDITOR)]


@router.get(
    "/payout-items",
    response_model=Page[ItemOut],
    summary="List transfers to patients",
    responses=example(200, {"items": [examples.ITEM], "next_cursor": None}),
)
async def list_transfers(
    request: Request,
    caller: Reader,
    tx: Tx,
    paging: PageAsked,
    batch_id: Annotated[Id | None, Query(description="Of this batch.")] = None,
    person_no: Annotated[Code | None, Query(description="To this person.")] = None,
    status: Annotated[ItemStatus | None, Query(description="Where they stand; `clerk`: a clerk's to look at.")] = None,
) -> Response:
    """Transfers of the payers you act for, those of the newest batch first."""
    desk = Desk.of(request, tx, caller)
    after = paging.after(UUID, int)
    found = await store.items_of(
        desk,
        batch_id=batch_id,
        person_no=person_no,
        status=status,
        after=(after[0], after[1]) if after else None,
        limit=paging.limit + 1,
    )
    page, cursor = paging.cut(found, lambda row: (row["batch_id"], row["line_no"]))
    await desk.note_shown("payout.items", (row["person_no"] for row in page))
    return answered({"items": [answers.as_transfer(desk.vault, row) for row in page], "next_cursor": cursor})


@router.post(
    "/payout-items/{item_id}/return",
    response_model=ItemOut,
    summary="Enter that a transfer came back late",
    responses=refusals(no.ItemUnknown, no.WrongState) | example(200, examples.CAME_BACK),
)
async def return_transfer(
    request: Request,
    item_id: Id,
    body: Annotated[ReturnIn, Body(examples=[examples.RETURN_ASKED])],
    caller: Payer,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """The bank had reported it as paid, and then sent it back: what it had paid is open again."""
    desk = Desk.of(request, tx, caller)
    act = returns.come_back
    return await desk.once(attempt, lambda: act(desk, item_id, body.returned_on, body.reason), status=200)


@router.post(
    "/payout-items/{item_id}/clearance",
    response_model=ItemOut,
    summary="Let a transfer that came back go out again",
    responses=refusals(no.ItemUnknown, no.WrongState, no.OperatorMissing)
    | example(200, examples.CAME_BACK | {"attempt": 2}),
)
async def clear_transfer(
    request: Request,
    item_id: Id,
    body: Annotated[ReasonIn, Body(examples=[{"reason": "已与银行核实，账户恢复正常"}])],
    caller: Clerk,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """A named clerk (`X-Operator`) has looked into it: it goes out with the next batch, on the account of that day."""
    desk = Desk.of(request, tx, caller)
    return await desk.once(attempt, lambda: returns.clear(desk, item_id, body.reason), status=200)
