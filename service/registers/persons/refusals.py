"""The ways in which joining two entries says no."""

from service.errors import Text
from service.registers.refusals import RegisterRefusal


class JoinSelf(RegisterRefusal):
    """An entry cannot be joined with itself."""

    code = "person.join_self"
    title = Text("不能与自身合并", "An entry cannot be joined with itself")
    advice = Text("请在 other 中填写另一个人员编号。", "Give another person number as `other`.")


class JoinedAlready(RegisterRefusal):
    """One of the entries was joined into another one before."""

    status = 409
    code = "person.joined_already"
    title = Text("该人员已被合并", "The entry was joined already")
    advice = Text(
        "该人员编号已并入他人；请查询该编号得到现行编号。",
        "This number leads to another entry by now: look it up to learn which.",
    )


class HasSettlements(RegisterRefusal):
    """The entry to be joined away has live settlements, whose sums would be lost to the person's year."""

    status = 409
    code = "person.has_settlements"
    title = Text("待合并的人员有有效结算", "The entry to be joined away has live settlements")
    advice = Text(
        "结算及其年度累计留在原编号下。若只有一方有结算，请以其为保留方；"
        "若双方都有，请先撤销其中一方的结算，合并后重新结算。",
        "Settlements and the year's sums stay with their number. Where one of the two has settlements, let that one "
        "survive; where both have, reverse those of one first and settle them again after the join.",
    )
