"""One list of what is due, for whoever asks: to run, to confirm, to pay, to receive, to settle."""

from datetime import date
from typing import Any, Final

from sqlalchemy import text

from service.access.model import Role
from service.clock import COUNTY_ZONE
from service.errors import Text
from service.money import yuan
from service.payouts.deadlines import due
from service.payouts.decisions_due import waiting
from service.reconciliation.desk import Desk
from service.reconciliation.payments import store as payments
from service.reconciliation.reports.expiring import expiring
from service.reconciliation.reports.owed import open_amounts
from service.reconciliation.statements import store as statements
from service.wire.jobs import Jobs

MOST = 10_000
_WORDS = {
    "statement.run": Text("期间已结束，尚未出具结算单", "The period ended and nobody billed it"),
    "statement.confirm": Text("结算单待确认，逾期视为确认", "To confirm: unanswered, it counts as confirmed"),
    "statement.pay": Text("结算单待付款", "To pay"),
    "payment.receive": Text("款项待医疗机构确认到账", "To confirm that the transfer arrived"),
    "difference.settle": Text("差异待处理", "A difference to settle"),
    "line.held": Text(
        "暂缓支付的明细转入下期，已暂缓 {times} 次", "A line held back that rolls on, held {times} times"
    ),
    "recovery.left": Text(
        "追回款尚未冲抵完，将在以后的结算单中冲抵", "A recovery that later statements have yet to give"
    ),
    "cycle.run": Text("慢性病年度补偿周期已结束，尚未执行", "A cycle of chronic top-ups that is over and was not run"),
    "cycle.again": Text(
        "慢性病年度补偿执行后，周期内的就诊又有变更，须再次执行",
        "Visits of a cycle changed since it was run: run it again",
    ),
    "payout.pay": Text("应付患者本人的款项尚未付清", "Money for patients' own accounts that has not arrived yet"),
    "payout.answer": Text("已交银行的付款批次尚无回盘", "A batch of transfers that the bank has not answered"),
    "manual.decide": Text("手工报销待审核", "A manual claim to decide"),
    "aid.decide": Text("救助申请待审批", "An application for aid to decide"),
    "backpay.post": Text("补支付文件已预览，尚未过账", "A back-pay file that was previewed and not posted"),
    "agreement.ends": Text("保险服务协议到期，尚未续签", "An agreement that runs out and was not renewed"),
    "card.ends": Text("慢性病证到期，尚未续办", "A chronic card that runs out and was not renewed"),
    "objection.decide": Text("异议待决定", "An objection to decide"),
    "job.sealing": Text("数据封存停滞，请检查服务进程", "Sealing does not get on: look at the server processes"),
    "job.verification": Text("核验任务停滞，请检查服务进程", "A verification does not get on: look at the server"),
    "job.readjudication": Text(
        "批量重算停滞，请检查服务进程", "Deciding many anew does not get on: look at the server"
    ),
    "job.cycle": Text("周期补偿执行中断，请重新执行以继续", "A cycle's run was cut off: run it again, it goes on"),
    "aid.apply": Text("出院时预计的医疗救助尚未申请", "Aid expected at discharge that nobody has applied for"),
}
_OPEN_DIFFERENCES = """
    SELECT d.id, d.kind, d.owner, d.opened_on, s.payer, s.hospital_code, s.period,
        greatest(abs(coalesce(d.ours, 0)), abs(coalesce(d.theirs, 0))) AS amount
    FROM differences d JOIN statements s ON s.county_code = d.county_code AND s.id = d.statement_id
    WHERE {scope} AND NOT EXISTS (SELECT FROM difference_steps t WHERE t.county_code = d.county_code
        AND t.difference_id = d.id AND t.status IN ('resolved', 'gone'))
    ORDER BY d.opened_on, d.id LIMIT :most
"""
_HELD = """
    SELECT h.id, abs(h.amount) AS amount, s.payer, s.hospital_code, s.period, first.held_on, first.times
    FROM line_holds h JOIN statements s ON s.county_code = h.county_code AND s.id = h.statement_id
    JOIN statement_lines n ON n.county_code = h.county_code AND n.statement_id = h.statement_id
        AND n.line_no = h.line_no
    CROSS JOIN LATERAL (SELECT (min(b.at) AT TIME ZONE :zone)::date AS held_on, count(*) AS times
        FROM statement_lines l JOIN line_holds b ON b.county_code = l.county_code
            AND b.statement_id = l.statement_id AND b.line_no = l.line_no
        WHERE l.county_code = n.county_code AND l.payer = n.payer AND l.case_id = n.case_id) first
    WHERE {scope} AND NOT EXISTS (SELECT FROM statement_lines l JOIN statements b ON b.county_code = l.county_code
        AND b.id = l.statement_id WHERE l.county_code = h.county_code AND l.payer = s.payer AND l.origin = h.id)
    ORDER BY h.at, h.id LIMIT :most
"""

_RECOVERIES: Final = """
    SELECT * FROM (SELECT s.id, (s.at AT TIME ZONE :zone)::date AS entered_on, s.payer, s.hospital_code, NULL AS period,
        s.amount - coalesce((SELECT sum(d.amount) FROM deductions d
            WHERE d.county_code = s.county_code AND d.recovery_id = s.id), 0)::bigint AS amount
        FROM recoveries s WHERE {scope}) r
    WHERE amount > 0 ORDER BY entered_on, id LIMIT :most
"""


async def deadlines(desk: Desk, jobs: Jobs) -> list[dict[str, Any]]:
    """
    Everything that waits for somebody, what is most overdue first. Every caller sees its own money only; a township
    its own people's aid.
    """
    found = [] if desk.caller.role == Role.TOWNSHIP else await _of_parties(desk)
    found += [
        _item(desk, one.kind, one.due_on, None, None, None, one.subject, one.amount)
        for one in await waiting(desk, MOST)
    ]
    found += await _stuck(desk, jobs)
    return sorted(found, key=lambda one: (one["due_on"], one["kind"], one["payer"] or "", one["hospital_code"] or ""))


async def _of_parties(desk: Desk) -> list[dict[str, Any]]:
    found = [*await _unbilled(desk), *await _statements(desk), *await _transfers(desk)]
    found += [*await _query(desk, _OPEN_DIFFERENCES, "difference.settle", "opened_on")]
    found += [*await _query(desk, _HELD, "line.held", "held_on")]
    found += [*await _query(desk, _RECOVERIES, "recovery.left", "entered_on")]
    found += [
        _item(desk, one.kind, one.due_on, one.payer, one.hospital_code, None, one.subject, one.amount)
        for one in await expiring(desk, MOST)
    ]
    found += [
        _item(desk, one.kind, one.due_on, one.payer, None, None, one.subject, one.amount)
        for one in await due(desk, MOST)
    ]
    return found


async def _stuck(desk: Desk, jobs: Jobs) -> list[dict[str, Any]]:
    """Work of the server's own for the county that does not get on, for those who can see to it."""
    if desk.caller.role not in (Role.AGENCY, Role.AUDITOR):
        return []
    due = [
        (one, (one.since + one.patience).astimezone(COUNTY_ZONE))
        for one in await jobs.open(desk.tx, [desk.county_code])
    ]
    return [
        _item(desk, f"job.{one.job}", by.date(), None, None, None, one.subject, 0)
        for one, by in due
        if one.is_stuck(desk.now)
    ]


async def _unbilled(desk: Desk) -> list[dict[str, Any]]:
    return [
        _item(desk, "statement.run", one.due_on, one.payer, one.hospital_code, one.period, None, one.amount)
        for one in await open_amounts(desk, as_of=desk.today)
        if not one.billed and one.due_on is not None and one.due_on.replace(day=1) <= desk.today and one.amount
    ]


async def _statements(desk: Desk) -> list[dict[str, Any]]:
    found = []
    for row in await statements.statements(desk.tx, desk, {"open": True}, limit=MOST):
        named = (row["payer"], row["hospital_code"], row["period"], str(row["id"]))
        if row["status"] == "issued":
            found.append(_item(desk, "statement.confirm", row["deemed_on"], *named, row["total"]))
        if row["outstanding"] > 0 and row["carried_into"] is None:
            found.append(_item(desk, "statement.pay", row["due_on"], *named, row["outstanding"]))
    return found


async def _transfers(desk: Desk) -> list[dict[str, Any]]:
    return [
        _item(
            desk,
            "payment.receive",
            row["paid_on"],
            row["payer"],
            row["hospital_code"],
            None,
            str(row["id"]),
            row["amount"],
        )
        for row in await payments.payments_of(desk, limit=MOST)
        if row["status"] == "on_the_way"
    ]


async def _query(desk: Desk, query: str, kind: str, day: str) -> list[dict[str, Any]]:
    values: dict[str, Any] = {"most": MOST} | ({"zone": COUNTY_ZONE.key} if ":zone" in query else {})
    scope = ["s.county_code = :county_code"]
    if desk.hospital_code is not None:
        scope, values["hospital_code"] = ["s.hospital_code = :hospital_code"], desk.hospital_code
    else:
        values["county_code"] = desk.county_code
    if desk.payers is not None:
        scope.append("s.payer = ANY (:payers)")
        values["payers"] = desk.payers
    rows = (await desk.tx.execute(text(query.format(scope=" AND ".join(scope))), values)).mappings()
    return [
        _item(
            desk,
            kind,
            row[day],
            row["payer"],
            row["hospital_code"],
            row["period"],
            str(row["id"]),
            row["amount"],
            times=row.get("times"),
        )
        for row in rows
    ]


def _item(
    desk: Desk,
    kind: str,
    due: date,
    payer: str | None,
    hospital_code: str | None,
    period: str | None,
    subject: str | None,
    amount: int,
    *,
    times: int | None = None,
) -> dict[str, Any]:
    words = _WORDS[kind]
    return {
        "kind": kind,
        "due_on": due,
        "overdue": due < desk.today,
        "days_left": (due - desk.today).days,
        "payer": payer,
        "hospital_code": hospital_code,
        "period": period,
        "subject": subject,
        "amount": yuan(amount),
        "text": {"zh": words.zh.format(times=times), "en": words.en.format(times=times)},
    }
