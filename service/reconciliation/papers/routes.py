"""A statement's papers over HTTP."""

from typing import Annotated, Final, Literal

from fastapi import Query, Request
from starlette.responses import Response

from service.access.guard import allow
from service.access.model import Caller, Role
from service.db import Tx
from service.reconciliation import refusals as no
from service.reconciliation.desk import Desk
from service.reconciliation.papers.content import MOST_LINES
from service.reconciliation.papers.export import csv_of, pdf_of, xlsx_of
from service.reconciliation.statements.actions import find
from service.reconciliation.statements.store import persons
from service.wire.responses import refusals
from service.wire.routing import Router
from service.wire.types import Id

router = Router(prefix="/v1/statements", tags=["Statements"])

Reader = Annotated[Caller, allow(Role.HOSPITAL, Role.PAYER, Role.AGENCY, Role.AUDITOR)]
_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
_CONTENT: Final = {
    kind.split(";")[0]: {
        "schema": {"type": "string", "format": "binary"},
        "examples": {"example": {"summary": f"The statement as {name.upper()}", "value": f"({name.upper()})"}},
    }
    for name, kind in _TYPES.items()
}


@router.get(
    "/{statement_id}/export",
    response_class=Response,
    summary="Statement as CSV, XLSX or PDF",
    responses=refusals(no.StatementUnknown) | {200: {"description": "The paper.", "content": _CONTENT}},
)
async def export_statement(
    request: Request,
    statement_id: Id,
    caller: Reader,
    tx: Tx,
    format: Annotated[Literal["csv", "xlsx", "pdf"], Query(description="Which paper.")],  # noqa: A002 - the wire's name
) -> Response:
    """
    The statement on paper. All three come from the same rows and agree to the fen.

    PDF: totals by layer, amount in Chinese capitals, receiving account, boxes to sign. XLSX: typed cells, sums as
    formulas. CSV: UTF-8, opens in a spreadsheet, and can be matched again.
    """
    desk = Desk.of(request, tx, caller)
    statement = await find(desk, statement_id)
    shown = await persons(tx, statement, most=MOST_LINES if format == "pdf" else None)
    await desk.note_shown(f"statement.export_{format}", shown, subject=str(statement_id))
    name = f"{statement['payer']}-{statement['period']}-{statement['hospital_code']}.{format}"
    content = await {"csv": csv_of, "xlsx": xlsx_of, "pdf": pdf_of}[format](desk, statement)
    return Response(
        content,
        media_type=_TYPES[format],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
