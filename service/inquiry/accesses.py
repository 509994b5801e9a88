"""Who looked at my data? The audit trail of one person, in words that the person understands."""

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from service.access.audit import accesses
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
_DID: Final = {
    "person": Text("查看或更改了您的登记信息", "read or changed your entry in the register"),
    "settlement": Text("办理或查看了您的结算", "made or read a settlement of yours"),
    "query_code": Text("补发了查询码", "issued a query code anew"),
    "objection": Text("办理或查看了您的异议", "worked on or read an objection of yours"),
    "patient": Text("查询了自己的结算", "asked about your claims"),
    "slip": Text("打印了结算单", "printed a slip"),
    "payout": Text("办理或查看了付给您本人的款项", "worked on or read a payment to your account"),
    "cycle": Text("办理或打印了您的慢性病年度补偿", "worked on or printed your yearly top-up"),
    "decision": Text("打印了补偿决定书", "printed a decision letter"),
    "township": Text("查看了乡镇名单", "read the township's list"),
}
_OTHER: Final = Text("查看或办理了与您有关的事项", "did something that concerns you")


class Looked(NamedTuple):
    """When somebody looked, who, and what they did; `action` is the trail's own word for it."""

    at: datetime
    role: str
    client_id: str
    who: Text
    action: str
    did: Text


async def read(
    patient: Inquirer, *, after: tuple[datetime, UUID] | None, rows: int
) -> list[tuple[tuple[datetime, UUID], Looked]]:
    """Who looked at the patient's data, newest first, each with its place in the trail."""
    found = await accesses(patient.tx, patient.county_code, patient.person_no, after=after, rows=rows)

    await patient.note("patient.accesses")
    return [
        (
            (each.at, each.id),
            Looked(
                each.at.astimezone(COUNTY_ZONE),
                each.role,
                each.client_id,
                _ROLES[each.role],
                each.action,
                _DID.get(each.action.split(".")[0], _OTHER),
            ),
        )
        for each in found
    ]
