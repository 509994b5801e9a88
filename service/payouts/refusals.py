"""The ways in which paying patients says no."""

from collections.abc import Sequence
from typing import ClassVar, Self

from service.errors import InputError, Refusal, Text


class PayoutRefusal(Refusal):
    """A refusal whose advice is the same every time, unless more is known."""

    advice: ClassVar[Text]

    def __init__(self, pointer: str | None = None, *, detail: Text | None = None, **more: object) -> None:
        super().__init__(detail or self.advice, pointer=pointer, extra=more)


class OperatorMissing(PayoutRefusal):
    """Two persons are needed, so each has to be named."""

    code = "payout.operator_missing"
    title = Text("未注明经办人", "No operator named")
    advice = Text("请在 X-Operator 中注明经办人。", "Name the person in X-Operator.")


class NotKnownByLaw(PayoutRefusal):
    """No policy pack of the county in force has rules for this way of paying."""

    code = "payout.no_rules"
    title = Text("政策未规定此途径", "The policy has no such way")
    advice = Text(
        "本县当日有效的政策包没有这一途径的规定，请联系政策管理人员。",
        "The county's policy pack in force that day has no rules for this: ask whoever keeps the packs.",
    )


class LayoutUnknown(PayoutRefusal):
    """No bank wants its files like that."""

    code = "payout.layout_unknown"
    title = Text("查无此文件格式", "Layout unknown")
    advice = Text("请使用 GET /v1/payout-layouts 列出的格式。", "Use a layout that GET /v1/payout-layouts lists.")


class PayOnPast(PayoutRefusal):
    """A transfer is ordered for today or later."""

    code = "payout.pay_on"
    title = Text("付款日期有误", "Wrong day of payment")
    advice = Text("付款日期不得早于今日。", "The day of payment must not lie before today.")


class NothingToPay(PayoutRefusal):
    """Nobody who is wanted can be paid; `left_out` says who is owed something and why it cannot go out."""

    status = 409
    code = "payout.nothing"
    title = Text("没有可付款项", "Nothing to pay")
    advice = Text(
        "没有可以付款的款项；left_out 列出未纳入的人员及原因。",
        "There is nothing that can be paid; `left_out` names who is owed something, and why it cannot go out.",
    )


class BatchUnknown(PayoutRefusal):
    """No such batch, or not the caller's to see."""

    status = 404
    code = "payout.unknown"
    title = Text("查无此付款批次", "Batch unknown")
    advice = Text("请核对批次编号。", "Check the batch's id.")


class ItemUnknown(PayoutRefusal):
    """No such transfer, or not the caller's to see."""

    status = 404
    code = "payout.item_unknown"
    title = Text("查无此笔付款", "Transfer unknown")
    advice = Text("请核对付款编号。", "Check the transfer's id.")


class WrongState(PayoutRefusal):
    """The batch or transfer does not stand where this can be done; `state` says where it stands."""

    status = 409
    code = "payout.state"
    title = Text("当前状态不能进行此操作", "Not in this state")
    advice = Text("当前状态见 state；请刷新后再操作。", "`state` says where it stands: read it again first.")


class BatchChanged(PayoutRefusal):
    """A claim in the batch was reversed or owes less since it was made; `person_nos` says whose."""

    status = 409
    code = "payout.changed"
    title = Text("批次内的应付款已变更", "What the batch pays has changed")
    advice = Text(
        "person_nos 所列人员的结算在制单后已冲正或减少；请撤回该批次后重新制单。",
        "Claims of those in `person_nos` were reversed or owe less since: withdraw the batch and make it anew.",
    )


class SamePerson(PayoutRefusal):
    """Whoever entered or made something does not approve or release it."""

    status = 409
    code = "payout.same_person"
    title = Text("须由他人复核", "Another person is needed")
    advice = Text("经办人不得复核自己经手的事项；请由他人复核。", "Have it approved by somebody else than its maker.")


class AnswerDiffers(PayoutRefusal):
    """The bank's file is not an answer to this batch, line by line; nothing of it was taken over."""

    code = "payout.answer_differs"
    title = Text("银行回盘文件与批次不符", "The bank's answer does not fit the batch")
    advice = Text(
        "errors 逐行列出不符之处；文件未入账，请向银行核对后重新提交完整文件。",
        "`errors` names what does not fit, line by line; nothing was taken over. Ask the bank, and send a whole file.",
    )

    @classmethod
    def at(cls, errors: Sequence[InputError], *, differences: int) -> Self:
        """With where the file differs; `differences`: how often, also where not all are named."""
        refusal = cls(differences=differences)
        refusal.errors = tuple(errors)
        return refusal


class AnsweredAlready(PayoutRefusal):
    """The batch has its answer, and it was another file."""

    status = 409
    code = "payout.answered"
    title = Text("该批次已有银行回盘", "The batch is answered already")
    advice = Text(
        "该批次已按另一份文件入账；之后的退票请逐笔登记。",
        "Another file was taken over for it; enter what comes back later transfer by transfer.",
    )
