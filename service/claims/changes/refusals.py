"""Why a settlement is not changed. Each says what to do next."""

from service.errors import Refusal, Text


class AlreadyReversed(Refusal):
    """The settlement is reversed already: a reversal exists once."""

    status = 409
    code = "settlement.already_reversed"
    title = Text("已冲正", "Already reversed")


class Superseded(Refusal):
    """A later version has taken this one's place: change that one, which `replaced_by` names."""

    status = 409
    code = "settlement.superseded"
    title = Text("已有新版本", "A later version exists")


class IsReversal(Refusal):
    """This is a reversal: what it took back is settled anew, not reversed again."""

    status = 409
    code = "settlement.is_reversal"
    title = Text("本单为冲正", "This is a reversal")


class NotTheHospitals(Refusal):
    """The visit was settled beside the hospital (a manual claim, back-pay): only the agency changes it."""

    status = 409
    code = "settlement.not_the_hospitals"
    title = Text("非本院经办的结算", "Not settled at the hospital")


class HasLater(Refusal):
    """
    Settlements made later rest on this one: `later` names the caller's own, `others` counts those of other hospitals.

    Reverse them first, newest first, or send `chain: true` to have them decided anew in the same transaction; across
    hospitals only the agency can.
    """

    status = 409
    code = "settlement.has_later"
    title = Text("其后另有结算", "Later settlements rest on this one")


class Unchanged(Refusal):
    """Decided anew, the settlement comes out as it is: no version is made."""

    status = 409
    code = "settlement.unchanged"
    title = Text("重新核算无变化", "Nothing changes")


class ForeignVisit(Refusal):
    """The corrected bill is of another visit, part, type or person: reverse this settlement and settle that one."""

    code = "settlement.other_visit"
    title = Text("不是同一次就诊", "Not the same visit")
