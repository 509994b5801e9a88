"""The ways in which the register of chronic cards says no."""

from service.errors import Text
from service.registers.refusals import RegisterRefusal


class CardUnknown(RegisterRefusal):
    """No such chronic card in the caller's county."""

    status = 404
    code = "card.unknown"
    title = Text("查无此慢性病卡", "Chronic card unknown")
    advice = Text("请核对慢性病卡编号。", "Check the id of the card.")


class CardExists(RegisterRefusal):
    """The person already has, or has applied for, a card for this disease on some of these days."""

    status = 409
    code = "card.exists"
    title = Text("慢性病卡已存在", "The chronic card exists already")
    advice = Text(
        "此人此病种在该期间已有申请或有效的卡；续办请从原卡止期之后开始。",
        "There is an application or a card for this disease in these days: let a renewal begin after it ends.",
    )


class CardDecided(RegisterRefusal):
    """The application has been decided; only the days of validity may still be changed."""

    status = 409
    code = "card.decided"
    title = Text("慢性病卡申请已有决定", "The application has been decided")
    advice = Text("已决定的申请只能变更有效期；其他变更请重新申请。", "Change its validity only, or apply anew.")


class CardNotRenewable(RegisterRefusal):
    """Only an approved card that ends on a day can be renewed."""

    status = 409
    code = "card.not_renewable"
    title = Text("该卡不能续办", "The card cannot be renewed")
    advice = Text(
        "只有已批准且有止期的卡可以续办；其他情况请重新申请。",
        "Only an approved card with a last day can be renewed: otherwise apply anew.",
    )


class CertificateTooOld(RegisterRefusal):
    """The certificate was not issued within the months before the application that the policy allows."""

    code = "chronic.certificate_too_old"
    title = Text("疾病证明已过期", "The certificate is too old")
    advice = Text(
        "疾病证明应在申请前规定的月数内开具，且不得晚于申请日；请提交新的证明。",
        "The certificate must be issued within the allowed months before the application, not after it: get a new one.",
    )


class CertificateLevel(RegisterRefusal):
    """The certificate comes from a hospital below the level that the policy asks for."""

    code = "chronic.certificate_level"
    title = Text("出具证明的医院级别不足", "The certifying hospital's level is too low")
    advice = Text(
        "疾病证明应由政策规定级别的医院出具；请到上级医院开具。",
        "Get the certificate from a hospital of a level that the policy accepts.",
    )


class DiseaseUnknown(RegisterRefusal):
    """The policy knows no chronic disease of this code."""

    code = "chronic.unknown_disease"
    title = Text("不在慢性病病种之内", "Not a chronic disease of this policy")
    advice = Text("请核对病种编码。", "Check the disease code.")
