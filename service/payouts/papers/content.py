"""What the letters say, gathered: of a decision that owes a patient something, and of a person's cycle."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from service.access.vault import mask_account, mask_name
from service.claims.actions import Desk as Claims
from service.money import unscaled, yuan
from service.payouts.batches.accounts import account_of
from service.payouts.batches.model import Why
from service.payouts.counter import Counter
from service.payouts.cycles import store
from service.payouts.cycles.actions import Law
from service.payouts.cycles.refusals import PersonNotInCycle
from service.payouts.items.model import Standing
from service.payouts.items.store import standing
from service.payouts.manual.actions import read
from service.payouts.manual.model import State
from service.payouts.manual.refusals import ManualClaimState
from service.payouts.papers.letter import Access, Letter, Table
from service.reconciliation.desk import Desk
from service.registers.entries import Person
from service.registers.persons import store as persons
from service.slip import words
from service.slip.content import Slip, gather, hospital_named

_MONEY: Final = 32
_PERCENT_PLACES: Final = 4
"""Of parts per million."""
_STAGES: Final = {"open": "待付款", "in_batch": "已交银行", "paid": "已付款", "returned": "银行退回，待更正账号"}
_NOTHING: Final = "无应付本人款项"
_NO_ACCOUNT: Final = "尚无可用账户，请到经办窗口登记本人银行账户"


def _account(person: Person) -> str:
    found = account_of(person)
    if isinstance(found, Why):
        return _NO_ACCOUNT
    return f"{mask_name(found.account.holder)} {mask_account(found.account.number)}"


def _paid(stands: Standing) -> str:
    due = stands.unbilled or stands.ordered or stands.paid
    return _STAGES[stands.stage] if due else _NOTHING


async def _person(desk: Desk, person_no: str) -> Person:
    found = await persons.persons_behind(desk.tx, desk.vault, desk.county_code, [person_no])
    return found[person_no]


async def decision(desk: Desk, claims: Claims, settlement_id: UUID, address: str) -> Letter:
    """The decision about a settlement. Raises settlement.unknown and slip.reversal."""
    slip = await gather(desk.tx, desk.caller, settlement_id, claims, address=address, action="decision.print")
    record = slip.record
    case_id = record.case_id or settlement_id
    stands = (await standing(desk.tx, desk.county_code, [case_id]))[case_id]
    assert record.settled_at is not None
    person = await _person(desk, record.person_no)
    heads = [
        ("姓名", f"{slip.name}  ({record.person_no})"),
        ("证件号码", slip.id_no or "-"),
        ("医疗机构", slip.hospital),
        ("就诊日期", f"{record.admitted_on} ~ {record.last_day}"),
        ("收款账户", _account(person)),
        ("付款情况", _paid(stands)),
    ]
    rows = [
        (part.name.zh, part.payer.zh, words.WAYS[part.way].zh if part.amount else "", yuan(part.amount))
        for part in slip.parts
    ]
    columns = [("保障层次", 55, "L"), ("付款方", 60, "L"), ("去向", 43, "L"), ("金额（元）", _MONEY, "R")]
    split = record.settlement.split
    sums = [
        ("总费用", yuan(record.settlement.amounts.total)),
        ("各项支付合计", yuan(split.paid_total)),
        ("转入本人账户", yuan(split.owed_to_patient)),
        ("个人最终负担", yuan(split.patient_pays)),
    ]
    sums += [
        (words.LEFT[name].zh, yuan(amount))
        for name in ("expected_aid", "held", "hospital_bears")
        if (amount := getattr(record if name == "hospital_bears" else split, name))
    ]
    tables = [
        Table("支付明细", columns, rows),
        Table("合计", [("项目", 158, "L"), ("金额（元）", _MONEY, "R")], sums),
    ]
    days = desk.packs.objection_days(desk.county_code, desk.today)
    clauses = [
        f"{part.name.zh}依据：{'；'.join(part.clauses)}。" for part in slip.parts if part.amount and part.clauses
    ]
    change = record.trace.get("change")
    why = [f"重新核定的理由：{change['note']}"] if change and change["note"] else []
    ask = [words.APPLY.zh] if split.expected_aid and not slip.no_longer else []
    reasons = [*why, *slip.explanation["zh"], *clauses, *ask]
    return _letter("医疗费用补偿决定书", str(settlement_id), desk, heads, tables, reasons, days, slip)


async def refusal(counter: Counter, claim_id: UUID) -> Letter:
    """
    That a manual claim was refused, why, and how to object. Raises manual_claim.unknown, and manual_claim.state where
    it was not: what was approved is told by the letter of its settlement.
    """
    claim = await read(counter, claim_id)
    if claim.state != State.REFUSED:
        raise ManualClaimState
    about, step = claim.encounter, claim.steps[-1]
    found = await persons.persons_behind(counter.tx, counter.vault, counter.county_code, [about.person_no])
    heads = [
        ("姓名", f"{mask_name(found[about.person_no].name)}  ({about.person_no})"),
        ("发票号", about.invoice_no),
        ("医疗机构", await hospital_named(counter.tx, about.hospital_code, about.last_day)),
        ("就诊日期", f"{about.admitted_on} ~ {about.last_day}"),
        ("登记日期", claim.at.date().isoformat()),
        ("审核结果", f"不予支付（{step.at.date()}）"),
    ]
    days = counter.desk.law.packs.objection_days(counter.county_code, counter.today)
    reasons = [step.reason or "", *_clauses(counter)]
    return Letter("医疗费用手工报销不予支付决定书", str(claim_id), counter.now, heads, (), reasons, days, None)


def _clauses(counter: Counter) -> list[str]:
    rules = counter.rules.manual_claims
    return [f"依据：{'；'.join(rules.source.clauses)}。"] if rules is not None and rules.source.clauses else []


def _letter(
    title: str,
    number: str,
    desk: Desk,
    heads: Sequence[tuple[str, str]],
    tables: Sequence[Table],
    reasons: Sequence[str],
    days: int | None,
    slip: Slip,
) -> Letter:
    access = Access(slip.grouped_code, slip.address, slip.link)
    notice = slip.no_longer.zh if slip.no_longer else None
    return Letter(title, number, desk.now, heads, tables, reasons, days, access, notice)


async def statement(desk: Desk, claims: Claims, law: Law, person_no: str, address: str) -> Letter:
    """A person's cycle as it was posted last. Raises cycle.person_unknown."""
    lines = await store.history(desk.tx, desk.county_code, law.cycle.start, person_no)
    visits = next((line["visits"] for line in reversed(lines) if line["visits"]), None)
    if visits is None:
        raise PersonNotInCycle("/person_no")
    last = lines[-1]
    slip = await gather(desk.tx, desk.caller, UUID(visits[-1][0]), claims, address=address, action="cycle.statement")
    case_id = UUID(int=lines[0]["id"].int)
    stands = (await standing(desk.tx, desk.county_code, [case_id]))[case_id]
    person = await _person(desk, person_no)
    heads = [
        ("姓名", f"{mask_name(person.name)}  ({person_no})"),
        ("结算周期", f"{law.cycle.start} 至 {law.cycle.counts_to}"),
        ("付款期限", law.cycle.pay_by.isoformat()),
        ("收款账户", _account(person)),
        ("付款情况", _STAGES[stands.stage] if last["amount"] else "无须补偿"),
    ]
    pack = await claims.law.by_hash(desk.tx, last["pack_hash"])
    names = {code: disease.name for code, disease in pack.diseases.items()}
    money = ("总费用", _MONEY, "R"), ("已报销", _MONEY, "R"), ("个人负担", _MONEY, "R")
    rows = [
        (day, names.get(disease, disease), yuan(total), yuan(paid), yuan(total - paid))
        for _, day, disease, total, paid in last["visits"]
    ]
    tables = [
        Table("就诊明细", [("就诊日期", 28, "C"), ("病种", 66, "L"), *money], rows),
        Table("合计", [("项目", 158, "L"), ("金额（元）", _MONEY, "R")], _sums(lines)),
    ]
    days = desk.packs.objection_days(desk.county_code, desk.today)
    return _letter("慢性病门诊年度补偿对账单", str(last["id"]), desk, heads, tables, _why(law), days, slip)


def _sums(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    last = lines[-1]
    sums = [
        ("总费用", yuan(last["total"])),
        ("已报销", yuan(last["reimbursed"])),
        ("应达到的金额", yuan(last["target"])),
        ("本周期补偿", yuan(last["amount"])),
    ]
    if len(lines) > 1:
        sums += [(f"{_day(line['at'])} 核定的差额", yuan(line["difference"])) for line in lines]
    return sums


def _day(at: Any) -> str:
    day: date = at.date()
    return day.isoformat()


def _why(law: Law) -> list[str]:
    terms, share = law.terms, f"{unscaled(law.terms.floor, _PERCENT_PLACES)}%"
    return [
        f"本周期内就诊当日属于保障对象的慢性病门诊费用，合计补至总费用的 {share}，合计后四舍五入到分。",
        f"依据：{'；'.join(terms.source.clauses)}。",
        "此后撤销或补登的就诊将重新核定：多补的在下次付款中扣回，少补的在下次付款中补足。",
    ]
