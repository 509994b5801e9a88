"""2301 and 2204: fee lines come in, and are split at once."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Any, Final

from service.claims import bill
from service.claims.model import History, Order, OrderedLine
from service.money import PRICE_PLACES, QUANTITY_PLACES, fen, ppm, ratio, scaled, unscaled, yuan
from service.nhsa import sessions
from service.nhsa.checks import plain
from service.nhsa.desk import Desk, Done
from service.nhsa.people import by_psn_no
from service.nhsa.reading import extension
from service.nhsa.refusals import invalid, out_of_order
from service.nhsa.sessions import Line, Visit
from service.nhsa.transactions import visit as visits
from service.nhsa.transactions.visit import OUTPATIENT, STAY
from service.policy.conditions import VisitType
from service.registers.facts import visit_facts
from service.registers.model import FactsAsked
from service.settlement.model import Amounts
from service.settlement.scope import FIRST_PAY_GRADE, SELF_FUNDED_GRADE, scope_of

_NO_CEILING: Final = "999999"
_OTHER_FEES: Final = "14"
_SELF_PAY_MARK: Final = "-SELFPAY"
_NOT_APPROVED: Final = "2"
_GRADES: Final = {"01": "A", "02": "B", "03": "C", "A": "A", "B": "B", "C": "C"}
_CODES: Final = {"A": "01", "B": "02", "C": "03"}
_MOST_LINES: Final = 20_000


async def upload_stay(desk: Desk) -> Done:
    """2301."""
    return await _upload(desk, STAY)


async def upload_outpatient(desk: Desk) -> Done:
    """2204."""
    return await _upload(desk, OUTPATIENT)


async def _upload(desk: Desk, kind: str) -> Done:
    rows: list[dict[str, Any]] = desk.input["feedetail"]
    if not rows:
        raise invalid("没有费用明细(feedetail)，请填写后重发。", "There are no fee lines: send some.")
    visit = await of_one_visit(desk, rows, kind)
    refuse_closed(desk, visit)
    if visit.is_stay:
        await visits.refuse_finished(desk, visit)
    known = await sessions.lines_of(desk.tx, visit)
    _refuse_known(rows, known)
    if len(known) + len(rows) > _MOST_LINES:
        raise invalid(f"一次就诊最多 {_MOST_LINES} 条明细。", f"A visit has at most {_MOST_LINES} lines.")
    lines = _lines(rows, known, visit)
    split = await _split(desk, visit, lines, known)
    await sessions.add_lines(desk.tx, visit, lines)
    await desk.note("nhsa.add_fees", person_no=visit.person_no, subject=visit.mdtrt_id)
    return Done({"result": split}, subject=visit.mdtrt_id, person_no=visit.person_no)


async def of_one_visit(desk: Desk, rows: list[dict[str, Any]], kind: str) -> Visit:
    """The visit that all rows of a message name. Raises InputInvalid where they name several, and VisitNotFound."""
    if any((row["mdtrt_id"], row["psn_no"]) != (rows[0]["mdtrt_id"], rows[0]["psn_no"]) for row in rows):
        raise invalid("一个报文只能有同一就诊的明细，请分开发送。", "One message holds the lines of one visit.")
    return await visits.found(desk, rows[0], kind=kind)


def refuse_closed(desk: Desk, visit: Visit) -> None:
    """Raises OutOfOrder where the lines of a visit do not change any more."""
    if visit.state == "cancelled":
        raise out_of_order("该就诊已撤销，请重新办理入院或挂号。", "The visit was cancelled: register it anew.")
    if visit.state == "discharged" and not desk.profile.fees_after_discharge:
        raise out_of_order(
            "已办理出院，增删费用请先办理出院撤销(2405)。", "The patient is discharged: undo that first (2405)."
        )


def _refuse_known(rows: list[dict[str, Any]], known: Sequence[Line]) -> None:
    serials = [row["feedetl_sn"] for row in rows]
    taken = {line.feedetl_sn for line in known}
    twice = [serial for serial in serials if serial in taken or serials.count(serial) > 1][:3]
    if twice:
        told = "、".join(twice)
        raise invalid(f"费用明细流水号 {told} 重复，请更换，或先撤销(2302／2205)。", f"Fee-line numbers twice: {told}.")


def _lines(rows: list[dict[str, Any]], known: Sequence[Line], visit: Visit) -> list[Line]:
    by_serial = {line.feedetl_sn: line for line in known}
    made: list[Line] = []
    for number, row in enumerate(rows, visit.last_line + 1):
        original = row.get("init_feedetl_sn")
        line = _line(number, row, visit, by_serial.get(original) if original else None)
        by_serial[line.feedetl_sn] = line
        made.append(line)
    return made


def _line(number: int, row: dict[str, Any], visit: Visit, original: Line | None) -> Line:
    serial = row["feedetl_sn"]
    if original is None and "init_feedetl_sn" in row:
        raise invalid(
            f"明细 {serial} 的原流水号 {row['init_feedetl_sn']} 不存在，请核对。",
            f"Line {serial} returns no known line.",
        )
    terms = extension(row)
    item = _item_code(row)
    grade = SELF_FUNDED_GRADE if item.endswith(_SELF_PAY_MARK) else _GRADES.get(str(terms.get("chrgitm_lv", "")))
    ordered = OrderedLine(
        line_no=number,
        item_code=original.ordered.item_code if original else item,
        item_name=str(terms.get("item_name", ""))[:200],
        category=str(terms.get("med_chrgitm_type", ""))[:64],
        grade=original.ordered.grade if original else grade,
        unit_price=scaled(row["pric"], PRICE_PLACES),
        quantity=scaled(row["cnt"], QUANTITY_PLACES),
        amount=fen(row["det_item_fee_sumamt"]),
        self_pay_ratio=original.ordered.self_pay_ratio if original else _ratio(terms.get("selfpay_prop"), serial),
        price_ceiling=original.ordered.price_ceiling if original else _ceiling(terms.get("pric_uplmt_amt"), serial),
        charged_on=date.fromisoformat(row["fee_ocur_time"][:10]) if "fee_ocur_time" in row else visit.begins_on,
    )
    if original is not None and ordered.quantity >= 0:
        raise invalid(
            f"退费明细 {serial} 的数量(cnt)应为负数。", f"Line {serial} returns another: cnt must be negative."
        )
    if ordered.unit_price < 0:
        raise invalid(
            f"明细 {serial} 的单价不能为负；退费请用负数量。", f"Line {serial}: the price must not be negative."
        )
    return Line(serial, row.get("chrg_bchno"), row.get("init_feedetl_sn"), None, ordered)


def _item_code(row: dict[str, Any]) -> str:
    code = str(row["med_list_codg"])
    if not (code.isascii() and code.isprintable() and " " not in code):
        raise invalid(f"医疗目录编码 {code[:30]} 只能用字母、数字和符号。", "med_list_codg must be visible ASCII.")
    # What the hospital itself did not approve is the patient's own, whatever the catalogue says (interface §3).
    return code + _SELF_PAY_MARK if row.get("hosp_appr_flag") == _NOT_APPROVED else code


def _ratio(text: Any, serial: str) -> int | None:
    number = plain(str(text)) if text is not None else None
    if text is None:
        return None
    value: int = -1
    with suppress(ValueError):
        value = ppm(number or "")
    if not 0 <= value <= ppm("1"):
        raise invalid(
            f"明细 {serial} 的 selfpay_prop 应为 0 到 1 之间的比例。", f"Line {serial}: selfpay_prop is 0 to 1."
        )
    return value


def _ceiling(text: Any, serial: str) -> int | None:
    number = plain(str(text)) if text is not None else None
    if text is None or number == _NO_CEILING:
        return None
    try:
        return scaled(number or "x", PRICE_PLACES)
    except ValueError:
        raise invalid(f"明细 {serial} 的 pric_uplmt_amt 应为金额。", f"Line {serial}: not an amount.") from None


async def _split(desk: Desk, visit: Visit, lines: Sequence[Line], known: Sequence[Line]) -> list[dict[str, Any]]:
    """Each new line split into its parts by the rules that settle it. Raises what settling would raise of the lines."""
    person = await by_psn_no(desk, visit.person_no)
    returned = {line.ordered.item_code for line in lines if line.ordered.quantity < 0}
    before = [line.ordered for line in known if line.ordered.item_code in returned]
    days = [line.ordered.charged_on for line in lines]
    order = Order(
        hospital_code=desk.institution.hospital_code,
        visit_no=visit.visit_no,
        interim_no=0,
        visit_type=VisitType.INPATIENT if visit.is_stay else VisitType.CHRONIC_OUTPATIENT,
        person_key=person.key,
        admitted_on=visit.begins_on,
        last_day=max(days),
        lines=(*before, *(line.ordered for line in lines)),
    )
    bill.check_lines(order, History(0, {}, (), ()))
    asked = FactsAsked(
        person.key,
        order.hospital_code,
        max(days),
        min(days + [line.charged_on for line in before]),
        max(days),
        item_codes=list({line.item_code for line in order.lines}),
    )
    facts = await visit_facts(desk.tx, asked)
    terms = bill.terms_of_lines(order, bill.Catalogue(facts.catalogue), ())
    fees = bill.fee_lines(order, terms)[len(before) :]
    return [_told(line, own, scope_of(fee)) for line, own, fee in zip(lines, terms[len(before) :], fees, strict=True)]


def _told(line: Line, terms: bill.LineTerms, parts: Amounts) -> dict[str, Any]:
    self_pay = terms.first_pay if terms.grade == FIRST_PAY_GRADE else 0
    return {
        "feedetl_sn": line.feedetl_sn,
        "det_item_fee_sumamt": yuan(line.ordered.amount),
        "cnt": unscaled(line.ordered.quantity, QUANTITY_PLACES),
        "pric": unscaled(line.ordered.unit_price, PRICE_PLACES, keep=2),
        "pric_uplmt_amt": _NO_CEILING if terms.ceiling is None else unscaled(terms.ceiling, PRICE_PLACES, keep=2),
        "selfpay_prop": "1" if terms.grade == SELF_FUNDED_GRADE else ratio(self_pay),
        "fulamt_ownpay_amt": yuan(parts.self_funded),
        "overlmt_amt": yuan(parts.over_ceiling),
        "preselfpay_amt": yuan(parts.first_pay),
        "inscp_scp_amt": yuan(parts.in_scope),
        "chrgitm_lv": _CODES[terms.grade],
        "med_chrgitm_type": line.ordered.category or _OTHER_FEES,
        "lmt_used_flag": "0",
        "memo": "" if terms.by_catalogue else "目录外：按上传的等级计算",
    }
