"""2401 admission, 2403 change, 2402 discharge, and their undoing 2404 and 2405; 5303 who is in hospital."""

from datetime import date
from typing import Any, Final

from service.nhsa import sessions
from service.nhsa.desk import Desk, Done
from service.nhsa.model import short
from service.nhsa.people import by_psn_no, told
from service.nhsa.reading import extension
from service.nhsa.refusals import invalid, needed, out_of_order
from service.nhsa.sessions import Visit
from service.nhsa.transactions import visit as visits
from service.nhsa.transactions.visit import STAY

_MOST_STAYS: Final = 500


async def admit(desk: Desk) -> Done:
    """2401: a stay begins."""
    data = desk.input["mdtrtinfo"]
    med_type = _stay_type(desk, data["med_type"])
    number = data.get("ipt_no") or data.get("medrcdno")
    if number is None:
        raise invalid("请给出住院号 ipt_no。", "Give the inpatient number, ipt_no.")
    visit = await visits.register(desk, STAY, data, number, med_type)
    return Done({"result": {"mdtrt_id": short(visit.mdtrt_id)}}, subject=visit.mdtrt_id, person_no=visit.person_no)


def _stay_type(desk: Desk, med_type: str) -> str:
    if med_type not in desk.profile.stays:
        known = "、".join(sorted(desk.profile.stays)[:10])
        raise invalid(
            f"医疗类别 {med_type[:10]} 不是住院类别，请使用 {known} 等。", "This med_type is not that of a stay."
        )
    return med_type


async def change(desk: Desk) -> Done:
    """2403: what is known of a stay in progress changes; diagnoses are replaced by code or added."""
    data = desk.input["adminfo"]
    visit = await visits.found(desk, data, kind=STAY)
    _refuse_unless_open(visit, "住院信息变更(2403)")
    begins_on = date.fromisoformat(data["begntime"][:10]) if "begntime" in data else visit.begins_on
    if begins_on > desk.today:
        raise invalid(f"入院时间晚于今天（{desk.today}），请更正。", "Admission lies after today: correct it.")
    if begins_on != visit.begins_on:
        await visits.refuse_settled(desk, visit, cancel_by="2305")
    await sessions.change(
        desk.tx,
        visit,
        med_type=_stay_type(desk, data.get("med_type", visit.med_type)),
        begins_on=begins_on,
        diagnoses=visits.merged(visit.diagnoses, visits.diagnoses(desk)),
        extension=visit.extension | extension(data),
    )
    await desk.note("nhsa.change", person_no=visit.person_no, subject=visit.mdtrt_id)
    return Done(subject=visit.mdtrt_id, person_no=visit.person_no)


async def discharge(desk: Desk) -> Done:
    """2402: the stay ends."""
    data = desk.input["dscginfo"]
    visit = await visits.found(desk, data, kind=STAY)
    _refuse_unless_open(visit, "出院办理(2402)")
    ends_on = date.fromisoformat(data["endtime"][:10])
    if ends_on < visit.begins_on:
        raise invalid(f"出院时间早于入院日期 {visit.begins_on}，请更正。", "Discharge is before admission: correct it.")
    if ends_on > desk.today:
        raise invalid(f"出院时间晚于今天（{desk.today}），请更正。", "Discharge lies after today: correct it.")
    await sessions.change(
        desk.tx,
        visit,
        state="discharged",
        ends_on=ends_on,
        diagnoses=visits.merged(visit.diagnoses, visits.diagnoses(desk)),
        extension=visit.extension | extension(data),
    )
    await desk.note("nhsa.discharge", person_no=visit.person_no, subject=visit.mdtrt_id)
    return Done(subject=visit.mdtrt_id, person_no=visit.person_no)


def _refuse_unless_open(visit: Visit, step: str) -> None:
    if visit.state == "discharged":
        raise out_of_order(
            f"已办理出院，{step}前请先办理出院撤销(2405)。", "The patient is discharged: undo that first."
        )
    if visit.state == "cancelled":
        raise out_of_order("该就诊已撤销，请重新办理入院(2401)。", "The visit was cancelled: admit anew.")


async def undo_discharge(desk: Desk) -> Done:
    """2405: the stay goes on; what settled its end must be cancelled first."""
    visit = await visits.found(desk, desk.input["data"], kind=STAY)
    if visit.state != "discharged":
        raise out_of_order("该就诊未办理出院，无需撤销。", "The patient is not discharged.")
    await visits.refuse_finished(desk, visit)
    await sessions.change(desk.tx, visit, state="open", ends_on=None)
    await desk.note("nhsa.undo_discharge", person_no=visit.person_no, subject=visit.mdtrt_id)
    return Done(subject=visit.mdtrt_id, person_no=visit.person_no)


async def cancel(desk: Desk) -> Done:
    """2404: the stay never was; its fee lines must be gone."""
    visit = await visits.found(desk, desk.input["data"], kind=STAY)
    await cancel_stay(desk, visit)
    return Done(subject=visit.mdtrt_id, person_no=visit.person_no)


async def cancel_stay(desk: Desk, visit: Visit) -> None:
    """Undo an admission. Raises OutOfOrder naming what must be undone before."""
    if visit.state == "cancelled":
        raise out_of_order("该就诊已撤销。", "The visit is cancelled already.")
    await visits.refuse_settled(desk, visit, cancel_by="2305")
    if visit.state == "discharged":
        raise out_of_order("已办理出院，请先办理出院撤销(2405)。", "The patient is discharged: undo that first (2405).")
    if await sessions.lines_of(desk.tx, visit):
        raise out_of_order(
            "已有费用明细，请先全部撤销(2302，feedetl_sn 填 0000)。", "There are fee lines: remove them first (2302)."
        )
    await sessions.change(desk.tx, visit, state="cancelled")
    await desk.note("nhsa.cancel_stay", person_no=visit.person_no, subject=visit.mdtrt_id)


async def in_hospital(desk: Desk) -> Done:
    """5303: stays of this hospital that are not discharged."""
    asked = desk.input["data"]
    first, last = (date.fromisoformat(text[:10]) for text in needed(asked, "begntime", "endtime"))
    known = await by_psn_no(desk, asked["psn_no"]) if "psn_no" in asked else None
    person_no = known.person.person_no if known else None
    found = await sessions.in_hospital(desk.tx, desk.institution, person_no, first, last, _MOST_STAYS)
    rows = [await _in_hospital(desk, visit) for visit in found]
    await desk.note("nhsa.in_hospital", person_no=person_no)
    return Done({"data": rows})


async def _in_hospital(desk: Desk, visit: Visit) -> dict[str, Any]:
    known = await by_psn_no(desk, visit.person_no)
    return told(known.person, desk.today) | {
        "mdtrt_id": short(visit.mdtrt_id),
        "insutype": visit.insutype,
        "begndate": visit.begins_on.isoformat(),
        "med_type": visit.med_type,
        "ipt_otp_no": visit.ipt_otp_no,
        "out_flag": "0",
    }
