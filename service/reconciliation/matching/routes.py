"""Matching over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, File, Request, UploadFile
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.db import Tx
from service.reconciliation import examples
from service.reconciliation import refusals as no
from service.reconciliation.desk import Desk, answered
from service.reconciliation.matching import actions, differences, resolution
from service.reconciliation.matching.actions import Upload
from service.reconciliation.matching.schemas import DifferenceOut, MatchOut, ResolutionIn
from service.reconciliation.statements.actions import find
from service.reconciliation.statements.store import persons
from service.sheets.faults import SheetEmpty, SheetEncoding, SheetRefused, SheetTooLarge
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id

router = Router(prefix="/v1", tags=["Statements"])

Party = Annotated[Caller, allow(Role.HOSPITAL, Role.PAYER, Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.HOSPITAL, Role.PAYER, Role.AGENCY, Role.AUDITOR)]
LONGEST_FILENAME = 200


@router.post(
    "/statements/{statement_id}/matches",
    status_code=201,
    response_model=MatchOut,
    summary="Match the other side's file",
    openapi_extra=examples.MATCH_FORM,
    responses=refusals(no.StatementUnknown, no.FileUnreadable, SheetRefused, SheetEmpty, SheetEncoding, SheetTooLarge)
    | example(201, examples.MATCH),
)
async def match_statement(
    request: Request,
    statement_id: Id,
    caller: Party,
    tx: Tx,
    file: Annotated[
        UploadFile,
        File(
            description="CSV, XLSX or XLS with headings (结算号 or 就诊号 or 案件号, and 金额; or settlement_id, "
            "visit_no, payer_claim_no, amount), in UTF-8 or GBK; or the national 3202 text: tab-separated, no heading. "
            "3202, and a table with fund_pay_sumamt (基金支付总额) and no amount, hold what all funds pay for a "
            "settlement, and are compared with that. refd_setl_flag 1 is a refund, with or without a minus."
        ),
    ],
) -> Response:
    """
    Compare line by line, exactly, always: equal totals do not hide errors that compensate each other.

    Each difference has a type, an owner, an age and a history. A corrected file closes what it no longer shows of
    what files of the same side showed before.
    """
    desk = Desk.of(request, tx, caller)
    upload = Upload(file.file, (file.filename or "-")[:LONGEST_FILENAME])
    return answered(await actions.match(desk, statement_id, upload), 201)


@router.get(
    "/statements/{statement_id}/differences",
    response_model=Page[DifferenceOut],
    summary="Differences of a statement",
    responses=refusals(no.StatementUnknown) | example(200, {"items": [examples.DIFFERENCE], "next_cursor": None}),
)
async def list_differences(request: Request, statement_id: Id, caller: Reader, tx: Tx, paging: PageAsked) -> Response:
    """What files and transfers showed, oldest first, with what was decided about each."""
    desk = Desk.of(request, tx, caller)
    statement = await find(desk, statement_id)
    after = paging.after(UUID)
    found = await differences.of_statement(tx, statement, after=after[0] if after else None, limit=paging.limit + 1)
    page, cursor = paging.cut(found, lambda row: (row["id"],))
    shown = await persons(tx, statement, line_nos=[row["line_no"] for row in page if row["line_no"] is not None])
    await desk.note_shown("difference.list", shown, subject=str(statement_id))
    return answered({"items": [differences.answer(row, desk.today) for row in page], "next_cursor": cursor})


@router.post(
    "/differences/{difference_id}/resolution",
    response_model=DifferenceOut,
    summary="Settle a difference",
    responses=refusals(
        no.DifferenceUnknown,
        no.DifferenceSettled,
        no.ResolutionImpossible,
        no.SecondPerson,
        no.StatementClosed,
        no.DeductionTooLarge,
    )
    | example(200, examples.DIFFERENCE | {"status": "resolved"}),
)
async def resolve_difference(
    request: Request,
    difference_id: Id,
    body: Annotated[ResolutionIn, Body(examples=[{"resolution": "keep_ours", "note": "已核对病案"}])],
    caller: Party,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """
    Accept theirs, keep ours, hold the line back, or have it corrected by re-adjudication.

    What moves money is proposed by one operator and done when another sends the same (`X-Operator`); what a file says
    is accepted by the other side or the agency. What moves none is settled by the side that objected or the agency,
    or by a correction that is posted; from the other side it is a proposal, and the difference stays open.
    """
    desk = Desk.of(request, tx, caller)
    return await desk.once(
        attempt, lambda: resolution.resolve(desk, difference_id, body.resolution, body.note), status=200
    )
