"""2501 and 2503 filings become a referral and an application for a chronic card; 2502 and 2504 withdraw them."""

from datetime import date
from typing import Any

from service.ids import new_id
from service.nhsa.desk import Desk, Done
from service.nhsa.model import long, short
from service.nhsa.people import by_psn_no
from service.nhsa.refusals import invalid, not_found
from service.registers.cards import actions as cards
from service.registers.cards.store import card
from service.registers.entries import ChronicCard, Referral
from service.registers.model import CardStatus
from service.registers.periods import Dated, Recorded
from service.registers.referrals import actions as referrals
from service.registers.referrals.store import referral

_PREFIX = "ZZ"


async def refer(desk: Desk) -> Done:
    """
    2501: this hospital sends a person on to another.

    It holds from today on at the earliest, whatever the form says: nobody is referred after the fact, nor to oneself.
    """
    data = desk.input["refmedin"]
    if data["reflin_medins_no"] == desk.institution.fixmedins_code:
        raise invalid("转入医院不能是本院，请核对 reflin_medins_no。", "A hospital does not refer to itself.")
    known = await by_psn_no(desk, data["psn_no"])
    begins = date.fromisoformat(data.get("begndate", data["refl_date"])[:10])
    ends = date.fromisoformat(data["enddate"][:10]) if "enddate" in data else None
    approved_on = max(begins, desk.today)
    if ends is not None and ends < approved_on:
        raise invalid(f"结束日期早于生效日期 {approved_on}，请更正 enddate。", "enddate is before the first day.")
    serial = new_id(desk.now)
    number = f"{_PREFIX}{short(serial)}"
    what = Referral(known.person.person_no, data["reflin_medins_no"])
    kept = referrals.Kept(number, Dated(what, approved_on, ends))
    await referrals.enter(desk.registers(known.person.county_code), kept, f"2501 {data.get('refl_rea', '')}"[:200])
    return Done({"result": {"trt_dcla_detl_sn": number}}, subject=serial, person_no=known.person.person_no)


async def withdraw_referral(desk: Desk) -> Done:
    """2502: by the hospital that filed it; what was settled under it stays settled."""
    data = desk.input["data"]
    known = await by_psn_no(desk, data["psn_no"])
    register = desk.registers(known.person.county_code)
    number = data["trt_dcla_detl_sn"]
    found = await referral(desk.tx, known.person.county_code, number)
    if found is None or found.fact.what.person_no != known.person.person_no or not _is_own(desk, found):
        raise _no_filing()
    await referrals.withdraw(register, number, f"2502 {data.get('memo', '')}"[:200])
    return Done(person_no=known.person.person_no)


async def apply_card(desk: Desk) -> Done:
    """2503: an application; the agency decides it."""
    data = desk.input["data"]
    known = await by_psn_no(desk, data["psn_no"])
    what = ChronicCard(
        person_no=known.person.person_no,
        disease_code=data["opsp_dise_code"],
        certificate_hospital_code=data["ide_fixmedins_no"],
        certificate_issued_on=date.fromisoformat(data["hosp_ide_date"][:10]),
        applied_on=desk.today,
    )
    first = date.fromisoformat(data["begndate"][:10])
    last = date.fromisoformat(data["enddate"][:10]) if "enddate" in data else None
    if last is not None and last < first:
        raise invalid("结束日期早于开始日期，请更正 enddate。", "enddate is before begndate.")
    kept = await cards.apply(desk.registers(known.person.county_code), Dated(what, first, last), "2503")
    told = {"trt_dcla_detl_sn": short(kept.id)}
    return Done({"result": told}, subject=kept.id, person_no=known.person.person_no)


async def withdraw_card(desk: Desk) -> Done:
    """2504: only until the agency has decided, and only by the hospital that applied."""
    data = desk.input["data"]
    known = await by_psn_no(desk, data["psn_no"])
    county, card_id = known.person.county_code, long(data["trt_dcla_detl_sn"])
    found = await card(desk.tx, county, card_id) if card_id else None
    if (
        card_id is None
        or found is None
        or found.fact.what.person_no != known.person.person_no
        or not _is_own(desk, found)
    ):
        raise _no_filing()
    reason = f"2504 医院撤销备案：{data.get('memo', '')}"[:200]
    await cards.decide(desk.registers(county), card_id, CardStatus.REFUSED, reason)
    return Done(subject=card_id, person_no=known.person.person_no)


def _is_own(desk: Desk, found: Recorded[Any]) -> bool:
    return found.author.by.split("/")[0] == desk.institution.client_id


def _no_filing() -> Exception:
    return not_found(
        "查无本院的该备案(trt_dcla_detl_sn)，请核对编号与人员。", "There is no such filing of this hospital."
    )
