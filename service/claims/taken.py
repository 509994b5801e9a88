"""What another live visit has taken already: the visit's number, or its invoice."""

from service.claims import refusals as no
from service.claims.model import LiveVisit
from service.errors import Text


def already_settled(part: LiveVisit | None) -> no.VisitAlreadySettled:
    return no.VisitAlreadySettled(
        Text(
            "该次就诊已有有效结算；如需更正，请先冲正再结算。",
            "This visit has a live settlement: read it, or reverse it before settling again.",
        ),
        pointer="/visit_no",
        extra={"settlement_id": str(part.settlement_id)} if part is not None else {},
    )


def invoice_used(invoice_no: str | None) -> no.InvoiceUsed:
    return no.InvoiceUsed(
        Text(
            f"票据号 {invoice_no} 已用于本院另一次有效结算，请核对。",
            f"Invoice {invoice_no} is attached to another live settlement of this hospital: check the number.",
        ),
        pointer="/invoice_no",
    )
