"""Statements over HTTP."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent
from service.access.model import Caller, Role
from service.db import Tx
from service.reconciliation import examples
from service.reconciliation import refusals as no
from service.reconciliation.desk import Desk, answered
from service.reconciliation.statements import actions, store
from service.reconciliation.statements.answer import statement_answer
from service.reconciliation.statements.confirmation import confirm
from service.reconciliation.statements.refusals import PayerConfirms, RunUnderWay
from service.reconciliation.statements.run_alone import run_alone
from service.reconciliation.statements.schemas import (
    ConfirmIn,
    LineOut,
    RunIn,
    RunOut,
    SampleOut,
    StatementOut,
    StatementWithLayersOut,
    Status,
)
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Code, Id

router = Router(prefix="/v1/statements", tags=["Statements"])

Runner = Annotated[Caller, allow(Role.PAYER, Role.AGENCY)]
Party = Annotated[Caller, allow(Role.HOSPITAL, Role.PAYER, Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.HOSPITAL, Role.PAYER, Role.AGENCY, Role.AUDITOR)]
LARGEST_SAMPLE = 1000


@router.post(
    "/run",
    response_model=RunOut,
    summary="Run a payer's period",
    responses=refusals(no.PayerUnknown, no.NoCalendar, no.PeriodInvalid, no.PeriodOpen, RunUnderWay)
    | example(200, examples.RUN),
)
async def run_statements(
    request: Request,
    body: Annotated[RunIn, Body(examples=[examples.RUN_ASKED])],
    caller: Runner,
    attempt: Idempotent,
) -> Response:
    """
    Bill what a payer owes for an ended period: one statement per hospital.

    Running again gives the same statements. A run that died goes on where it stopped. A hospital that cannot be
    billed is named under `failed` and stops no other; the same key then tries again. `dry_run` shows the statements
    as drafts and keeps nothing.
    """
    return await run_alone(
        request,
        caller,
        attempt,
        lambda desk: actions.run(desk, body.payer, body.period, dry_run=body.dry_run),
    )


@router.get(
    "",
    response_model=Page[StatementOut],
    summary="List statements",
    responses=example(200, {"items": [examples.STATEMENT], "next_cursor": None}),
)
async def list_statements(
    request: Request,
    caller: Reader,
    tx: Tx,
    paging: PageAsked,
    period: Annotated[Code | None, Query(description='Of this period: "2018-06" or "2018-Q2".')] = None,
    payer: Annotated[Code | None, Query(description="Of this payer.")] = None,
    hospital: Annotated[Code | None, Query(description="Of this hospital.")] = None,
    status: Annotated[Status | None, Query(description="In this state.")] = None,
    overdue: Annotated[bool | None, Query(description="Only those overdue, or not overdue, today.")] = None,
) -> Response:
    """The statements the caller may see, newest period first: a hospital and a payer its own."""
    desk = Desk.of(request, tx, caller)
    after = paging.after(date, UUID)
    asked: dict[str, Any] = {
        "period": period,
        "payer": payer,
        "hospital": hospital,
        "status": status,
        "overdue": overdue,
    }
    found = await store.statements(
        tx, desk, asked, after=(after[0], after[1]) if after else None, limit=paging.limit + 1
    )
    page, cursor = paging.cut(found, lambda row: (row["period_from"], row["id"]))
    return answered({"items": [statement_answer(row) for row in page], "next_cursor": cursor})


@router.get(
    "/{statement_id}",
    response_model=StatementWithLayersOut,
    summary="Read a statement",
    responses=refusals(no.StatementUnknown) | example(200, examples.STATEMENT_WITH_LAYERS),
)
async def read_statement(request: Request, statement_id: Id, caller: Reader, tx: Tx) -> Response:
    """One statement, what became of it by today, and its total by layer. Another's answers 404."""
    return answered(await actions.read(Desk.of(request, tx, caller), statement_id))


@router.get(
    "/{statement_id}/lines",
    response_model=Page[LineOut],
    summary="Lines of a statement",
    responses=refusals(no.StatementUnknown)
    | example(200, {"items": [examples.LINE, examples.ADJUSTMENT], "next_cursor": None}),
)
async def list_statement_lines(
    request: Request, statement_id: Id, caller: Reader, tx: Tx, paging: PageAsked
) -> Response:
    """Line by line: dates, total, earlier layers, identity evidence, amount, and the payer's own claim number."""
    desk = Desk.of(request, tx, caller)
    statement = await actions.find(desk, statement_id)
    after = paging.after(int)
    found = await store.lines(tx, statement, after=after[0] if after else 0, limit=paging.limit + 1)
    page, cursor = paging.cut(found, lambda row: (row["line_no"],))
    items = await actions.described_lines(desk, statement, page)
    await _note_persons(desk, "statement.lines", statement, items)
    return answered({"items": items, "next_cursor": cursor})


@router.get(
    "/{statement_id}/sample",
    response_model=SampleOut,
    summary="Draw lines for an audit",
    responses=refusals(no.StatementUnknown) | example(200, {"seed": "2018", "size": 1, "items": [examples.LINE]}),
)
async def sample_statement(
    request: Request,
    statement_id: Id,
    caller: Reader,
    tx: Tx,
    size: Annotated[int, Query(ge=1, le=LARGEST_SAMPLE, description="How many lines at most.")] = 20,
    seed: Annotated[Code, Query(description="The same seed draws the same lines.")] = "1",
) -> Response:
    """Lines drawn at random, so that an auditor checks some without the parties choosing which."""
    desk = Desk.of(request, tx, caller)
    statement = await actions.find(desk, statement_id)
    drawn = await store.sample(tx, statement, size=size, seed=seed)
    items = await actions.described_lines(desk, statement, drawn)
    await _note_persons(desk, "statement.sample", statement, items)
    return answered({"seed": seed, "size": len(items), "items": items})


@router.post(
    "/{statement_id}/confirmation",
    response_model=StatementOut,
    summary="Confirm a statement",
    responses=refusals(no.StatementUnknown, no.StatementClosed, no.StatementOrder, no.AlreadyConfirmed, PayerConfirms)
    | example(200, examples.STATEMENT),
)
async def confirm_statement(
    request: Request,
    statement_id: Id,
    caller: Party,
    attempt: Idempotent,
    tx: Tx,
    body: Annotated[ConfirmIn | None, Body(examples=[{"reason": "保险公司系统停机，电话确认后代为确认"}])] = None,
) -> Response:
    """
    Agree to a statement: the hospital first, then the payer, two different callers.

    The agency confirms for a payer that has no client of its own, and for another only with a `reason`, which is kept
    and told to both sides. What nobody objects to counts as confirmed after the pack's number of days.
    """
    desk = Desk.of(request, tx, caller)
    reason = body.reason if body is not None else None
    return await desk.once(attempt, lambda: confirm(desk, statement_id, reason), status=200)


async def _note_persons(desk: Desk, action: str, statement: store.Row, lines: list[dict[str, Any]]) -> None:
    shown = ((statement["county_code"], line["person_no"]) for line in lines)
    await desk.note_shown(action, shown, subject=str(statement["id"]))
