"""The papers over HTTP."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.model import Caller, Role
from service.claims.refusals import SettlementUnknown
from service.claims.routes import DeskOf
from service.db import Tx
from service.payouts.counter import Counter
from service.payouts.cycles.actions import law_of
from service.payouts.cycles.refusals import CycleUnknown, PersonNotInCycle
from service.payouts.manual.refusals import ManualClaimState, ManualClaimUnknown
from service.payouts.papers.content import decision, refusal, statement
from service.payouts.papers.letter import Letter
from service.reconciliation.desk import Desk
from service.slip.content import address_of
from service.slip.refusals import SlipOfReversal
from service.wire.responses import refusals
from service.wire.routing import Router
from service.wire.types import Code, Day, Id

router = Router(prefix="/v1", tags=["Payouts"])

# The query code is on them, which opens everything of the patient: they leave by a counter.
Printer = Annotated[Caller, allow(Role.AGENCY)]
_PDF: Final[dict[str, Any]] = {
    "application/pdf": {
        "schema": {"type": "string", "format": "binary"},
        "examples": {"example": {"summary": "The letter", "value": "(PDF)"}},
    }
}
_LETTER: Final[dict[int | str, dict[str, Any]]] = {200: {"description": "The letter.", "content": _PDF}}


@router.get(
    "/settlements/{settlement_id:uuid}/decision.pdf",
    response_class=Response,
    summary="The decision letter (补偿决定书)",
    responses=refusals(SettlementUnknown, SlipOfReversal) | _LETTER,
)
async def print_decision(request: Request, settlement_id: Id, caller: Printer, tx: Tx, claims: DeskOf) -> Response:
    """What was decided about a claim, by which clauses, what goes to which account, how to object, the query code."""
    desk = Desk.of(request, tx, caller)
    return await _sent(await decision(desk, claims, settlement_id, address_of(request)), f"decision-{settlement_id}")


@router.get(
    "/manual-claims/{claim_id:uuid}/refusal.pdf",
    response_class=Response,
    summary="The letter that a manual claim is refused (不予支付决定书)",
    responses=refusals(ManualClaimUnknown, ManualClaimState) | _LETTER,
)
async def print_refusal(request: Request, claim_id: Id, caller: Printer, tx: Tx) -> Response:
    """Why a manual claim was refused, by which clauses, how to object. What was approved has its decision letter."""
    return await _sent(await refusal(Counter.of(request, tx, caller), claim_id), f"refusal-{claim_id}")


@router.get(
    "/cycles/{start}/persons/{person_no}/statement.pdf",
    response_class=Response,
    summary="A person's statement of a cycle",
    responses=refusals(CycleUnknown, PersonNotInCycle) | _LETTER,
)
async def print_cycle(
    request: Request, start: Day, person_no: Code, caller: Printer, tx: Tx, claims: DeskOf
) -> Response:
    """Visit by visit what the cycle comes to, every difference since, where the money goes, and how to object."""
    desk = Desk.of(request, tx, caller)
    letter = await statement(desk, claims, law_of(desk, start), person_no, address_of(request))
    return await _sent(letter, f"cycle-{start}-{person_no}")


async def _sent(letter: Letter, name: str) -> Response:
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(await asyncio.to_thread(_drawn, letter), media_type="application/pdf", headers=headers)


def _drawn(letter: Letter) -> bytes:
    from service.payouts.papers.pdf import pdf

    return pdf(letter)
