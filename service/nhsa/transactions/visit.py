"""What the steps of a visit share: finding it, the order of its steps, and the diagnoses that it carries."""

from datetime import date
from typing import Any, Final

from service.ids import new_id
from service.nhsa import sessions, standing
from service.nhsa.desk import Desk
from service.nhsa.model import long, short
from service.nhsa.people import Known, by_psn_no
from service.nhsa.reading import extension
from service.nhsa.refusals import invalid, not_found, out_of_order
from service.nhsa.sessions import Visit

STAY, OUTPATIENT = "stay", "outpatient"
_MOST_DIAGNOSES: Final = 100
_LONGEST_NAME: Final = 200


async def found(desk: Desk, data: dict[str, Any], *, kind: str | None = None, lock: bool = True) -> Visit:
    """
    The visit that a message names by mdtrt_id and psn_no. Raises VisitNotFound, also for another's.

    Locked unless only read: one message works on a visit at a time.
    """
    mdtrt_id = long(data.get("mdtrt_id", ""))
    visit = await sessions.visit(desk.tx, desk.institution, mdtrt_id, lock=lock) if mdtrt_id else None
    if visit is None or (kind is not None and visit.kind != kind):
        raise not_found(
            "查无此就诊(mdtrt_id)：请核对，或先办理入院(2401)／挂号(2201)。",
            "There is no such visit: register it first.",
        )
    psn_no = data.get("psn_no")
    if psn_no is not None and psn_no != visit.person_no:
        known = await by_psn_no(desk, psn_no)
        if known.person.person_no != visit.person_no:
            raise not_found("该就诊不是此人(psn_no)的，请核对。", "The visit is another person's: check psn_no.")
    return visit


async def register(desk: Desk, kind: str, data: dict[str, Any], ipt_otp_no: str, med_type: str) -> Visit:
    """A new visit under the hospital's own number. Raises OutOfOrder where that number has one in progress."""
    known: Known = await by_psn_no(desk, data["psn_no"])
    first = date.fromisoformat(data["begntime"][:10])
    if first > desk.today:
        raise invalid(f"开始时间晚于今天（{desk.today}），请更正。", "The visit begins after today: correct it.")
    if not (ipt_otp_no.isascii() and ipt_otp_no.isprintable() and " " not in ipt_otp_no):
        raise invalid("住院／门诊号只能用字母、数字和符号，不含空格。", "The visit number must be visible ASCII.")
    earlier = await sessions.of_number(desk.tx, desk.institution, kind, ipt_otp_no)
    if earlier:
        await _refuse_unfinished(desk, earlier[0])
        _refuse_again([one for one in earlier if one.person_no == known.person.person_no], kind, first, data)
    visit = Visit(
        county_code=desk.institution.county_code,
        mdtrt_id=new_id(desk.now),
        fixmedins_code=desk.institution.fixmedins_code,
        kind=kind,
        state="open",
        ipt_otp_no=ipt_otp_no,
        visit_no=f"{ipt_otp_no}#{len(earlier) + 1}" if earlier else ipt_otp_no,
        person_county=known.person.county_code,
        person_no=known.person.person_no,
        insutype=data.get("insutype", desk.profile.insutype),
        cert_type=data.get("mdtrt_cert_type", ""),
        med_type=med_type,
        begins_on=first,
        ends_on=None,
        disease_code=data.get("dise_codg"),
        diagnoses=diagnoses(desk),
        extension=extension(data),
        last_line=0,
        opened_at=desk.now,
    )
    if not await sessions.open_visit(desk.tx, visit):
        raise out_of_order(
            f"号码 {ipt_otp_no} 正在另一报文中登记，请稍后查询。",
            "The number is being registered by another message.",
        )
    await desk.note(f"nhsa.register_{kind}", person_no=visit.person_no, subject=visit.mdtrt_id)
    return visit


async def _refuse_unfinished(desk: Desk, earlier: Visit) -> None:
    done = [one for one in await standing.of_visit(desk, earlier) if one.cancelled_at is None]
    finished = any(one.interim_no == 0 for one in done)
    if not finished:
        back = "2404" if earlier.is_stay else "2202"
        raise out_of_order(
            f"{earlier.ipt_otp_no} 已登记未结算，就诊ID {short(earlier.mdtrt_id)}；请续办或先撤销({back})。",
            "The number is registered and not settled: go on with it, or cancel it.",
        )


def _refuse_again(earlier: list[Visit], kind: str, first: date, data: dict[str, Any]) -> None:
    # The same stay, or the same visit for the same disease, under its number once more is no other one.
    for one in earlier:
        if one.begins_on == first and (kind == STAY or data.get("dise_codg") in (None, one.disease_code)):
            raise out_of_order(
                f"{one.ipt_otp_no} 同一人员、同一日期的就诊已结算，就诊ID {short(one.mdtrt_id)}；"
                "如需更正请先撤销其结算，另一次就诊请用新的号码。",
                "This person's visit of this day is settled: cancel that, or give another visit its own number.",
            )


def diagnoses(desk: Desk) -> list[list[str]]:
    """The diagnoses of a message as code and name, the main one first."""
    rows = [row for row in desk.input.get("diseinfo", []) if "diag_code" in row and row.get("vali_flag") != "0"]
    rows.sort(key=lambda row: (row.get("maindiag_flag") != "1", int(row.get("diag_srt_no", "0"))))
    return [[row["diag_code"][:64], row.get("diag_name", "")[:_LONGEST_NAME]] for row in rows[:_MOST_DIAGNOSES]]


def merged(known: list[list[str]], changed: list[list[str]]) -> list[list[str]]:
    """Diagnoses after a change: those that are named again are replaced, others added (2403)."""
    codes = {code for code, _ in changed}
    return changed + [one for one in known if one[0] not in codes]


async def refuse_settled(desk: Desk, visit: Visit, *, cancel_by: str) -> None:
    """Raises OutOfOrder where something of the visit is settled: that is cancelled first."""
    live = [one for one in await standing.of_visit(desk, visit) if one.cancelled_at is None]
    if live:
        raise out_of_order(
            f"该就诊已有结算，请先办理结算撤销({cancel_by})。",
            f"The visit is settled: cancel that first ({cancel_by}).",
        )


async def refuse_finished(desk: Desk, visit: Visit) -> None:
    """Raises OutOfOrder where the end of a stay is settled: that is cancelled first."""
    live = [one for one in await standing.of_visit(desk, visit) if one.cancelled_at is None]
    if any(one.interim_no == 0 for one in live):
        raise out_of_order("已结算，请先办理结算撤销(2305)。", "The stay is settled: cancel that first (2305).")
