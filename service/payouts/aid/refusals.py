"""The ways in which an application for aid is refused to be taken or decided."""

from service.errors import Text
from service.payouts.refusals import PayoutRefusal


class AidApplicationUnknown(PayoutRefusal):
    """There is no such application, or it is not the caller's to see."""

    status = 404
    code = "aid_application.unknown"
    title = Text("查无此救助申请", "Application unknown")
    advice = Text("查无此救助申请，请核对编号。", "There is no such application: check the id.")


class NoAidExpected(PayoutRefusal):
    """The settlement expects no aid that could be applied for, or is not live."""

    status = 409
    code = "aid_application.none_expected"
    title = Text("没有待申请的救助", "No aid is expected")
    advice = Text(
        "该结算没有预计的救助，或已冲正、已有新版本；请核对结算的最新版本。",
        "The settlement expects no aid, is reversed, or has a later version: read its latest version.",
    )


class AidAppliedFor(PayoutRefusal):
    """The aid of this visit has been applied for already: `application_id` says where."""

    status = 409
    code = "aid_application.exists"
    title = Text("已申请救助", "Applied for already")
    advice = Text(
        "该次就诊的救助已申请，请在该件上办理。", "The aid of this visit is applied for: go on with that one."
    )


class AidDecided(PayoutRefusal):
    """The application is decided; a decision is not changed here."""

    status = 409
    code = "aid_application.decided"
    title = Text("救助申请已审批", "Decided already")
    advice = Text(
        "该申请已审批，结果不再更改；如有错误，请由医保经办机构重新核算。",
        "It is decided and stays so: where that was wrong, the agency re-adjudicates the settlement.",
    )


class AidAmount(PayoutRefusal):
    """What is granted is not a part of what is expected."""

    code = "aid_application.amount"
    title = Text("核定金额有误", "Not an amount that can be granted")
    advice = Text(
        "核减时须填写 granted，大于零且小于预计金额；全额批准或不予批准时不填。",
        "To cut, `granted` is above zero and below what is expected; to approve or refuse, leave it out.",
    )
