"""2303 and 2206 trial, 2304 and 2207 settlement: the fee lines of a visit become an order, the action is REST's."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final
from uuid import UUID

from service.claims import actions
from service.claims.answer import figures
from service.claims.model import Order, OrderedLine
from service.money import fen, yuan
from service.nhsa import extensions, standing, translation
from service.nhsa import settled as settlements
from service.nhsa.desk import Desk, Done
from service.nhsa.model import short
from service.nhsa.people import CIVIL_SERVANT, Known, of_register, told
from service.nhsa.reading import extension
from service.nhsa.reference import reference
from service.nhsa.refusals import invalid, out_of_order
from service.nhsa.sessions import Visit
from service.nhsa.settled import Settled, Standing
from service.nhsa.transactions import visit as visits
from service.nhsa.transactions.visit import OUTPATIENT, STAY
from service.policy.conditions import VisitType
from service.registers.referrals.store import latest_on

_YES: Final = "1"

Lines = tuple[OrderedLine, ...]


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be settled: the visit, whose it is, the order, and under which part and batch."""

    visit: Visit
    known: Known
    order: Order
    batch: str | None


async def try_stay(desk: Desk) -> Done:
    """2303: what 2304 would answer now."""
    return await _try(desk, await _of_stay(desk, lock=False))


async def try_outpatient(desk: Desk) -> Done:
    """2206: what 2207 would answer now."""
    return await _try(desk, await _of_outpatient(desk, lock=False))


async def settle_stay(desk: Desk) -> Done:
    """2304."""
    return await _settle(desk, await _of_stay(desk, lock=True))


async def settle_outpatient(desk: Desk) -> Done:
    """2207."""
    return await _settle(desk, await _of_outpatient(desk, lock=True))


async def _try(desk: Desk, bill: Bill) -> Done:
    record = await actions.previewed(desk.tx, desk.caller, bill.order, desk.claims)
    return Done(output(desk, bill.visit, bill.known, figures(record), desk.envelope.msgid))


async def _settle(desk: Desk, bill: Bill) -> Done:
    answer = figures(await actions.settle_taken(desk.tx, desk.caller, bill.order, desk.claims))
    made = settled_of(desk, bill.visit, bill, answer)
    told_ = output(desk, bill.visit, bill.known, answer, desk.envelope.msgid, setl_id=made.setl_id)
    keep = partial(settlements.settle, desk.tx, bill.visit, made, desk.envelope.infno)
    return Done(told_, subject=made.setl_id, person_no=bill.visit.person_no, keep=keep)


async def _of_stay(desk: Desk, *, lock: bool) -> Bill:
    data: dict[str, Any] = desk.input["data"]
    visit = await visits.found(desk, data, kind=STAY, lock=lock)
    live, lines = await standing.to_settle(desk, visit, None)
    middle = data.get("mid_setl_flag") == _YES
    _refuse_order(desk, visit, live, middle=middle, trial=not lock)
    last_day = _last_day(desk, visit, lines, data, middle=middle)
    admitted_on = max((one.last_day for one in live), default=visit.begins_on)
    return await _bill(desk, visit, data, lines, None, (admitted_on, last_day), len(live) + 1 if middle else 0)


def _refuse_order(desk: Desk, visit: Visit, live: list[Standing], *, middle: bool, trial: bool) -> None:
    if visit.state == "cancelled":
        raise out_of_order("该就诊已撤销，请重新办理入院(2401)。", "The visit was cancelled: admit anew.")
    if any(one.interim_no == 0 for one in live):
        made = short(next(one.setl_id for one in live if one.interim_no == 0))
        raise out_of_order(
            f"该就诊已结算，结算ID {made}；如需更正请先撤销结算(2305)。",
            "The visit is settled: cancel that first (2305).",
        )
    trying = trial and desk.profile.trial_before_discharge
    if visit.state == "open" and not middle and not trying:
        raise out_of_order(
            "尚未办理出院，请先办理出院(2402)；中途结算请将 mid_setl_flag 填 1。", "Discharge first (2402)."
        )


def _last_day(desk: Desk, visit: Visit, lines: Lines, data: dict[str, Any], *, middle: bool) -> date:
    if visit.ends_on is not None and not middle:
        return visit.ends_on
    if "dscgtime" in data:
        return date.fromisoformat(data["dscgtime"])
    latest = max((line.charged_on for line in lines), default=desk.today)
    return max(latest if middle else desk.today, visit.begins_on)


async def _of_outpatient(desk: Desk, *, lock: bool) -> Bill:
    data: dict[str, Any] = desk.input["data"]
    visit = await visits.found(desk, data, kind=OUTPATIENT, lock=lock)
    if visit.state == "cancelled":
        raise out_of_order("该挂号已撤销，请重新挂号(2201)。", "The registration was cancelled: register anew.")
    if visit.disease_code is None:
        raise out_of_order(
            "尚未上传就诊信息，请先上传(2203)并填写病种编码 dise_codg。", "Say what the visit is for first (2203)."
        )
    batch = data["chrg_bchno"]
    live, lines = await standing.to_settle(desk, visit, batch)
    if any(one.chrg_bchno == batch for one in live):
        raise out_of_order(
            "该收费批次已结算；如需更正请先撤销结算(2208)。", "The batch is settled: cancel that first (2208)."
        )
    return await _bill(desk, visit, data, lines, batch, (visit.begins_on, visit.begins_on), 0, later=bool(live))


async def _bill(
    desk: Desk,
    visit: Visit,
    data: dict[str, Any],
    lines: Lines,
    batch: str | None,
    days: tuple[date, date],
    interim_no: int,
    *,
    later: bool = False,
) -> Bill:
    total = sum(line.amount for line in lines)
    if lines and fen(data["medfee_sumamt"]) != total:
        raise invalid(
            f"medfee_sumamt {data['medfee_sumamt']} 与已上传未结算费用合计 {yuan(total)} 不符，请核对或补传明细。",
            "medfee_sumamt is not the sum of the fee lines: check it, or send the missing lines.",
        )
    known = await of_register(desk, visit.person_county, visit.person_no)
    said = extensions.read(visit.extension | extension(data))
    order = Order(
        hospital_code=desk.institution.hospital_code,
        # A second batch of one registration is a visit of its own to those who pay.
        visit_no=f"{visit.visit_no}/{batch}" if later else visit.visit_no,
        interim_no=interim_no,
        visit_type=VisitType.INPATIENT if visit.is_stay else VisitType.CHRONIC_OUTPATIENT,
        person_key=known.key,
        admitted_on=days[0],
        last_day=days[1],
        lines=lines,
        diagnoses=tuple((code, name) for code, name in visit.diagnoses),
        referral_no=said.referral_no or (await _referral(desk, visit, known) if visit.is_stay else None),
        disease_code=None if visit.is_stay else visit.disease_code,
        invoice_no=data.get("invono"),
        third_party=said.third_party,
        injury_note=said.injury_note,
        decided=said.decided,
        platform_totals=said.platform_totals,
        other=said.other,
    )
    return Bill(visit, known, order, batch)


async def _referral(desk: Desk, visit: Visit, known: Known) -> str | None:
    """The person's referral to this hospital in force on the day of admission, the latest of several."""
    person, hospital_code = known.person, desk.institution.hospital_code
    return await latest_on(desk.tx, person.county_code, person.person_no, hospital_code, visit.begins_on)


def settled_of(desk: Desk, visit: Visit, bill: Bill, answer: dict[str, Any]) -> Settled:
    """What is kept of a settlement beside it."""
    money = translation.amounts(answer)
    return Settled(
        setl_id=UUID(answer["id"]),
        mdtrt_id=visit.mdtrt_id,
        settlement_id=UUID(answer["id"]),
        msgid=desk.envelope.msgid,
        person_no=visit.person_no,
        insutype=visit.insutype,
        clr_type=desk.profile.clr_type[answer["visit_type"]],
        clr_optins=bill.known.person.county_code,
        interim_no=bill.order.interim_no,
        chrg_bchno=bill.batch,
        last_day=bill.order.last_day,
        medfee_sumamt=fen(money["medfee_sumamt"]),
        fund_pay_sumamt=fen(money["fund_pay_sumamt"]),
        psn_cash_pay=fen(money["psn_cash_pay"]),
        settled_at=desk.now,
    )


def output(
    desk: Desk, visit: Visit, known: Known, answer: dict[str, Any], msgid: str, setl_id: UUID | None = None
) -> dict[str, Any]:
    """A settlement's answer in the fields of the transaction that asks."""
    profile, county = desk.profile, known.person.county_code
    info = told(known.person, visit.ends_on or desk.today) | translation.amounts(answer)
    info |= {
        "mdtrt_id": short(visit.mdtrt_id),
        "setl_id": short(setl_id) if setl_id is not None else None,
        "insutype": visit.insutype,
        "psn_type": profile.psn_type,
        "cvlserv_flag": CIVIL_SERVANT,
        "setl_time": translation.moment(answer["settled_at"]) if answer["settled_at"] else f"{desk.now:%F %T}",
        "mdtrt_cert_type": visit.cert_type,
        "med_type": visit.med_type,
        "medins_setl_id": msgid,
        "clr_optins": county,
        "clr_way": profile.clr_way,
        "clr_type": profile.clr_type[answer["visit_type"]],
        "invono": answer["invoice_no"],
    }
    fields = reference()[desk.envelope.infno].answer["setlinfo"].fields
    # The interface spells the cash field of a cancelled outpatient settlement in its own way.
    info["pdn_cash_pay"] = info["psn_cash_pay"]
    return {
        "setlinfo": {name: value for name, value in info.items() if name in fields},
        "setldetail": translation.details(answer, profile),
    }
