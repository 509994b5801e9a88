"""Deductions over HTTP."""

from typing import Annotated

from fastapi import Body, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.db import Tx
from service.reconciliation import examples
from service.reconciliation import refusals as no
from service.reconciliation.deductions import actions, store
from service.reconciliation.deductions.refusals import DocumentUsed, LineUnknown
from service.reconciliation.deductions.schemas import DeductionIn, DeductionOut, DeductionsOut, ReleaseIn
from service.reconciliation.desk import Desk, answered
from service.reconciliation.statements.actions import find
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id

router = Router(prefix="/v1/statements/{statement_id}/deductions", tags=["Statements"])

Payer = Annotated[Caller, allow(Role.PAYER, Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.HOSPITAL, Role.PAYER, Role.AGENCY, Role.AUDITOR)]
_RETENTION = examples.DEDUCTION | {"kind": "retention", "document_no": None, "reason": "质保金", "released": True}


@router.post(
    "",
    status_code=201,
    response_model=DeductionOut,
    summary="Deduct from a statement",
    responses=refusals(
        no.StatementUnknown, no.StatementClosed, LineUnknown, no.DeductionTooLarge, no.NoPrepayment, DocumentUsed
    )
    | example(201, examples.DEDUCTION),
)
async def deduct_from_statement(
    request: Request,
    statement_id: Id,
    body: Annotated[DeductionIn, Body(examples=[examples.DEDUCTION_ASKED])],
    caller: Payer,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """
    Settle part of a statement without money: retention (质保金), offset of a prepayment, refusal after review (拒付),
    recovery after inspection (追回, with its document number).

    The hospital bears it; the patient's share stays as it is. A refusal writes a new version, with the cause
    `refusal`, of each settlement of which it takes a part: that part stands as `hospital_bears`, nothing else moves.
    Of named lines no more is refused than their settlements still claim; without lines it is taken of the lines in
    their order. A recovery changes no settlement, and may name a statement that is paid and closed:
    what this statement cannot give is offset against the hospital's later ones when they are issued, until it is
    used up. What is refused or recovered of a case that is reversed or lowered later is owed again, so that the
    hospital does not bear it twice.
    """
    desk = Desk.of(request, tx, caller)
    asked = body.to_asked()
    return await desk.once(attempt, lambda: actions.deduct(desk, statement_id, asked), status=201)


@router.get(
    "",
    response_model=DeductionsOut,
    summary="List deductions of a statement",
    responses=refusals(no.StatementUnknown) | example(200, {"items": [examples.DEDUCTION]}),
)
async def list_deductions(request: Request, statement_id: Id, caller: Reader, tx: Tx) -> Response:
    """Every deduction of a statement, oldest first."""
    statement = await find(Desk.of(request, tx, caller), statement_id)
    found = await store.of_statement(tx, statement["county_code"], statement_id)
    return answered({"items": [actions.answer(row) for row in found]})


@router.post(
    "/{deduction_id}/release",
    response_model=DeductionOut,
    summary="Release a retention",
    responses=refusals(no.StatementUnknown, no.DeductionUnknown, no.NotReleasable) | example(200, _RETENTION),
)
async def release_deduction(
    request: Request,
    statement_id: Id,
    deduction_id: Id,
    body: Annotated[ReleaseIn, Body(examples=[{"reason": "考核合格，返还质保金"}])],
    caller: Payer,
    attempt: Idempotent,
    tx: Tx,
) -> Response:
    """Owe a retention again: it is open on its statement, to be paid."""
    desk = Desk.of(request, tx, caller)
    return await desk.once(attempt, lambda: actions.release(desk, statement_id, deduction_id, body.reason), status=200)
