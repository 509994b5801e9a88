"""The ways in which cycles say no."""

from service.errors import Text
from service.payouts.refusals import PayoutRefusal


class CycleUnknown(PayoutRefusal):
    """No cycle of the county begins on this day."""

    status = 404
    code = "cycle.unknown"
    title = Text("查无此结算周期", "No such cycle")
    advice = Text(
        "请使用政策包中周期的首日，例如 2018-12-01。",
        "Use the first day of a cycle of the policy pack, such as 2018-12-01.",
    )


class CycleOpen(PayoutRefusal):
    """The cycle has not ended; it can be looked at (`dry_run`), not run."""

    status = 409
    code = "cycle.open"
    title = Text("周期尚未结束", "The cycle has not ended")
    advice = Text(
        "请在周期最后一日之后再执行；现在可以用 dry_run 预览。",
        "Run it after its last day; until then `dry_run` shows what it would come to.",
    )


class PersonNotInCycle(PayoutRefusal):
    """The cycle was not run for this person, or they are not the caller's to see."""

    status = 404
    code = "cycle.person_unknown"
    title = Text("该人员无此周期的记录", "The person has nothing in this cycle")
    advice = Text("请核对人员编号与周期首日。", "Check the person's number and the first day of the cycle.")
