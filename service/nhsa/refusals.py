"""Why a message is not done. On this wire each becomes infcode -1 with what to do, and an HTTP status of 200."""

from collections.abc import Mapping
from typing import Any

from service.errors import Refusal, Text


class NotUnderstood(Refusal):
    """The body cannot be read as an envelope."""

    code = "nhsa.not_understood"
    title = Text("报文无法解析", "The message cannot be read")


class NotLetIn(Refusal):
    """The institution is unknown, or did not prove who it is."""

    status = 401
    code = "nhsa.not_let_in"
    title = Text("鉴权失败", "Not let in")


class InputInvalid(Refusal):
    """A field of the envelope or the input is missing, or is not what the interface says."""

    code = "nhsa.input_invalid"
    title = Text("报文内容有误", "The input is not valid")


class OutOfOrder(Refusal):
    """A step of the stay is missing, or was taken already; the message names it."""

    code = "nhsa.out_of_order"
    title = Text("业务步骤有误", "Steps out of order")


class VisitNotFound(Refusal):
    """There is no such visit, settlement, filing or file of this institution."""

    code = "nhsa.not_found"
    title = Text("查无此记录", "Not found")


class MessageReused(Refusal):
    """The msgid names another message of this transaction."""

    code = "nhsa.msgid_reused"
    title = Text("报文ID重复", "The msgid was used before")


class MessageReversed(Refusal):
    """The message was reversed before it arrived; it does nothing any more."""

    code = "nhsa.msgid_reversed"
    title = Text("报文已冲正", "The message was reversed")


class AnswerForgotten(Refusal):
    """The message was done so long ago that its answer is not kept any more; it is not done again."""

    code = "nhsa.answer_forgotten"
    title = Text("报文早已办理", "The message was done long ago")


class NotReversible(Refusal):
    """This transaction cannot be reversed, or not any more; the message says what to do instead."""

    code = "nhsa.not_reversible"
    title = Text("不能冲正", "Cannot be reversed")


def invalid(zh: str, en: str) -> InputInvalid:
    return InputInvalid(Text(zh, en))


def out_of_order(zh: str, en: str) -> OutOfOrder:
    return OutOfOrder(Text(zh, en))


def not_found(zh: str, en: str) -> VisitNotFound:
    return VisitNotFound(Text(zh, en))


def needed(data: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """Fields that nothing can be done without, whatever the profile asks for. Raises InputInvalid naming the first."""
    for name in names:
        if name not in data:
            raise invalid(f"缺少 {name}，请填写后重发。", f"{name} is missing.")
    return tuple(data[name] for name in names)
