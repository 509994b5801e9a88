"""The ways in which statements say no, beside those of the room."""

from service.errors import Text
from service.reconciliation.refusals import ReconciliationRefusal


class PayerConfirms(ReconciliationRefusal):
    """The payer has a client of its own: the agency confirms in its place only with a reason."""

    status = 409
    code = "statement.payer_confirms"
    title = Text("应由付款方自行确认", "The payer confirms itself")
    advice = Text(
        "该付款方有自己的客户端；经办机构代为确认须写明 reason，并通知双方。",
        "The payer has a client of its own. To confirm in its place, give the reason; both sides are told.",
    )


class RunUnderWay(ReconciliationRefusal):
    """Somebody else is billing the same period, and has not finished in the time that this run waited."""

    status = 409
    code = "statement.run_under_way"
    title = Text("该期间正在出具结算单", "The period is being billed")
    advice = Text("请稍后重试：结果相同。", "Try again later: the result is the same.")
