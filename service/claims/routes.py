"""Settlements over HTTP."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from fastapi import Depends, Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.idempotency import Idempotent, Stored
from service.access.model import Caller, Role
from service.claims import actions, examples
from service.claims import refusals as no
from service.claims.actions import Desk
from service.claims.answer_schemas import SettlementOut, TraceOut
from service.claims.schemas import SettlementIn
from service.db import Tx
from service.wire.language import LanguageOf
from service.wire.pages import Page, PageAsked
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Code, Day, Id

router = Router(prefix="/v1/settlements", tags=["Settlements"])

Submitter = Annotated[Caller, allow(Role.HOSPITAL, Role.AGENCY)]
Reader = Annotated[Caller, allow(Role.HOSPITAL, Role.AGENCY, Role.PAYER, Role.AUDITOR)]

NOT_SETTLED: Final = (
    no.PersonUnknown,
    no.PersonNotInsured,
    no.PersonBarred,
    no.HospitalUnknown,
    no.HospitalNotConnected,
    no.HospitalSuspended,
    no.VisitDates,
    no.VisitOverlap,
    no.VisitAlreadySettled,
    no.VisitInterimOrder,
    no.ReferralInvalid,
    no.AmountMismatch,
    no.NetNegative,
    no.LinesEmpty,
    no.ChronicNoCard,
    no.ChronicUnknownDisease,
    no.NoPolicyInForce,
    no.PartsMismatch,
    no.LiablePaid,
    no.FindingRefused,
    no.InvoiceUsed,
)
WHY_NOT = refusals(*NOT_SETTLED)


async def _desk(request: Request) -> Desk:
    state = request.app.state
    return Desk(state.law, state.clock, state.vault)


DeskOf = Annotated[Desk, Depends(_desk)]


def written(value: Any, status: int = 200) -> Response:
    """An answer as JSON."""
    # Written once, by the same writer as the answer that is kept: no second pass through a response model.
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    return Response(body, status, media_type="application/json")


@router.post(
    "/preview",
    response_model=SettlementOut,
    summary="Preview a settlement (预结算)",
    responses=WHY_NOT | example(200, examples.PREVIEW),
    openapi_extra=examples.REQUEST,
)
async def preview_settlement(
    body: SettlementIn, caller: Submitter, tx: Tx, desk: DeskOf, language: LanguageOf
) -> Response:
    """
    What each payer would pay of a visit, what the patient would owe, and why, if it were settled now.

    Stores nothing but an audit row. The same checks as settling, so the same refusals.
    """
    return written(await actions.preview(tx, caller, body.to_order(desk.vault), desk, language=language))


@router.post(
    "",
    status_code=201,
    response_model=SettlementOut,
    summary="Settle a visit (结算)",
    responses=WHY_NOT | example(201, examples.SETTLED),
    openapi_extra=examples.REQUEST,
)
async def settle_visit(
    body: SettlementIn,
    caller: Submitter,
    attempt: Idempotent,
    tx: Tx,
    desk: DeskOf,
    language: LanguageOf,
) -> Response:
    """
    Settle a discharge, a part of a long stay, or a chronic outpatient visit: once, whatever the network does.

    Each layer comes with its working: the rules that fired or did not, the clauses, the amounts. If the answer is
    lost, send the same request with the same `Idempotency-Key`: the first answer comes again, byte for byte.
    """
    done = await actions.settle(tx, caller, body.to_order(desk.vault), desk, attempt=attempt, language=language)
    return done.response() if isinstance(done, Stored) else written(done, actions.CREATED)


@router.get(
    "",
    response_model=Page[SettlementOut],
    summary="List settlements",
    responses=example(200, {"items": [examples.SETTLED], "next_cursor": None}),
)
async def list_settlements(
    caller: Reader,
    tx: Tx,
    desk: DeskOf,
    language: LanguageOf,
    paging: PageAsked,
    visit_no: Annotated[Code | None, Query(description="The hospital's number of the visit.")] = None,
    person_no: Annotated[Code | None, Query(description="The person's number in the register.")] = None,
    invoice_no: Annotated[Code | None, Query(description="The invoice number.")] = None,
    status: Annotated[
        Literal["settled", "on_hold", "reversed", "superseded", "reversal"] | None,
        Query(description="Only this status."),
    ] = None,
    settled_from: Annotated[Day | None, Query(alias="from", description="First day of settlement.")] = None,
    settled_to: Annotated[Day | None, Query(alias="to", description="Last day of settlement.")] = None,
) -> Response:
    """The settlements the caller may see, newest first: a hospital its own, a payer those in which it pays."""
    asked = {
        "visit_no": visit_no,
        "person_no": person_no,
        "invoice_no": invoice_no,
        "status": status,
        "from": settled_from,
        "to": settled_to,
    }
    after = paging.after(UUID)
    found = await actions.listed(
        tx, caller, asked, desk, after=after[0] if after else None, limit=paging.limit, language=language
    )
    page, cursor = paging.cut(found, lambda one: (one["id"],))
    return written({"items": page, "next_cursor": cursor})


@router.get(
    "/{settlement_id:uuid}",
    response_model=SettlementOut,
    summary="Read a settlement",
    responses=refusals(no.SettlementUnknown) | example(200, examples.SETTLED),
)
async def read_settlement(settlement_id: Id, caller: Reader, tx: Tx, desk: DeskOf, language: LanguageOf) -> Response:
    """One settlement with its layers, their working and the explanation. Another's answers 404."""
    return written(await actions.read(tx, caller, settlement_id, desk, language=language))


@router.get(
    "/{settlement_id:uuid}/trace",
    response_model=TraceOut,
    summary="Read what a settlement rests on",
    responses=refusals(no.SettlementUnknown) | example(200, examples.TRACE),
)
async def read_trace(settlement_id: Id, caller: Reader, tx: Tx, desk: DeskOf) -> Response:
    """
    Everything that was read and decided: the bill with the terms of each line, the person's running sums before the
    visit, the facts of the registers, each step with its values, and what the visit added to the sums.
    """
    return written(await actions.trace(tx, caller, settlement_id, desk))
