"""Batches of transfers over HTTP."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Body, Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.db import Tx
from service.payouts import examples
from service.payouts import refusals as no
from service.payouts.batches import actions, answers, store
from service.payouts.batches.answering import take_in
from service.payouts.batches.layouts import LAYOUTS
from service.payouts.batches.schemas import (
    AnswerIn,
    BatchIn,
    BatchOut,
    LayoutOut,
    LayoutsOut,
    MadeOut,
    ReasonIn,
)
from service.payouts.batches.transfer_file import transfer_file
from service.reconciliation.desk import Desk, answered
from service.reconciliation.refusals import NoCalendar, PayerUnknown
from service.sheets.faults import SheetEmpty, SheetEncoding, SheetHeadings, SheetRefused, SheetTooLarge
from service.wire.form import form_schema, sent
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id

router = Router(prefix="/v1", tags=["Payouts"])

Payer = Annotated[Caller, allow(Role.PAYER, Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.PAYER, Role.AGENCY, Role.AUDITOR)]
_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FILES: Final = {
    kind.split(";")[0]: {
        "schema": {"type": "string", "format": "binary"},
        "examples": {"example": {"summary": f"The transfers as {name.upper()}", "value": f"({name.upper()})"}},
    }
    for name, kind in _TYPES.items()
}
_REASON: Final = {"reason": "金额有误，重新制单"}
_ANSWER_SAYS: Final = (
    "Headings and words as the batch's layout has them, every line of the batch once, and the layout's last line with "
    "the sum and the number of lines."
)


@router.get(
    "/payout-layouts", summary="List the layouts of banks' files", responses=example(200, {"items": [examples.LAYOUT]})
)
async def list_layouts(_caller: Reader) -> LayoutsOut:
    """How each bank wants its file of transfers, and how it answers."""
    found = [
        LayoutOut(id=one.id, title=one.title, columns=list(one.columns), answer=one.answer) for one in LAYOUTS.values()
    ]
    return LayoutsOut(items=found)


@router.post(
    "/payout-batches",
    status_code=201,
    response_model=MadeOut,
    summary="Make a batch of transfers",
    responses=refusals(PayerUnknown, NoCalendar, no.LayoutUnknown, no.PayOnPast, no.OperatorMissing, no.NothingToPay)
    | example(201, examples.MADE),
)
async def make_batch(
    request: Request,
    body: Annotated[BatchIn, Body(examples=[examples.BATCH_ASKED])],
    caller: Payer,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """
    Put what a payer owes to patients into a batch, one transfer a person, and name who cannot be paid and why.

    What is owed is what the ledger says: of settlements, manual claims, approved aid, back-pay and yearly top-ups,
    less what was paid too much before. Nothing can be in two batches. `X-Operator` names the maker.
    """
    desk = Desk.of(request, tx, caller)
    return await desk.once(attempt, lambda: actions.make(desk, body.to_ordered(), dry_run=body.dry_run), status=201)


@router.get(
    "/payout-batches",
    response_model=Page[BatchOut],
    summary="List batches",
    responses=example(200, {"items": [examples.BATCH], "next_cursor": None}),
)
async def list_batches(request: Request, caller: Reader, tx: Tx, paging: PageAsked) -> Response:
    """Batches of the payers you act for, newest first."""
    desk, after = Desk.of(request, tx, caller), paging.after(UUID)
    found = await store.batches_of(desk, after=after[0] if after else None, limit=paging.limit + 1)
    page, cursor = paging.cut(found, lambda row: (row["id"],))
    return answered({"items": [answers.answer(row) for row in page], "next_cursor": cursor})


@router.get(
    "/payout-batches/{batch_id}",
    response_model=BatchOut,
    summary="Read a batch",
    responses=refusals(no.BatchUnknown) | example(200, examples.BATCH),
)
async def read_batch(request: Request, batch_id: Id, caller: Reader, tx: Tx) -> Response:
    """A batch and where it stands. Another payer's answers 404."""
    return answered(answers.answer(await actions.find(Desk.of(request, tx, caller), batch_id)))


@router.post(
    "/payout-batches/{batch_id}/release",
    response_model=BatchOut,
    summary="Release a batch",
    responses=refusals(no.BatchUnknown, no.WrongState, no.OperatorMissing, no.SamePerson, no.BatchChanged)
    | example(200, examples.RELEASED),
)
async def release_batch(request: Request, batch_id: Id, caller: Payer, attempt: Idempotent, tx: Tx) -> Response:
    """A second person (`X-Operator`) lets it go to the bank; from then on its file can be fetched."""
    desk = Desk.of(request, tx, caller)
    return await desk.once(attempt, lambda: actions.release(desk, batch_id), status=200)


@router.post(
    "/payout-batches/{batch_id}/withdrawal",
    response_model=BatchOut,
    summary="Withdraw a batch",
    responses=refusals(no.BatchUnknown, no.WrongState) | example(200, examples.BATCH | {"status": "withdrawn"}),
)
async def withdraw_batch(
    request: Request,
    batch_id: Id,
    body: Annotated[ReasonIn, Body(examples=[_REASON])],
    caller: Payer,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """Give up a batch that nobody has released: what is in it is open again."""
    desk = Desk.of(request, tx, caller)
    return await desk.once(attempt, lambda: actions.withdraw(desk, batch_id, body.reason), status=200)


@router.get(
    "/payout-batches/{batch_id}/file",
    response_class=Response,
    summary="The file of transfers for the bank",
    responses=refusals(no.BatchUnknown, no.WrongState) | {200: {"description": "The file.", "content": _FILES}},
)
async def file_of_batch(
    request: Request,
    batch_id: Id,
    caller: Payer,
    tx: Tx,
    format: Annotated[Literal["csv", "xlsx"], Query(description="Which kind of file.")],  # noqa: A002 - the wire's name
) -> Response:
    """Holders and account numbers in full, in the columns of the batch's layout, once it is released."""
    desk = Desk.of(request, tx, caller)
    batch = await actions.find(desk, batch_id)
    content = await transfer_file(desk, batch, format)
    name = f"{batch['payer']}-{batch['number']:07}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=_TYPES[format], headers=headers)


@router.post(
    "/payout-batches/{batch_id}/answer",
    response_model=BatchOut,
    summary="Take the bank's answer in",
    openapi_extra=form_schema(AnswerIn, {"file": "(CSV)", "answered_on": "2018-12-14"}, _ANSWER_SAYS),
    responses=refusals(
        no.BatchUnknown,
        no.WrongState,
        no.AnsweredAlready,
        no.AnswerDiffers,
        SheetRefused,
        SheetEmpty,
        SheetEncoding,
        SheetTooLarge,
        SheetHeadings,
    )
    | example(200, examples.ANSWERED),
)
async def answer_batch(request: Request, batch_id: Id, caller: Payer, tx: Tx) -> Response:
    """
    Hold the bank's file against the batch and book it, whole or not at all.

    Missing and unknown lines, duplicates, other amounts and a file that was cut off are each named, and nothing is
    booked. The same file again: the same answer, and nothing happens. What came back is open again; it goes out once
    more by itself when the account was corrected, and after that only with a clerk's clearance.
    """
    desk = Desk.of(request, tx, caller)
    async with sent(request, AnswerIn) as form:
        return answered(await take_in(desk, batch_id, form.file, form.filename, form.said.answered_on))
