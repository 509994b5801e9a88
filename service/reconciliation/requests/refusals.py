"""The ways in which requests for a statement say no."""

from service.errors import Text
from service.reconciliation.refusals import ReconciliationRefusal


class RequestUnknown(ReconciliationRefusal):
    """No such request, or not the caller's to see."""

    status = 404
    code = "statement_request.unknown"
    title = Text("查无此清算申请", "Request unknown")
    advice = Text("查无此清算申请，请核对编号。", "There is no such request: check its id.")


class RequestEnded(ReconciliationRefusal):
    """The request was withdrawn or refused already."""

    status = 409
    code = "statement_request.ended"
    title = Text("清算申请已终结", "The request has ended")
    advice = Text("该清算申请已撤销或已被退回；可重新申请。", "It was withdrawn or refused: make a new request.")


class RequestIssued(ReconciliationRefusal):
    """Statements were issued upon the request, or for its days."""

    status = 409
    code = "statement_request.issued"
    title = Text("已出具结算单", "Statements were issued")
    advice = Text(
        "该期间已出具结算单，申请不能再撤销或退回；有异议请在结算单上对账。",
        "Statements bill these days already: object to the statement instead.",
    )


class RequestOverlaps(ReconciliationRefusal):
    """An open request of the same kind has some of the same days."""

    status = 409
    code = "statement_request.overlap"
    title = Text("清算申请期间重叠", "The requests overlap")
    advice = Text("请先撤销期间重叠的申请。", "Withdraw the request that it overlaps first.")
