"""What the letters say, gathered: of a decision that owes a patient something, and of a person's cycle."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from service.access.vault import mask_account, mask_name
from service.claims.actions import Desk as Claims
from service.money import ratio, yuan
from service.payouts.batches.accounts import account_of
from service.payouts.batches.model import Why
from service.payouts.cycles import store
from service.payouts.cycles.actions import Law
from service.payouts.cycles.refusals import PersonNotInCycle
from service.payouts.items.store import standing
from service.payouts.papers.letter import Letter, Table
from service.reconciliation.desk import Desk
from service.registers.entries import Person
from service.registers.persons import store as persons
from service.slip import words
from service.slip.content import Slip, gather

_MONEY: Final = 32
_STAGES: Final = {"open": "待付款", "in_batch": "已交银行", "paid": "已付款", "returned": "银行退回，待更正账号"}
_NO_ACCOUNT: Final = "尚无可用账户，请到经办窗口登记本人银行账户"


def _account(person: Person) -> str:
    found = account_of(person)
    if isinstance(found, Why):
        return _NO_ACCOUNT
    return f"{mask_name(found.account.holder)} {mask_account(found.account.number)}"


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
        ("付款情况", _STAGES[stands.stage]),
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
    tables = [
        Table("支付明细", columns, rows),
        Table("合计", [("项目", 158, "L"), ("金额（元）", _MONEY, "R")], sums),
    ]
    days = desk.packs.objection_days(desk.county_code, desk.today)
    clauses = [
        f"{part.name.zh}依据：{'；'.join(part.clauses)}。" for part in slip.parts if part.amount and part.clauses
    ]
    reasons = [*slip.explanation["zh"], *clauses]
    return _letter("医疗费用补偿决定书", str(settlement_id), desk, heads, tables, reasons, days, slip)


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
    return Letter(title, number, desk.now, heads, tables, reasons, days, slip.grouped_code, slip.address, slip.link)


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
    pack = desk.packs.by_hash(last["pack_hash"])
    assert pack is not None, "a line of a pack that is not loaded"
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
    terms = law.terms
    return [
        f"本周期内就诊当日属于保障对象的慢性病门诊费用，合计补至总费用的 {ratio(terms.floor)}，合计后四舍五入到分。",
        f"依据：{'；'.join(terms.source.clauses)}。",
        "此后撤销或补登的就诊将重新核定：多补的在下次付款中扣回，少补的在下次付款中补足。",
    ]
