"""What is said to a patient of each kind of moment, with what to do about it."""

from typing import Final

from service.objections.model import Outcome, State
from service.text import Text

SAYS: Final = {
    "settled": Text("已结算；金额为出院时应缴。", "Settled; the amount was due at discharge."),
    "on_hold": Text(
        "因外伤责任尚未查明，待支付金额暂缓；查明后支付或说明理由。",
        "Held until it is known who is liable for the injury; then it is paid, or you are told why not.",
    ),
    "aid_expected": Text(
        "预计可得民政医疗救助，尚未发放：请带身份证和本单到户籍所在乡镇（街道）申请。",
        "Medical aid is expected but not paid yet: apply at your township, with your identity card and this slip.",
    ),
    "reversed": Text("该笔结算已撤销，金额不再有效。", "Reversed: these amounts hold no more."),
    "sent": Text("已报送{payer}，请其拨付医院垫付的金额。", "Sent to {payer}, to repay what the hospital laid out."),
    "hospital_repaid": Text("{payer}已向医院拨付。", "{payer} has repaid the hospital."),
    "owed_to_you": Text(
        "{payer}应付给您，将转入您的银行账户。", "Owed to you by {payer}: it goes to your bank account."
    ),
    "paid_to_you": Text("{payer}应付的金额已转入您的银行账户。", "What {payer} owed has been sent to your account."),
    "returned_to_you": Text(
        "银行退回了转账：请带本人银行卡到经办窗口核对账号，更正后重新发放。",
        "The bank sent the money back: show your bank card at a counter; it is paid again once corrected.",
    ),
}
OBJECTED: Final = {
    State.RECEIVED: Text("已收到异议。", "An objection was received."),
    State.UNDER_REVIEW: Text("异议已受理，正在核查。", "The objection is under review."),
    State.WITHDRAWN: Text("异议已撤回。", "The objection was withdrawn."),
}
OUTCOMES: Final = {
    Outcome.UPHELD: Text("异议成立，理由见决定。", "The objection was upheld; the decision says why."),
    Outcome.PARTLY_UPHELD: Text(
        "异议部分成立，理由见决定。", "The objection was upheld in part; the decision says why."
    ),
    Outcome.DISMISSED: Text("异议不成立，理由见决定。", "The objection was dismissed; the decision says why."),
}


def replaced_by(version: int) -> Text:
    """That a case was decided anew."""
    return Text(
        f"已重新核定，由第 {version} 版替代此前的结算；金额为重新核定后您的负担。",
        f"Decided anew: replaced by version {version}; the amount is your share by it.",
    )
