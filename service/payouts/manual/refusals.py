"""The ways in which a manual claim, or what is to be done about one, is refused."""

from collections.abc import Sequence
from typing import Self

from service.errors import Text
from service.payouts.encounters.model import NearMiss
from service.payouts.refusals import PayoutRefusal


class ManualClaimUnknown(PayoutRefusal):
    """There is no such claim, or it is not the caller's to see."""

    status = 404
    code = "manual_claim.unknown"
    title = Text("查无此手工报销", "Manual claim unknown")
    advice = Text("查无此手工报销，请核对编号。", "There is no such manual claim: check the id.")


class ManualDocumentUnknown(PayoutRefusal):
    """The claim has no such document."""

    status = 404
    code = "document.unknown"
    title = Text("查无此文件", "Document unknown")
    advice = Text("该手工报销没有这份文件，请核对编号。", "The claim has no such document: check the id.")


class ManualClaimState(PayoutRefusal):
    """The claim does not stand where this can be done."""

    status = 409
    code = "manual_claim.state"
    title = Text("手工报销的状态不允许此操作", "Not possible in this state")
    advice = Text(
        "请先查看当前状态：登记或待补件时收材料，材料齐全后受理，受理后方可审核，办结后不再变更。",
        "Read where it stands: papers are taken until it is reviewed, it is decided under review, and then it stays.",
    )


class DocumentsMissing(PayoutRefusal):
    """Papers that the policy asks for are not there: `missing` names them."""

    status = 409
    code = "manual_claim.documents_missing"
    title = Text("材料不齐", "Documents are missing")
    advice = Text("请补齐 missing 所列材料后再受理。", "Hand in what `missing` names, then take it under review.")


class SameEncounter(PayoutRefusal):
    """A claim of the same visit, visit number or invoice is being worked on already."""

    status = 409
    code = "manual_claim.same_encounter"
    title = Text("同一就诊已在办理", "The same visit is being claimed already")
    advice = Text(
        "同一就诊、就诊号或发票已有手工报销正在办理；请在该件上继续，不要重复登记。",
        "A manual claim of this visit, visit number or invoice is open: go on with that one.",
    )


class NearMisses(PayoutRefusal):
    """The visit may be one that is settled or claimed already: `near_misses` says with which it is to be compared."""

    status = 409
    code = "manual_claim.near_misses"
    title = Text("疑似重复，尚未核对", "It may be paid already")
    advice = Text(
        "请先核对 near_misses 所列各对；确为不同就诊的，在 /v1/encounters/near-misses/dismissals 注明理由后再审核。",
        "Look at each pair in `near_misses`; dismiss those that are two visits with the reason, then decide.",
    )

    @classmethod
    def of(cls, found: Sequence[NearMiss]) -> Self:
        """With the pairs, by the keys by which they are dismissed."""
        pairs = [
            {"likeness": each.likeness.value, "encounters": [str(each.one.key), str(each.other.key)]} for each in found
        ]
        return cls(near_misses=pairs)


class RouteReasonWrong(PayoutRefusal):
    """The hospital was connected on that day, so the reason cannot be that it was not."""

    code = "manual_claim.reason"
    title = Text("手工报销原因不符", "The reason does not hold")
    advice = Text(
        "该医院当日已接入系统：请填写 outage（系统中断）或 person_unknown_then（当时未登记），或请医院直接结算。",
        "The hospital was connected on that day: the reason is outage or person_unknown_then, or let it settle.",
    )


class TooManyPapers(PayoutRefusal):
    """The claim has as many documents as one may have."""

    status = 409
    code = "manual_claim.too_many_documents"
    title = Text("文件数量已达上限", "Too many documents")
    advice = Text("请将材料合并为一个 PDF 文件。", "Put what is left into one PDF.")
