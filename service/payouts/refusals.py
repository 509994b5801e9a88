"""Refusals that every way of paying patients shares."""

from typing import Any, ClassVar

from service.errors import Refusal, Text


class PayoutRefusal(Refusal):
    """A refusal whose advice is the same every time, unless more is known."""

    advice: ClassVar[Text]

    def __init__(self, pointer: str | None = None, *, detail: Text | None = None, **extra: Any) -> None:
        super().__init__(detail or self.advice, pointer=pointer, extra=extra)


class OperatorNeeded(PayoutRefusal):
    """A decision about money needs the person behind the client: `X-Operator`."""

    code = "payout.operator_needed"
    title = Text("须写明经办人", "The person must be named")
    advice = Text("请在 X-Operator 头中写明经办人。", "Name the person who does this in the X-Operator header.")


class SamePerson(PayoutRefusal):
    """Who entered it may not decide it."""

    status = 409
    code = "payout.same_person"
    title = Text("经办人不得自行审核", "Not by the person who entered it")
    advice = Text("请由另一位经办人审核。", "Let another person decide it.")


class NotKnownByLaw(PayoutRefusal):
    """No policy pack of the county in force today has rules for this way of paying."""

    code = "payout.no_rules"
    title = Text("政策未规定此途径", "The policy has no such way")
    advice = Text(
        "本县现行政策包没有这一途径的规定，请联系政策管理人员。",
        "The county's policy pack in force has no rules for this: ask whoever keeps the packs.",
    )
