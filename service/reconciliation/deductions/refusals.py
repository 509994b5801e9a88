"""The ways in which deductions say no, beside those of the room."""

from service.errors import Text
from service.reconciliation.refusals import ReconciliationRefusal


class LineUnknown(ReconciliationRefusal):
    """The statement has no line of this number."""

    code = "deduction.line_unknown"
    title = Text("结算单中没有该明细行", "The statement has no such line")
    advice = Text("请核对明细行号。", "Check the line numbers.")


class DocumentUsed(ReconciliationRefusal):
    """The payer has recovered from the hospital under this document before."""

    status = 409
    code = "deduction.document_used"
    title = Text("该文书已追回", "The document was used already")
    advice = Text(
        "同一付款方对同一医疗机构，一份文书只能追回一次；余额会在以后的结算单中自动冲抵。",
        "A document is used once per payer and hospital; what is left is offset against later statements by itself.",
    )


class OffsetCarried(ReconciliationRefusal):
    """The surplus of the transfer was offset on a statement that was carried into a later one."""

    status = 409
    code = "deduction.offset_carried"
    title = Text("冲抵所在结算单已结转", "The surplus was offset on a statement that was carried on")
    advice = Text(
        "该笔付款的多付部分已在结转的结算单中冲抵，不能退回；请登记一笔新付款，或与医疗机构另行结清。",
        "It cannot be entered as returned. Enter the transfer that replaces it, or settle with the hospital apart.",
    )
