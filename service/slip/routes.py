"""The slip and the text message over HTTP."""

import asyncio
from typing import Annotated, Any, Final, Literal

from fastapi import Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.model import Caller, Role
from service.claims.refusals import SettlementUnknown
from service.claims.routes import DeskOf
from service.db import Tx
from service.slip.content import Slip, address_of, gather
from service.slip.refusals import SlipOfReversal
from service.slip.sms import LONGEST, parts
from service.wire.responses import example, refusals
from service.wire.routing import Router
from service.wire.types import Id, WireModel

router = Router(prefix="/v1/settlements", tags=["Settlements"])

Printer = Annotated[Caller, allow(Role.HOSPITAL, Role.AGENCY)]
Language = Annotated[Literal["zh", "en"], Query(description="Chinese or English.")]
_PDF: Final[dict[str, Any]] = {
    "application/pdf": {
        "schema": {"type": "string", "format": "binary"},
        "examples": {"example": {"summary": "The slip", "value": "(PDF)"}},
    }
}
_SMS: Final = {
    "parts": [
        "【医保】示范县人民医院2018-06-09费用13644.00元，各方承担12279.60元，您负担1364.40元。",
        "【医保】查询码482910573316，凭证件号后六位到https://yb.example.cn/p查询。",
    ]
}


class SmsOut(WireModel):
    """Messages of at most 70 characters, each to be sent by itself."""

    parts: list[str]


@router.get(
    "/{settlement_id:uuid}/slip.pdf",
    response_class=Response,
    summary="The patient's slip (结算单)",
    responses=refusals(SettlementUnknown, SlipOfReversal) | {200: {"description": "The slip.", "content": _PDF}},
)
async def print_slip(
    request: Request, settlement_id: Id, caller: Printer, tx: Tx, desk: DeskOf, lang: Language = "zh"
) -> Response:
    """
    What the patient takes home: the bill, who pays what of it and by which clause, what is due, why, and the query
    code with a QR code that leads to the patient's page. Name and number are masked.
    """
    slip = await gather(tx, caller, settlement_id, desk, address=address_of(request), action="slip.print")
    name = f"slip-{settlement_id}-{lang}.pdf"
    return Response(
        await asyncio.to_thread(_drawn, slip, lang),
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


def _drawn(slip: Slip, language: str) -> bytes:
    from service.slip.pdf import pdf

    return pdf(slip, language)


@router.get(
    "/{settlement_id:uuid}/sms",
    summary="The settlement as a text message",
    responses=refusals(SettlementUnknown, SlipOfReversal) | example(200, _SMS),
)
async def write_sms(
    request: Request, settlement_id: Id, caller: Printer, tx: Tx, desk: DeskOf, lang: Language = "zh"
) -> SmsOut:
    """To be sent to the patient's telephone by whoever has a gateway: what was paid, what is left, how to ask."""
    slip = await gather(tx, caller, settlement_id, desk, address=address_of(request), action="slip.sms")
    written = parts(slip, lang)
    assert all(len(part) <= LONGEST for part in written)
    return SmsOut(parts=written)
