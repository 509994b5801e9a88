"""What can be done with statements: run a period, read them, confirm them."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims.described import described
from service.db import savepoint, transaction_on
from service.errors import Refusal, Text
from service.money import yuan
from service.reconciliation import calendar
from service.reconciliation.calendar import due_on, kind_of
from service.reconciliation.deductions import recoveries
from service.reconciliation.desk import Desk
from service.reconciliation.refusals import (
    EarlierOpen,
    PeriodInvalid,
    PeriodOpen,
    StatementUnknown,
)
from service.reconciliation.statements import gather, netted, store
from service.reconciliation.statements.answer import line_answer, statement_answer
from service.reconciliation.statements.gather import Bill
from service.reconciliation.statements.refusals import RunUnderWay
from service.reconciliation.statements.store import Row
from service.wire.problems import refusal_of
from service.wire.refusals import ServiceUnavailable

DESCRIBED_AT_ONCE = 1000
MANY_LINES = 2000

_log = logging.getLogger("onestop.statements")

Progress = Callable[[int, int], None]


async def run(
    desk: Desk, payer: str, period_name: str, *, dry_run: bool, progress: Progress | None = None
) -> dict[str, Any]:
    """
    Bill a payer's period: one statement per hospital, each in a transaction of its own.

    So a run that dies goes on where it stopped when it is started again, and a hospital that cannot be billed is
    reported and stops no other. Running again gives the same statements. Raises payer.unknown, period.no_calendar,
    period.invalid, period.open, and statement.run_under_way while another process bills the same period.
    """
    period = calendar.period(period_name)
    clearing = desk.clearing(payer, period.last if period else desk.today)
    if period is None or kind_of(period) != clearing.every:
        raise PeriodInvalid("/period")
    if desk.today <= period.last:
        raise PeriodOpen("/period")
    if not await gather.take_turn(desk.tx, f"{desk.county_code}/{payer}/{period.name}"):
        raise RunUnderWay("/period")
    codes = await gather.hospitals(desk.tx, desk.county_code, payer, period)

    items: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for number, code in enumerate(codes, 1):
        bill = Bill(payer, code, period, clearing)
        try:
            found = await (_drafted(desk, bill) if dry_run else _issued(desk, bill))
            items += [found] if found is not None else []
        except PoolTimeoutError:
            # The server is busy, nothing is wrong with the hospital: the whole run answers 503.
            raise
        except (Refusal, SQLAlchemyError) as error:
            if isinstance(refusal_of(error), ServiceUnavailable):
                # Nor where the database is gone or its disk is full.
                raise
            if isinstance(error, SQLAlchemyError):
                fields = {"payer": payer, "period": period.name, "hospital_code": code}
                _log.exception("statement failed", extra={"onestop_fields": fields})
            failed.append(_failure(code, error))
        if progress is not None:
            progress(number, len(codes))
    await desk.note("statement.dry_run" if dry_run else "statement.run", subject=f"{payer}/{period.name}")
    return {"payer": payer, "period": period.name, "dry_run": dry_run, "items": items, "failed": failed}


async def _issued(desk: Desk, bill: Bill) -> dict[str, Any] | None:
    async with transaction_on(desk.engine) as tx:
        issued = None
        known = await store.statements(tx, desk, {}, ids=[bill.id(desk.county_code)], limit=1)
        if not known:
            await _refuse_gap(desk, tx, bill)
            deemed_on = desk.today + timedelta(days=bill.clearing.deemed_confirmed_days)
            await gather.lock_earlier(tx, desk.county_code, bill)
            await netted.owe_again(tx, desk, bill)
            issued = await gather.issue(tx, desk, bill, deemed_on)
            known = await store.statements(tx, desk, {}, ids=[bill.id(desk.county_code)], limit=1)
            if issued is not None:
                await _begun(replace(desk, tx=tx), known[0])
                known = await store.statements(tx, desk, {}, ids=[bill.id(desk.county_code)], limit=1)
    if issued is not None and known[0]["line_count"] >= MANY_LINES:
        async with transaction_on(desk.engine) as tx:
            await gather.count_anew(tx)
    return statement_answer(known[0]) if known else None


async def _begun(desk: Desk, statement: Row) -> None:
    """A statement just issued: told, and what inspections recovered before is offset against it."""
    await tell(desk, "statement.issued", statement, total=statement["total"])
    for recovery, amount in await recoveries.offset(desk, statement):
        await tell(desk, "statement.deducted", statement, amount=amount, deduction="recovery")
        await desk.note("recovery.offset", subject=str(recovery["id"]))


async def _drafted(desk: Desk, bill: Bill) -> dict[str, Any] | None:
    """A draft beside those of the other hospitals: what the database refuses of one is the end of that one only."""
    async with savepoint(desk.tx):
        return await _draft(desk, bill)


async def _draft(desk: Desk, bill: Bill) -> dict[str, Any] | None:
    known = await store.statements(desk.tx, desk, {}, ids=[bill.id(desk.county_code)], limit=1)
    if known:
        return statement_answer(known[0])
    await _refuse_gap(desk, desk.tx, bill)
    sums = await gather.draft(desk.tx, desk.county_code, bill)
    if sums is None:
        return None
    again = await netted.too_much(desk.tx, desk.county_code, bill)
    sums["line_count"] += len(again)
    sums["lines_total"] += sum(sum(of.values()) for of in again.values())
    total = sums["lines_total"] + sums["carried_forward"]
    left = sum(one["open"] for one in await recoveries.left(desk.tx, desk.county_code, bill.payer, bill.hospital_code))
    deducted = min(left, max(0, total))
    nothing = dict.fromkeys(("paid", "held"), 0)
    unknown = dict.fromkeys(("at", "carried_into", "hospital_confirmed_at", "payer_confirmed_at", "deemed_on"))
    row = {
        "county_code": desk.county_code,
        "id": bill.id(desk.county_code),
        "payer": bill.payer,
        "hospital_code": bill.hospital_code,
        "period": bill.period.name,
        "status": "draft",
        "due_on": due_on(bill.period, bill.clearing),
        "overdue": False,
        "open_differences": 0,
        "total": total,
        "deducted": deducted,
        "outstanding": total - deducted,
    }
    return statement_answer(row | sums | nothing | unknown)


async def _refuse_gap(desk: Desk, tx: AsyncConnection, bill: Bill) -> None:
    gap = await gather.earlier_open(tx, desk.county_code, bill)
    if gap is not None:
        raise EarlierOpen(
            "/period",
            detail=Text(
                f"请先出具 {bill.hospital_code} {gap} 的结算单。",
                f"Run {gap} of {bill.hospital_code} first: it has lines that nobody billed.",
            ),
        )


def _failure(hospital_code: str, error: Refusal | SQLAlchemyError) -> dict[str, Any]:
    if isinstance(error, Refusal):
        return {"hospital_code": hospital_code, "code": error.code, "detail": error.detail.zh}
    detail = "数据库拒绝了该医疗机构的结算单，其余医疗机构不受影响；请查看日志后重试。"
    return {"hospital_code": hospital_code, "code": "statement.failed", "detail": detail}


async def find(desk: Desk, statement_id: UUID) -> Row:
    """A statement that the caller may see. Raises statement.unknown."""
    found = await store.statements(desk.tx, desk, {}, ids=[statement_id], limit=1)
    if not found:
        raise StatementUnknown("/statement_id")
    return found[0]


async def locked(desk: Desk, statement_ids: list[UUID]) -> list[Row]:
    """Statements whose money the caller is about to move, in the order asked. Raises statement.unknown."""
    known = [await find(desk, statement_id) for statement_id in statement_ids]
    if known:
        await store.lock(desk.tx, known[0]["county_code"], statement_ids)
    return [await find(desk, statement_id) for statement_id in statement_ids]


async def read(desk: Desk, statement_id: UUID) -> dict[str, Any]:
    found = await find(desk, statement_id)
    await desk.note("statement.read", subject=str(statement_id))
    return statement_answer(found) | {"layers": await layers(desk, found)}


async def layers(desk: Desk, statement: Row) -> dict[str, str]:
    """What a statement bills by layer."""
    totals = await store.layer_totals(desk.tx, statement)
    return {layer: yuan(amount) for layer, amount in totals.items()}


async def described_lines(desk: Desk, statement: Row, lines: list[Row]) -> list[dict[str, Any]]:
    """Lines with what the payer needs to open the case."""
    answered: list[dict[str, Any]] = []
    for start in range(0, len(lines), DESCRIBED_AT_ONCE):
        page = lines[start : start + DESCRIBED_AT_ONCE]
        ids = [line["settlement_id"] for line in page]
        cases = await described(desk.tx, statement["county_code"], ids)
        answered += [line_answer(statement, line, cases[line["settlement_id"]]) for line in page]
    return answered


async def tell(desk: Desk, kind: str, statement: Row, **data: Any) -> None:
    """An event of a statement, for both its sides."""
    await desk.tell(
        kind,
        statement["id"],
        county_code=statement["county_code"],
        hospital_code=statement["hospital_code"],
        payer=statement["payer"],
        **data,
    )
