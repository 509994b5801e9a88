"""The ways in which closing a period says no."""

from service.errors import Text
from service.reconciliation.refusals import ReconciliationRefusal


class ClosingUnknown(ReconciliationRefusal):
    """No such closing, or not the caller's to see."""

    status = 404
    code = "closing.unknown"
    title = Text("查无此结账", "Closing unknown")
    advice = Text("请核对结账编号。", "Check the closing's id.")


class ClosedAlready(ReconciliationRefusal):
    """This period, or a later one, is closed."""

    status = 409
    code = "closing.already_closed"
    title = Text("期间已结账", "The period is closed already")
    advice = Text(
        "该期间或更晚的期间已经结账，不能再次结账。", "It, or a later period, is closed: it cannot be closed again."
    )


class Unbilled(ReconciliationRefusal):
    """Something of the period, or of an earlier one, stands on no statement."""

    status = 409
    code = "closing.unbilled"
    title = Text("尚有未出具结算单的款项", "Something is not billed yet")
    advice = Text("请先出具该期间的结算单，再结账。", "Run the period's statements first, then close it.")
