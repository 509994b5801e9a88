"""Transfers over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.db import Tx
from service.reconciliation import examples
from service.reconciliation import refusals as no
from service.reconciliation.deductions.refusals import OffsetCarried
from service.reconciliation.desk import Desk, answered
from service.reconciliation.payments import actions, store
from service.reconciliation.payments.schemas import PaymentIn, PaymentOut, ReturnIn
from service.registers.refusals import HospitalUnknown
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Day, Id

router = Router(prefix="/v1/payments", tags=["Payments"])

Payer = Annotated[Caller, allow(Role.PAYER, Role.AGENCY)]
Hospital = Annotated[Caller, allow(Role.HOSPITAL)]
Reader = Annotated[Caller, allow(Role.HOSPITAL, Role.PAYER, Role.AGENCY, Role.AUDITOR)]
_RETURN = {"returned_on": "2018-07-13", "reason": "账号户名不符"}


@router.post(
    "",
    status_code=201,
    response_model=PaymentOut,
    summary="Enter a transfer",
    responses=refusals(
        no.PayerUnknown,
        HospitalUnknown,
        no.NoCalendar,
        no.StatementUnknown,
        no.PaidTooFarAhead,
        no.AllocationsTooLarge,
        no.ReferenceUsed,
    )
    | example(201, examples.PAYMENT),
)
async def enter_payment(
    request: Request,
    body: Annotated[PaymentIn, Body(examples=[examples.PAYMENT_ASKED])],
    caller: Payer,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """
    Enter a bank transfer over one or several statements, in full or in part; each line it pays is cleared.

    Paying more or less than is open is not an error: it becomes a difference with an owner, and what no statement
    takes is kept as a prepayment. A statement may be paid before it is confirmed: what is paid and received in full is
    agreed to by deed. The books have it on the day it is entered; `paid_on` is the bank's day.
    """
    desk = Desk.of(request, tx, caller)
    transfer = body.to_transfer()
    return await desk.once(attempt, lambda: actions.pay(desk, transfer), status=201)


@router.get(
    "",
    response_model=Page[PaymentOut],
    summary="List transfers",
    responses=example(200, {"items": [examples.PAYMENT], "next_cursor": None}),
)
async def list_payments(
    request: Request,
    caller: Reader,
    tx: Tx,
    paging: PageAsked,
    paid_from: Annotated[Day | None, Query(alias="from", description="Paid on this day or later.")] = None,
) -> Response:
    """Transfers the caller may see, newest first."""
    desk = Desk.of(request, tx, caller)
    after = paging.after(UUID)
    found = await store.payments_of(
        desk, paid_from=paid_from, after=after[0] if after else None, limit=paging.limit + 1
    )
    page, cursor = paging.cut(found, lambda row: (row["id"],))
    return answered({"items": [actions.answer(row) for row in page], "next_cursor": cursor})


@router.get(
    "/{payment_id}",
    response_model=PaymentOut,
    summary="Read a transfer",
    responses=refusals(no.PaymentUnknown) | example(200, examples.PAYMENT),
)
async def read_payment(request: Request, payment_id: Id, caller: Reader, tx: Tx) -> Response:
    """One transfer and what became of it. Another's answers 404."""
    return answered(actions.answer(await actions.find(Desk.of(request, tx, caller), payment_id)))


@router.post(
    "/{payment_id}/receipt",
    response_model=PaymentOut,
    summary="Confirm that a transfer arrived",
    responses=refusals(no.PaymentUnknown, no.PaymentSettled) | example(200, examples.PAYMENT | {"status": "received"}),
)
async def receive_payment(request: Request, payment_id: Id, caller: Hospital, attempt: Idempotent, tx: Tx) -> Response:
    """The hospital has the money on its account."""
    desk = Desk.of(request, tx, caller)
    return await desk.once(attempt, lambda: actions.receive(desk, payment_id), status=200)


@router.post(
    "/{payment_id}/return",
    response_model=PaymentOut,
    summary="Enter that a transfer came back",
    responses=refusals(no.PaymentUnknown, no.PaymentSettled, OffsetCarried)
    | example(200, examples.PAYMENT | {"status": "returned"}),
)
async def return_payment(
    request: Request,
    payment_id: Id,
    body: Annotated[ReturnIn, Body(examples=[_RETURN])],
    caller: Payer,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """
    The bank sent it back: what it had paid is open again, also what was offset with its surplus, and is paid by
    another transfer.
    """
    desk = Desk.of(request, tx, caller)
    return await desk.once(
        attempt, lambda: actions.send_back(desk, payment_id, body.returned_on, body.reason), status=200
    )
