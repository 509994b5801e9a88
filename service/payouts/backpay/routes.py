"""Back-pay over HTTP."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.db import Tx
from service.payouts.backpay import actions
from service.payouts.backpay import refusals as no
from service.payouts.backpay.lines import documented
from service.payouts.backpay.model import Outcome
from service.payouts.backpay.schemas import BackpayIn, BackpayOut, BackpayRowOut
from service.payouts.counter import Counter
from service.payouts.refusals import NotKnownByLaw
from service.sheets.faults import SheetEmpty, SheetEncoding, SheetHeadings, SheetRefused, SheetTooLarge
from service.wire.form import form_schema, sent
from service.wire.language import LanguageOf
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id

router = Router(prefix="/v1/backpay", tags=["Back-pay"])
TAGS: Final = [{"name": "Back-pay", "description": "Stays from before the agreement: previewed, posted once."}]

Agency = Annotated[Caller, allow(Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.AGENCY, Role.AUDITOR)]
_FORM: Final[dict[str, Any]] = {"file": "（补支付.xlsx）", "agreement_on": "2018-06-01"}
_PREVIEWED: Final[dict[str, Any]] = {
    "id": "0198c7a4-5c00-7000-8000-00000000000e",
    "filename": "补支付.xlsx",
    "agreement_on": "2018-06-01",
    "due_on": "2018-08-01",
    "overdue": False,
    "uploaded_at": "2018-06-20T09:30:00+08:00",
    "posted_at": None,
    "ready": 1,
    "settled": 1,
    "rejected": 0,
    "amount": "600.00",
    "paid": "0.00",
}
_POSTED: Final = _PREVIEWED | {"posted_at": "2018-06-20T10:00:00+08:00"}
_ROW: Final[dict[str, Any]] = {
    "row": 2,
    "outcome": "ready",
    "person_no": "P459901000001",
    "amount": "600.00",
    "code": None,
    "reason": None,
    "settlement_id": "0198c7a4-5c00-7000-8000-000000000001",
}


@router.post(
    "",
    status_code=201,
    summary="Preview a back-pay file (补支付)",
    responses=refusals(
        SheetRefused,
        SheetEmpty,
        SheetEncoding,
        SheetTooLarge,
        SheetHeadings,
        no.BackpayAgreement,
        no.BackpayTooMany,
        NotKnownByLaw,
    )
    | example(201, _PREVIEWED),
    openapi_extra=form_schema(BackpayIn, _FORM, documented()),
)
async def preview_backpay(request: Request, caller: Agency, tx: Tx) -> BackpayOut:
    """
    The bureau's file of stays up to the day of the agreement: its payments are decided layers, and what is still due
    of each stay is computed. Nothing is posted.

    Rows whose stay is settled already, by whichever way, are told from those that cannot be taken. A content that
    was posted is answered as it stands.
    """
    counter = Counter.of(request, tx, caller)
    async with sent(request, BackpayIn) as form:
        made = await actions.preview(counter, form.file, form.filename, form.said.agreement_on)
    return BackpayOut.of(made, counter.today)


@router.get("", summary="List back-pay files", responses=example(200, {"items": [_POSTED], "next_cursor": None}))
async def list_backpay(
    request: Request,
    caller: Reader,
    tx: Tx,
    paging: PageAsked,
    overdue: Annotated[bool, Query(description="Only those not wholly paid by their day.")] = False,
) -> Page[BackpayOut]:
    """The county's files, newest first, with how much of each is paid."""
    counter, after = Counter.of(request, tx, caller), paging.after(UUID)
    found = await actions.listed(
        counter, overdue=overdue, after=after[0] if after else None, rows_wanted=paging.limit + 1
    )
    page, cursor = paging.cut(found, lambda each: (each.id,))
    return Page(items=[BackpayOut.of(each, counter.today) for each in page], next_cursor=cursor)


@router.get(
    "/{import_id}", summary="Read a back-pay file", responses=refusals(no.BackpayUnknown) | example(200, _POSTED)
)
async def read_backpay(request: Request, import_id: Id, caller: Reader, tx: Tx) -> BackpayOut:
    """A file, and how much of it is paid."""
    counter = Counter.of(request, tx, caller)
    return BackpayOut.of(await actions.read(counter, import_id), counter.today)


@router.get(
    "/{import_id}/rows",
    summary="List the rows of a back-pay file",
    responses=refusals(no.BackpayUnknown) | example(200, {"items": [_ROW], "next_cursor": None}),
)
async def list_backpay_rows(
    request: Request,
    import_id: Id,
    caller: Reader,
    tx: Tx,
    paging: PageAsked,
    language: LanguageOf,
    outcome: Annotated[Outcome | None, Query(description="Only rows that come to this.")] = None,
) -> Page[BackpayRowOut]:
    """What each row comes to, in the file's order."""
    counter, after = Counter.of(request, tx, caller), paging.after(int)
    found = await actions.rows_listed(
        counter, import_id, outcome=outcome, after=after[0] if after else 0, rows_wanted=paging.limit + 1
    )
    page, cursor = paging.cut(found, lambda each: (each.row_no,))
    return Page(items=[BackpayRowOut.of(each, language) for each in page], next_cursor=cursor)


@router.post(
    "/{import_id}/post",
    response_model=BackpayOut,
    summary="Post a previewed back-pay file",
    responses=refusals(no.BackpayUnknown, no.BackpayNothing, no.BackpayStale) | example(200, _POSTED),
)
async def post_backpay(request: Request, import_id: Id, caller: Agency, attempt: Idempotent, tx: Tx) -> Response:
    """
    Whole or not at all, and once: each ready stay is settled with its layers decided, and what it is still due is
    owed to the patient's account.
    """
    counter = Counter.of(request, tx, caller)

    async def act() -> dict[str, object]:
        return BackpayOut.of(await actions.post(counter, import_id), counter.today).model_dump(mode="json")

    return await counter.once(attempt, act, 200)
