"""Who looked at my data? The audit trail of one person, in words that the person understands."""

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from service.access.audit import Access, accesses
from service.access.model import Guest, Role
from service.clock import COUNTY_ZONE
from service.inquiry.guard import Inquirer
from service.text import Text

_ROLES: Final[dict[str, Text]] = {
    Role.HOSPITAL: Text("医院", "hospital"),
    Role.PAYER: Text("付款方", "payer"),
    Role.TOWNSHIP: Text("乡镇（街道）", "township"),
    Role.AGENCY: Text("医保经办机构", "agency"),
    Role.AUDITOR: Text("审计", "auditor"),
    Guest.PATIENT: Text("本人（查询码）", "yourself, by query code"),
}
_READS: Final = frozenset(
    {
        "accesses",
        "accumulators",
        "as_known",
        "cashier",
        "claim",
        "claims",
        "clearing",
        "details",
        "document",
        "download",
        "dry_run",
        "duplicates",
        "entitlement",
        "export",
        "export_csv",
        "export_pdf",
        "export_xlsx",
        "file_csv",
        "file_xlsx",
        "heads",
        "in_hospital",
        "items",
        "lines",
        "list",
        "missing",
        "month",
        "near_misses",
        "persons",
        "preview",
        "print",
        "read",
        "recognise",
        "rows",
        "sample",
        "session",
        "show",
        "sms",
        "statement",
        "totals",
        "touched",
        "trace",
        "versions",
        "year",
    }
)
"""Verbs of the trail that leave everything as it was; whatever else is done is told as a change."""
_READ: Final = {
    "person": Text("查看了您的登记信息", "read your entry in the register"),
    "card": Text("查看了您的门诊慢性病卡", "read your chronic-disease card"),
    "referral": Text("查看了您的转诊记录", "read a referral of yours"),
    "settlement": Text("查看了您的结算", "read a settlement of yours"),
    "statement": Text("在对账单中查看了您的结算", "read a settlement of yours on a statement"),
    "difference": Text("在对账差异中查看了您的结算", "read a settlement of yours in comparing accounts"),
    "objection": Text("查看了您的异议", "read an objection of yours"),
    "patient": Text("查询了自己的结算", "asked about your claims"),
    "slip": Text("打印或发送了结算单", "printed or sent a slip"),
    "township": Text("查看了乡镇名单", "read the township's list"),
    "nhsa": Text("医院系统查看了您的就诊", "a hospital's system read a visit of yours"),
    "payout": Text("查看了付给您本人的款项", "read a payment to your account"),
    "cycle": Text("查看或打印了您的慢性病年度补偿", "read or printed your yearly top-up"),
    "decision": Text("打印了补偿决定书", "printed a decision letter"),
    "aid_application": Text("查看了您的医疗救助申请", "read your application for aid"),
    "manual_claim": Text("查看了您的手工报销申请或材料", "read your manual claim or its papers"),
    "backpay": Text("查看了您的补支付记录", "read a back-payment of yours"),
    "roster": Text("在名册中查看了您的身份信息", "read your identity on a roster"),
}
_CHANGED: Final = {
    "person": Text("更改了您的登记信息", "changed your entry in the register"),
    "card": Text("办理了您的门诊慢性病卡", "worked on your chronic-disease card"),
    "referral": Text("办理了您的转诊", "worked on a referral of yours"),
    "settlement": Text("办理了您的结算", "made or changed a settlement of yours"),
    "query_code": Text("补发了查询码", "issued a query code anew"),
    "objection": Text("办理了您的异议", "worked on an objection of yours"),
    "nhsa": Text("医院系统办理了您的就诊", "a hospital's system worked on a visit of yours"),
    "payout": Text("办理了付给您本人的款项", "worked on a payment to your account"),
    "cycle": Text("办理了您的慢性病年度补偿", "worked on your yearly top-up"),
    "aid_application": Text("办理了您的医疗救助申请", "worked on your application for aid"),
    "manual_claim": Text("办理了您的手工报销申请", "worked on your manual claim"),
    "injury": Text("办理了您的外伤核查", "worked on the inquiry into your injury"),
}
_ELSE_READ: Final = Text("查看了与您有关的事项", "read something that concerns you")
_ELSE_CHANGED: Final = Text("办理了与您有关的事项", "did something that concerns you")


class Looked(NamedTuple):
    """When somebody looked, who, what they did and what for; `action` is the trail's own word for it."""

    at: datetime
    role: str
    client_id: str
    who: Text
    action: str
    did: Text
    changed: bool
    purpose: str | None


async def read(
    patient: Inquirer, *, after: tuple[datetime, UUID] | None, rows: int
) -> list[tuple[tuple[datetime, UUID], Looked]]:
    """Who looked at the patient's data, newest first, each with its place in the trail."""
    found = await accesses(patient.tx, patient.county_code, patient.person_no, after=after, rows=rows)

    await patient.note("patient.accesses")
    return [((each.at, each.id), _told(each)) for each in found]


def is_change(action: str) -> bool:
    """Whether an action of the trail did anything but read."""
    return action.partition(".")[2] not in _READS


def _told(access: Access) -> Looked:
    noun, changed = access.action.partition(".")[0], is_change(access.action)
    did = _CHANGED.get(noun, _ELSE_CHANGED) if changed else _READ.get(noun, _ELSE_READ)
    return Looked(
        access.at.astimezone(COUNTY_ZONE),
        access.role,
        access.client_id,
        _ROLES[access.role],
        access.action,
        did,
        changed,
        access.purpose,
    )
