"""Why a bulk re-adjudication is not made, approved or withdrawn. Each says what to do next."""

from service.errors import Refusal, Text


class ReadjudicationUnknown(Refusal):
    """There is no such re-adjudication, or it is not the caller's to see."""

    status = 404
    code = "readjudication.unknown"
    title = Text("查无此批量重算", "Re-adjudication unknown")

    def __init__(self) -> None:
        super().__init__(
            Text("查无此批量重算，请核对编号。", "There is no such re-adjudication: check the id."),
            pointer="/readjudication_id",
        )


class NothingChosen(Refusal):
    """No live settlement is meant by the selection."""

    status = 422
    code = "readjudication.nothing_chosen"
    title = Text("没有符合条件的结算", "Nothing is chosen")

    def __init__(self) -> None:
        super().__init__(
            Text("没有符合所选条件的有效结算，请放宽条件。", "No live settlement meets the selection: widen it."),
            pointer="/selection",
        )


class ReadjudicationState(Refusal):
    """It is not in a state in which this can be done."""

    status = 409
    code = "readjudication.state"
    title = Text("当前状态不允许此操作", "Not possible in this state")

    def __init__(self, state: str) -> None:
        super().__init__(
            Text(
                "须待预览完成后方可批准；批准后不能撤回。请先查看当前状态。",
                "It is approved once its preview is complete, and not withdrawn after that: read where it stands.",
            ),
            extra={"state": state},
        )


class SecondPersonNeeded(Refusal):
    """Who asked for it may not approve it."""

    status = 409
    code = "readjudication.same_person"
    title = Text("须由另一人批准", "A second person approves")

    def __init__(self) -> None:
        super().__init__(
            Text("发起人不得自行批准，请由另一位经办人批准。", "Let another person approve what this one asked for.")
        )


class OperatorUnnamed(Refusal):
    """The person behind the client must be named: `X-Operator`."""

    status = 422
    code = "readjudication.operator_needed"
    title = Text("须写明经办人", "The person must be named")

    def __init__(self) -> None:
        super().__init__(
            Text("请在 X-Operator 头中写明经办人。", "Name the person behind the client in the X-Operator header."),
            pointer="/X-Operator",
        )


class AmendmentFirst(Refusal):
    """The amendment whose cost it shows is not in force."""

    status = 409
    code = "readjudication.amendment_first"
    title = Text("须先批准政策修订", "Approve the amendment first")

    def __init__(self) -> None:
        super().__init__(
            Text("请先批准该政策修订，再批准重新核算。", "Approve the amendment of the law first, then this.")
        )
