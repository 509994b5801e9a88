"""Why an outcome of an injury is not taken."""

from service.errors import Text
from service.payouts.refusals import PayoutRefusal


class NotOnHold(PayoutRefusal):
    """The settlement is not on hold."""

    status = 409
    code = "injury.not_on_hold"
    title = Text("该结算未挂起", "Not on hold")
    advice = Text("该结算不在挂起状态，无需认定；请核对编号。", "Nothing is held of this settlement: check the id.")
