"""2201 registration of a chronic visit, its cancellation 2202, and 2203 what the visit is for."""

from datetime import date

from service.nhsa import sessions
from service.nhsa.desk import Desk, Done
from service.nhsa.model import short
from service.nhsa.reading import extension
from service.nhsa.refusals import invalid, out_of_order
from service.nhsa.transactions import visit as visits
from service.nhsa.transactions.visit import OUTPATIENT


async def register(desk: Desk) -> Done:
    """2201: an outpatient visit begins; 2203 says later what it is for."""
    data = desk.input["data"]
    visit = await visits.register(desk, OUTPATIENT, data, data["ipt_otp_no"], min(desk.profile.chronic))
    told = {"mdtrt_id": short(visit.mdtrt_id), "psn_no": visit.person_no, "ipt_otp_no": visit.ipt_otp_no}
    return Done({"data": told}, subject=visit.mdtrt_id, person_no=visit.person_no)


async def cancel(desk: Desk) -> Done:
    """2202: the visit never was; its fee lines must be gone."""
    visit = await visits.found(desk, desk.input["data"], kind=OUTPATIENT)
    if visit.state == "cancelled":
        raise out_of_order("该挂号已撤销。", "The registration is cancelled already.")
    await visits.refuse_settled(desk, visit, cancel_by="2208")
    if await sessions.lines_of(desk.tx, visit):
        raise out_of_order(
            "已有费用明细，请先全部撤销(2205，chrg_bchno 填 0000)。", "There are fee lines: remove them first (2205)."
        )
    await sessions.change(desk.tx, visit, state="cancelled")
    await desk.note("nhsa.cancel_outpatient", person_no=visit.person_no, subject=visit.mdtrt_id)
    return Done(subject=visit.mdtrt_id, person_no=visit.person_no)


async def describe(desk: Desk) -> Done:
    """2203: the disease, the day and the diagnoses of a visit."""
    data = desk.input["mdtrtinfo"]
    visit = await visits.found(desk, data, kind=OUTPATIENT)
    if visit.state == "cancelled":
        raise out_of_order("该挂号已撤销，请重新挂号(2201)。", "The registration was cancelled: register anew.")
    if data["med_type"] not in desk.profile.chronic:
        known = "、".join(sorted(desk.profile.chronic))
        raise invalid(
            f"医疗类别 {data['med_type'][:10]} 不在本接口结算范围；门诊慢特病请填 {known}。",
            "Outpatient visits are settled for chronic diseases only: correct med_type.",
        )
    day = date.fromisoformat(data["begntime"][:10]) if "begntime" in data else visit.begins_on
    if day > desk.today:
        raise invalid(f"就诊时间晚于今天（{desk.today}），请更正。", "The visit lies after today: correct it.")
    if day != visit.begins_on or data["dise_codg"] != visit.disease_code:
        await visits.refuse_settled(desk, visit, cancel_by="2208")
    await sessions.change(
        desk.tx,
        visit,
        med_type=data["med_type"],
        begins_on=day,
        disease_code=data["dise_codg"],
        diagnoses=visits.merged(visit.diagnoses, visits.diagnoses(desk)),
        extension=visit.extension | extension(data),
    )
    await desk.note("nhsa.describe", person_no=visit.person_no, subject=visit.mdtrt_id)
    return Done(subject=visit.mdtrt_id, person_no=visit.person_no)
