"""The ways in which dismissing a near miss says no."""

from service.errors import Text
from service.payouts.refusals import PayoutRefusal


class NearMissUnknown(PayoutRefusal):
    """These two claims do not look like one encounter in this way, or not any more."""

    status = 404
    code = "near_miss.unknown"
    title = Text("查无此疑似重复", "No such near miss")
    advice = Text(
        "请按 GET /v1/encounters/near-misses 所列的 likeness 与 key 填写。",
        "Name the `likeness` and the `key`s as GET /v1/encounters/near-misses lists them.",
    )


class NearMissDismissed(PayoutRefusal):
    """Somebody has found before that these are two encounters."""

    status = 409
    code = "near_miss.dismissed"
    title = Text("已认定为不同就诊", "Dismissed already")
    advice = Text("该疑似重复已认定，无需再次认定。", "It has been looked at: nothing is to be done.")
