"""Changes of settlements over HTTP."""

from typing import Final

from starlette.responses import Response

from service.access.idempotency import Idempotent, Stored
from service.access.model import Caller, Role
from service.claims import refusals as no
from service.claims.actions import CREATED
from service.claims.answer_schemas import SettlementOut
from service.claims.changes import actions, examples, reading
from service.claims.changes import refusals as cannot
from service.claims.changes.actions import Asking
from service.claims.changes.anew import pointed
from service.claims.changes.model import Change
from service.claims.changes.schemas import (
    InvoiceIn,
    ReadjudicationIn,
    ReadjudicationOut,
    ReversalIn,
    ReversalOut,
    VersionsOut,
)
from service.claims.model import Cause
from service.claims.routes import NOT_SETTLED, DeskOf, Reader, Submitter, written
from service.db import Tx
from service.errors import InputError, Text
from service.wire.language import LanguageOf
from service.wire.refusals import RequestInvalid
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id

router = Router(prefix="/v1/settlements", tags=["Settlements"])

NOT_LIVE: Final = (
    no.SettlementUnknown,
    cannot.AlreadyReversed,
    cannot.Superseded,
    cannot.IsReversal,
    cannot.NotTheHospitals,
)
NOT_DECIDED: Final = (*NOT_SETTLED, *NOT_LIVE, cannot.HasLater, cannot.Unchanged, cannot.ForeignVisit)


@router.post(
    "/{settlement_id:uuid}/reversal",
    status_code=CREATED,
    response_model=ReversalOut,
    summary="Reverse a settlement (冲正)",
    responses=refusals(*NOT_LIVE, cannot.HasLater) | example(CREATED, examples.REVERSED),
    openapi_extra=examples.REVERSAL_REQUEST,
)
async def reverse_settlement(
    settlement_id: Id,
    body: ReversalIn,
    caller: Submitter,
    attempt: Idempotent,
    tx: Tx,
    desk: DeskOf,
    language: LanguageOf,
) -> Response:
    """
    Take a settlement back: a copy with the signs turned points at it, and the person's sums are as if it had not
    been. The visit can then be settled anew, with a new key.

    Where later settlements of the person rest on it, they are reversed first, newest first, or `chain: true` decides
    them anew in the same transaction; those of other hospitals only the agency can.
    """
    done = await actions.reverse(
        tx, caller, settlement_id, desk, Asking(attempt, language), reason=body.reason, chain=body.chain
    )
    return done.response() if isinstance(done, Stored) else written(done, CREATED)


@router.post(
    "/{settlement_id:uuid}/readjudication",
    status_code=CREATED,
    response_model=ReadjudicationOut,
    summary="Decide a settlement anew (重新核算)",
    responses=refusals(*NOT_DECIDED) | example(CREATED, examples.READJUDICATED),
    openapi_extra=examples.READJUDICATION_REQUEST,
)
async def readjudicate_settlement(
    settlement_id: Id,
    body: ReadjudicationIn,
    caller: Submitter,
    attempt: Idempotent,
    tx: Tx,
    desk: DeskOf,
    language: LanguageOf,
) -> Response:
    """
    Decide a settlement anew in its place in the order, as the registers and the law have it today for its own days.

    The new version stands beside the old one; the ledger gets the net difference per payer and payee. An increase
    goes to whoever bore the money; what a patient has too much is only recorded (`to_collect`). A hospital may send
    its own corrected bill as `request`; every other cause is the agency's.
    """
    _check(body, caller)
    with pointed(at="/request"):
        order = body.request.to_order(desk.vault) if body.request is not None else None
    change = Change(Cause(body.cause), body.note, order)
    done = await actions.readjudicate(
        tx, caller, settlement_id, desk, Asking(attempt, language), change=change, chain=body.chain
    )
    return done.response() if isinstance(done, Stored) else written(done, CREATED)


def _check(body: ReadjudicationIn, caller: Caller) -> None:
    correction = Cause(body.cause) == Cause.HOSPITAL_CORRECTION
    if caller.role == Role.HOSPITAL and not correction:
        detail = Text(
            "医院只能更正本院账单（hospital_correction）；其他原因请由医保经办机构办理。",
            "A hospital corrects its own bill (hospital_correction); for another cause ask the agency.",
        )
        raise RequestInvalid.at(InputError("/cause", "request.not_allowed", detail))
    if correction != (body.request is not None):
        detail = Text(
            "hospital_correction 须在 request 中给出更正后的账单，其他原因不应给出。",
            "hospital_correction needs the corrected bill as `request`; no other cause has one.",
        )
        raise RequestInvalid.at(
            InputError("/request", "request.missing" if correction else "request.unexpected", detail)
        )


@router.put(
    "/{settlement_id:uuid}/invoice",
    response_model=SettlementOut,
    summary="Attach the invoice number",
    responses=refusals(*NOT_LIVE, no.InvoiceUsed) | example(200, examples.INVOICED),
    openapi_extra=examples.INVOICE_REQUEST,
)
async def attach_invoice(
    settlement_id: Id, body: InvoiceIn, caller: Submitter, tx: Tx, desk: DeskOf, language: LanguageOf
) -> Response:
    """Attach the invoice number of a live settlement, or correct it. An invoice stands for one visit only."""
    return written(
        await reading.attach_invoice(tx, caller, settlement_id, desk, invoice_no=body.invoice_no, language=language)
    )


@router.get(
    "/{settlement_id:uuid}/versions",
    response_model=VersionsOut,
    summary="Compare the versions of a settlement",
    responses=refusals(no.SettlementUnknown) | example(200, examples.VERSIONS),
)
async def list_versions(settlement_id: Id, caller: Reader, tx: Tx, desk: DeskOf) -> Response:
    """
    Every version of the visit, whichever of them is asked for, and its reversal: each with its cause, its amounts,
    what it changed for whom, and a paragraph that says so.
    """
    return written(await reading.versions(tx, caller, settlement_id, desk))
