"""The ways in which an objection, or what is to be done about one, is refused."""

from typing import ClassVar

from service.errors import Refusal, Text


class ObjectionRefusal(Refusal):
    """A refusal whose advice is the same every time, unless more is known."""

    advice: ClassVar[Text]

    def __init__(self, pointer: str | None = None, *, detail: Text | None = None) -> None:
        super().__init__(detail or self.advice, pointer=pointer)


class ObjectionUnknown(ObjectionRefusal):
    """There is no such objection, or it is not the caller's to see."""

    status = 404
    code = "objection.unknown"
    title = Text("查无此异议", "Objection unknown")
    advice = Text("查无此异议，请核对编号。", "There is no such objection: check the id.")


class DocumentUnknown(ObjectionRefusal):
    """The objection has no such document."""

    status = 404
    code = "document.unknown"
    title = Text("查无此文件", "Document unknown")
    advice = Text("该异议没有这份文件，请核对编号。", "The objection has no such document: check the id.")


class ObjectionOpen(ObjectionRefusal):
    """There is an objection to this settlement that is not decided yet."""

    status = 409
    code = "objection.open"
    title = Text("已有异议正在处理", "An objection is open already")
    advice = Text(
        "该结算已有一项异议正在处理；可为其补充材料，或待其办结后另行提出。",
        "An objection to this settlement is being worked on: add documents to it, or wait for its decision.",
    )


class ObjectionState(ObjectionRefusal):
    """The objection is not in a state in which this can be done."""

    status = 409
    code = "objection.state"
    title = Text("异议的状态不允许此操作", "Not possible in this state")
    advice = Text(
        "请先查看异议的当前状态：收到后方可受理，受理后方可决定，办结后不再变更。",
        "Read where it stands: it is reviewed after it is received, decided after it is reviewed, and then stays.",
    )


class ObjectionSamePerson(ObjectionRefusal):
    """Who filed the objection may not decide it; nor may anybody of a client that did not say who filed it."""

    status = 409
    code = "objection.same_person"
    title = Text("提出人不得作出决定", "Not by the person who filed it")
    advice = Text("请由另一位经办人作出决定。", "Let another person decide it.")


class OperatorNeeded(ObjectionRefusal):
    """A decision needs the person behind the client: `X-Operator`."""

    code = "objection.operator_needed"
    title = Text("须写明经办人", "The person must be named")
    advice = Text("请在 X-Operator 头中写明作出决定的人。", "Name the person who decides in the X-Operator header.")


class VersionUnknown(ObjectionRefusal):
    """The version is no later settlement of the same visit, or the objection was dismissed."""

    code = "objection.version"
    title = Text("关联的结算版本有误", "Not a version it could have caused")
    advice = Text(
        "version_id 应为同一次就诊在此之后的结算，且仅在异议成立或部分成立时填写。",
        "version_id must be a later settlement of the same visit, and only where the objection was upheld.",
    )


class TooManyDocuments(ObjectionRefusal):
    """The objection has as many documents as one may have."""

    status = 409
    code = "objection.too_many_documents"
    title = Text("文件数量已达上限", "Too many documents")
    advice = Text("请将材料合并为一个 PDF 文件。", "Put what is left into one PDF, in a new objection if need be.")
