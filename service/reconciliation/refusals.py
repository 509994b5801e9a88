"""The ways in which reconciliation says no."""

from typing import ClassVar

from service.errors import Refusal, Text


class ReconciliationRefusal(Refusal):
    """A refusal whose advice is the same every time, unless more is known."""

    advice: ClassVar[Text]

    def __init__(self, pointer: str | None = None, *, detail: Text | None = None) -> None:
        super().__init__(detail or self.advice, pointer=pointer)


class PayerUnknown(ReconciliationRefusal):
    """No such payer in the county's packs, or not one that the caller acts for."""

    status = 404
    code = "payer.unknown"
    title = Text("查无此付款方", "Payer unknown")
    advice = Text("请使用政策包中列出的付款方代码。", "Use a payer that the county's policy pack names.")


class NoCalendar(ReconciliationRefusal):
    """The payer has no clearing calendar, so it has no statements."""

    code = "period.no_calendar"
    title = Text("该付款方没有清算日历", "The payer has no clearing calendar")
    advice = Text("请在政策包 payers 中写明 clearing。", "Give the payer a `clearing` in the policy pack.")


class PeriodInvalid(ReconciliationRefusal):
    """The period is not one of the payer's calendar."""

    code = "period.invalid"
    title = Text("清算期间有误", "Not a period of this payer")
    advice = Text(
        "按月清算写作 2018-06，按季清算写作 2018-Q2。",
        "Write 2018-06 for a payer that clears monthly, 2018-Q2 for one that clears quarterly.",
    )


class PeriodOpen(ReconciliationRefusal):
    """The period has not ended."""

    status = 409
    code = "period.open"
    title = Text("清算期间尚未结束", "The period has not ended")
    advice = Text("请在期间最后一日之后再出具结算单。", "Run it after the last day of the period.")


class EarlierOpen(ReconciliationRefusal):
    """An earlier period of the same hospital has not been billed."""

    status = 409
    code = "period.earlier_open"
    title = Text("以前期间尚未出具结算单", "An earlier period is not billed yet")
    advice = Text("请先出具以前期间的结算单。", "Run the earlier period first.")


class StatementUnknown(ReconciliationRefusal):
    """No such statement, or not the caller's to see."""

    status = 404
    code = "statement.unknown"
    title = Text("查无此结算单", "Statement unknown")
    advice = Text("请核对结算单编号。", "Check the statement's id.")


class StatementOrder(ReconciliationRefusal):
    """The payer confirms after the hospital has."""

    status = 409
    code = "statement.not_confirmed_by_hospital"
    title = Text("医疗机构尚未确认", "The hospital has not confirmed yet")
    advice = Text("请待医疗机构确认后再由付款方确认。", "The hospital confirms first, then the payer.")


class AlreadyConfirmed(ReconciliationRefusal):
    """This side has confirmed already, or one caller would confirm both sides."""

    status = 409
    code = "statement.already_confirmed"
    title = Text("已经确认", "Confirmed already")
    advice = Text(
        "每一方只确认一次，且双方须由不同的客户端确认。",
        "Each side confirms once, and the two sides are two different callers.",
    )


class StatementClosed(ReconciliationRefusal):
    """Nothing more can be done to this statement."""

    status = 409
    code = "statement.closed"
    title = Text("结算单已关闭", "The statement is closed")
    advice = Text(
        "已结转或已结清的结算单不再变动。", "It was carried forward or settled in full: nothing in it changes."
    )


class PaymentUnknown(ReconciliationRefusal):
    """No such payment, or not the caller's to see."""

    status = 404
    code = "payment.unknown"
    title = Text("查无此付款", "Payment unknown")
    advice = Text("请核对付款编号。", "Check the payment's id.")


class ReferenceUsed(ReconciliationRefusal):
    """The payer has a payment with this bank reference already."""

    status = 409
    code = "payment.reference_used"
    title = Text("银行流水号已登记", "The bank reference is used")
    advice = Text("同一付款方的银行流水号只能登记一次。", "A bank reference is registered once per payer.")


class AllocationsTooLarge(ReconciliationRefusal):
    """The allocations add up to more than the transfer, or name a statement twice."""

    code = "payment.allocations"
    title = Text("分配金额有误", "The allocations do not fit the transfer")
    advice = Text(
        "各结算单分配金额之和不得超过付款金额，且每张结算单只列一次。",
        "The allocations add up to at most the amount, and name each statement once.",
    )


class PaymentSettled(ReconciliationRefusal):
    """The transfer was received or returned already."""

    status = 409
    code = "payment.already_settled"
    title = Text("付款已确认到账或已退回", "The payment was received or returned already")
    advice = Text("一笔付款只能确认到账或退回一次。", "A transfer is received or returned once.")


class DeductionTooLarge(ReconciliationRefusal):
    """More than is open on the statement or on the lines named."""

    status = 409
    code = "deduction.too_large"
    title = Text("扣减超过未结金额", "More than is open")
    advice = Text(
        "扣减不得超过未结金额；追回的余额请在以后的结算单中扣减。",
        "Deduct at most what is open; offset the rest of a recovery against a later statement.",
    )


class PaidTooFarAhead(ReconciliationRefusal):
    """The day of the transfer is far in the future."""

    status = 409
    code = "payment.day"
    title = Text("付款日期过晚", "The transfer is dated too far ahead")
    advice = Text("付款日期不得晚于今日之后 31 日，请核对年份。", "At most 31 days from today: check the year.")


class NoPrepayment(ReconciliationRefusal):
    """The hospital holds less of the payer's money than is to be offset."""

    status = 409
    code = "deduction.no_prepayment"
    title = Text("没有可冲抵的预付款", "No prepayment to offset")
    advice = Text("请先登记预付款，或减少冲抵金额。", "Register the prepayment first, or offset less.")


class DeductionUnknown(ReconciliationRefusal):
    """No such deduction, or not the caller's to see."""

    status = 404
    code = "deduction.unknown"
    title = Text("查无此扣减", "Deduction unknown")
    advice = Text("请核对扣减编号。", "Check the deduction's id.")


class NotReleasable(ReconciliationRefusal):
    """Only a retention that was not released yet can be released."""

    status = 409
    code = "deduction.not_releasable"
    title = Text("不能释放", "Not to be released")
    advice = Text("只有尚未释放的质保金可以释放。", "Only a retention can be released, and once.")


class SecondPerson(ReconciliationRefusal):
    """What moves money needs a second person: `X-Operator` is missing, or is the one who proposed it."""

    status = 409
    code = "difference.second_person"
    title = Text("须由第二人复核", "A second person is needed")
    advice = Text(
        "涉及资金的处理须由另一名操作员（X-Operator）再次提交同一处理意见。",
        "What moves money is proposed by one operator (X-Operator) and sent again by another.",
    )


class DifferenceUnknown(ReconciliationRefusal):
    """No such difference, or not the caller's to see."""

    status = 404
    code = "difference.unknown"
    title = Text("查无此差异", "Difference unknown")
    advice = Text("请核对差异编号。", "Check the difference's id.")


class DifferenceSettled(ReconciliationRefusal):
    """The difference was resolved already."""

    status = 409
    code = "difference.already_settled"
    title = Text("差异已处理", "The difference is settled already")
    advice = Text("请查看该差异的处理记录。", "Look at its history.")


class ResolutionImpossible(ReconciliationRefusal):
    """This kind of difference cannot be resolved that way."""

    code = "difference.resolution"
    title = Text("该差异不能如此处理", "Not a way to resolve this difference")
    advice = Text(
        "对方多出或金额更大的，须由医疗机构补结算或重新核算；请改用 correct 或 keep_ours。",
        "What the other side has more must first be settled here: use correct or keep_ours.",
    )


class FileUnreadable(ReconciliationRefusal):
    """The file cannot be read as a list of lines; the detail names the rows."""

    code = "match.file"
    title = Text("对账文件无法读取", "The file cannot be read")
    advice = Text(
        "请提交含结算号（或就诊号、案件号）与金额两列的 CSV、XLSX、XLS，或 3202 明细文本。",
        "Send CSV, XLSX or XLS with a column for the settlement (or visit, or claim number) and one for the "
        "amount, or the 3202 text.",
    )
