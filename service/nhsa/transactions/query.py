"""5203 a settlement again, also after it was cancelled; 100001 its working, segment by segment."""

from collections.abc import Iterator
from typing import Any, Final

from service.claims import actions
from service.money import fen, ratio, ratio_of, yuan
from service.nhsa import translation
from service.nhsa.desk import Desk, Done
from service.nhsa.model import short
from service.nhsa.people import by_psn_no
from service.nhsa.refusals import needed
from service.nhsa.sessions import Visit
from service.nhsa.settled import Settled
from service.nhsa.transactions import visit as visits
from service.nhsa.transactions.settle import output
from service.nhsa.transactions.undo import of_setl_id
from service.registers.hospitals.store import terms_on

_CHINESE: Final = "zh"
_AT_THE_HOSPITAL: Final = "2"
_LONGEST_NAME: Final = 200
_SEGMENTS: Final = {"basic": "C001", "serious": "PL01", "aid": "MA01", "other": "OT01", "top_up": "TU01"}
_DEDUCTIBLES: Final = {"basic": "S001", "serious": "PS01"}


async def settlement(desk: Desk) -> Done:
    """5203."""
    visit, made, answer = await _found(desk)
    known = await by_psn_no(desk, visit.person_no)
    told = output(desk, visit, known, answer, made.msgid, setl_id=made.setl_id)
    terms = await terms_on(desk.tx, desk.institution.hospital_code, made.last_day)
    first = answer["admitted_on"] or answer["service_on"]
    money = translation.amounts(answer)
    info = told["setlinfo"] | {
        "psn_pay": money["psn_part_amt"],
        "cash_payamt": money["psn_cash_pay"],
        "pay_loc": _AT_THE_HOSPITAL,
        "fixmedins_code": desk.institution.fixmedins_code,
        "fixmedins_name": terms.name if terms else desk.institution.fixmedins_code,
        "hosp_lv": desk.profile.hosp_lv[terms.level] if terms else None,
        "dedc_hosp_lv": desk.profile.dedc_hosp_lv[terms.level] if terms else None,
        "lmtpric_hosp_lv": desk.profile.dedc_hosp_lv[terms.level] if terms else None,
        "insu_optins": known.person.county_code,
        "begndate": str(first),
        "enddate": made.last_day.isoformat(),
        "refd_setl_flag": "0" if made.cancelled_at is None else "1",
        "year": str(made.last_day.year),
        "dise_codg": visit.disease_code,
        "opter_name": answer["operator"],
    }
    return Done({"setlinfo": info, "setldetail": told["setldetail"]})


async def _found(desk: Desk) -> tuple[Visit, Settled, dict[str, Any]]:
    data: dict[str, Any] = desk.input["data"]
    needed(data, "setl_id", "mdtrt_id", "psn_no")
    visit = await visits.found(desk, data, lock=False)
    made = await of_setl_id(desk, visit, data["setl_id"])
    return visit, made, await actions.read(desk.tx, desk.caller, made.live_id, desk.claims, language=_CHINESE)


async def working(desk: Desk) -> Done:
    """100001: what each rule took and paid. Amounts owed to the patient later have rows of their own."""
    visit, made, answer = await _found(desk)
    rows = [*_parts(answer), *(row for layer in answer["layers"] for row in _layer(layer)), *_later(answer)]
    whose = {"setlId": short(made.setl_id), "mdtrtId": short(visit.mdtrt_id), "psnNo": visit.person_no}
    return Done({"data": [whose | row for row in rows]})


def _row(code: str, name: str, total: int, own: int, fund: int) -> dict[str, Any]:
    return {
        "polItemCode": code,
        "polItemName": name[:_LONGEST_NAME],
        "selfPayAmt": yuan(own),
        "selfPayProp": ratio(ratio_of(own, total), keep=4) if total > 0 else "0",
        "fundPayAmt": yuan(fund),
        "fundPayProp": ratio(ratio_of(fund, total), keep=4) if total > 0 else "0",
        "polItemPaySum": yuan(total),
    }


def _parts(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for code, name, part in (
        ("101", "全自费总金额", "self_funded"),
        ("102", "先支付总金额", "first_pay"),
        ("103", "超限价总金额", "over_ceiling"),
    ):
        amount = fen(answer["amounts"][part])
        yield _row(code, name, amount, amount, 0)


def _layer(layer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    name, paid = layer["layer"], fen(layer["paid"])
    base, deductible = fen(layer["base"]), fen(layer["deductible"])
    if name in _DEDUCTIBLES:
        yield _row(_DEDUCTIBLES[name], f"起付标准（{layer['payer']}）", deductible, deductible, 0)
    entering = max(base - deductible, paid)
    code = _SEGMENTS.get(name, name)
    yield _row(code, f"{layer['payer']} 支付", entering, entering - paid, paid)
    for number, step in enumerate(layer["steps"], 1):
        if step["applied"]:
            text = step["text"]["zh"] + (f"（{'；'.join(step['clauses'])}）" if step["clauses"] else "")
            yield _row(f"{code}-{number}", text, fen(step["amount"]), 0, 0)


def _later(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What reaches the patient's account after today: in no fund field of the settlement."""
    for code, name, field in (
        ("LP01", "以后拨付至患者账户（今日由患者先付）", "owed_to_patient"),
        ("LP02", "预计救助，须申请（今日由患者先付）", "expected_aid"),
        ("LP03", "待第三方责任确定（今日由患者先付）", "held"),
    ):
        amount = fen(answer[field])
        if amount:
            yield _row(code, name, amount, 0, amount)
