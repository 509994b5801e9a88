"""The ways in which back-pay is refused as a whole."""

from typing import Self

from service.errors import Text
from service.payouts.refusals import PayoutRefusal


class BackpayUnknown(PayoutRefusal):
    """There is no such back-pay file."""

    status = 404
    code = "backpay.unknown"
    title = Text("查无此补支付文件", "Back-pay unknown")
    advice = Text("查无此补支付文件，请核对编号。", "There is no such back-pay file: check the id.")


class BackpayStale(PayoutRefusal):
    """A row that was ready cannot be settled any more: `row` and `reason` say which and why. Nothing was posted."""

    status = 409
    code = "backpay.stale"
    title = Text("预览后情况有变", "Something has changed since the preview")
    advice = Text(
        "预览后有住院已另行结算或情况有变，未过账任何一行；请重新上传该文件预览。",
        "Something has changed since the preview; no row was posted: upload the file again.",
    )


class BackpayNothing(PayoutRefusal):
    """No row of the file is ready to be posted."""

    status = 409
    code = "backpay.nothing"
    title = Text("没有可过账的行", "Nothing to post")
    advice = Text("文件中没有可过账的行，请查看各行的原因。", "No row is ready: read why, row by row.")


class BackpayAgreement(PayoutRefusal):
    """The agreement's day lies in the future, or before the first day that is back-paid."""

    code = "backpay.agreement_on"
    title = Text("协议签订日有误", "Not a day of the agreement")
    advice = Text(
        "协议签订日不能晚于今天，也不能早于补支付的起始日。",
        "The day of the agreement is not after today, and not before the first day that is back-paid.",
    )


class BackpayTooMany(PayoutRefusal):
    """The file has more rows than are posted in one piece; `most` says how many may be."""

    code = "backpay.too_many"
    title = Text("文件行数过多", "Too many rows")

    @classmethod
    def above(cls, most: int) -> Self:
        """With how to split the file."""
        zh = f"一个文件最多 {most} 行：请按人员（同一人的住院放在同一文件）拆分，每个文件保留表头，分别预览、过账。"
        en = f"A file has at most {most} rows: split it by person, a heading row in each; preview and post each part."
        return cls("/file", detail=Text(zh, en), most=most)
