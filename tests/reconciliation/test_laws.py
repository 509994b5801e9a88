"""What the database itself refuses, whoever asks; and what happens when two ask at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db import transaction_on
from tests.cases.county import done
from tests.reconciliation.bulk import Case
from tests.reconciliation.conftest import H1, Calendar, Parties

JUNE_9 = date(2018, 6, 9)
PAYER = "top_up_insurer"
Settled = Callable[..., Awaitable[None]]
GROWING = (
    "ledger_entries",
    "postings",
    "events",
    "statements",
    "statement_lines",
    "statement_carries",
    "statement_confirmations",
    "payments",
    "payment_allocations",
    "payment_outcomes",
    "deductions",
    "deduction_releases",
    "line_holds",
    "matches",
    "differences",
    "difference_steps",
    "recoveries",
    "recovery_cases",
    "statement_deemings",
    "closings",
    "closing_balances",
    "event_positions",
)
COPY_LINE = """
    INSERT INTO statement_lines SELECT county_code, statement_id, line_no + 100, origin, settlement_id, case_id, payer,
        kind, amount, original_statement_id, original_line_no FROM statement_lines LIMIT 1
"""
COPY_STATEMENT = """
    INSERT INTO statements SELECT county_code, gen_random_uuid(), payer, hospital_code, period, period_from, period_to,
        lines_total, carried_forward, line_count, due_on, deemed_on, client_id, operator, at FROM statements LIMIT 1
"""
COPY_ENTRY = "INSERT INTO ledger_entries SELECT * FROM ledger_entries LIMIT 1"
NOTHING_MOVED = """
    INSERT INTO postings SELECT county_code, origin, entry_id, 99, 0, on_day, layer, payer, payee, source, target
    FROM postings LIMIT 1
"""
NOWHERE = """
    INSERT INTO postings SELECT county_code, origin, entry_id, 99, 1, on_day, layer, payer, payee, source, source
    FROM postings LIMIT 1
"""
MORE_LINES = """
    INSERT INTO statement_lines SELECT county_code, statement_id, line_no + 100, gen_random_uuid(), settlement_id,
        case_id, payer, kind, amount, original_statement_id, original_line_no FROM statement_lines LIMIT 1
"""
WITHOUT_LINES = """
    INSERT INTO statements SELECT county_code, gen_random_uuid(), payer, hospital_code, '2018-05', period_from,
        period_to, lines_total, carried_forward, line_count, due_on, deemed_on, client_id, operator, at
    FROM statements LIMIT 1
"""
OTHER_TOTAL = """
    WITH made AS (INSERT INTO statements SELECT county_code, gen_random_uuid(), payer, hospital_code, '2018-05',
        period_from, period_to, lines_total + 1, carried_forward, line_count, due_on, deemed_on, client_id, operator, at
        FROM statements RETURNING id
    ) INSERT INTO statement_lines SELECT l.county_code, made.id, line_no, gen_random_uuid(), settlement_id, case_id,
        payer, kind, amount, original_statement_id, original_line_no FROM statement_lines l, made
"""
ALLOCATED_TWICE = """
    WITH paid AS (INSERT INTO payments SELECT county_code, gen_random_uuid(), payer, hospital_code, 'R', due_on, 100,
        client_id, operator, at FROM statements RETURNING county_code, id
    ) INSERT INTO payment_allocations SELECT s.county_code, paid.id, s.id, 101, 100 FROM statements s, paid
"""
SAME_DOCUMENT = """
    INSERT INTO recoveries SELECT county_code, gen_random_uuid(), id, payer, hospital_code, 'D', 1, '[]', '', client_id,
        operator, at FROM statements CROSS JOIN generate_series(1, 2)
"""
CONFIRM_TWICE = """
    INSERT INTO statement_confirmations SELECT county_code, id, side, 'one', NULL, at
    FROM statements CROSS JOIN (VALUES ('hospital'), ('payer')) sides (side)
"""


@pytest.fixture
async def june(parties: Parties, calendar: Calendar, settled: Settled) -> dict[str, Any]:
    await settled(*(Case(JUNE_9, H1, {"basic": 5_00, "top_up": n * 10_00}) for n in range(1, 6)))
    calendar.turn_to("2018-07-02")
    statement: dict[str, Any] = (await parties.run(PAYER, "2018-06"))["items"][0]
    return statement


@pytest.mark.parametrize("table", GROWING)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET county_code = county_code", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
async def test_what_was_written_is_never_changed(engine: AsyncEngine, table: str, statement: str) -> None:
    with pytest.raises(DBAPIError, match="only grows"):
        async with transaction_on(engine) as tx:
            await tx.execute(text(statement.format(table)))


@pytest.mark.parametrize(
    ("law", "statement"),
    [
        ("uq_statement_lines_origin", COPY_LINE),
        ("uq_statements_period", COPY_STATEMENT),
        ("pk_ledger_entries", COPY_ENTRY),
        ("ck_postings_amount", NOTHING_MOVED),
        ("ck_postings_moves", NOWHERE),
        ("uq_statement_confirmations_client", CONFIRM_TWICE),
        ("the lines of statement", MORE_LINES),
        ("the lines of statement", OTHER_TOTAL),
        ("has no lines", WITHOUT_LINES),
        ("is allocated more than once", ALLOCATED_TWICE),
        ("uq_recoveries_document", SAME_DOCUMENT),
    ],
)
async def test_wrong_states_cannot_be_written(
    engine: AsyncEngine, june: dict[str, Any], law: str, statement: str
) -> None:
    with pytest.raises(DBAPIError, match=law):
        async with transaction_on(engine) as tx:
            await tx.execute(text(statement))


async def test_a_settlement_without_its_postings_is_refused(engine: AsyncEngine, settled: Settled) -> None:
    await settled(Case(JUNE_9, H1, {"basic": 5_00}))
    copied = """
        WITH made AS (INSERT INTO settlements SELECT (jsonb_populate_record(s, jsonb_build_object(
            'id', i.id, 'case_id', i.id, 'visit_no', 'other'))).* FROM settlements s,
            (SELECT gen_random_uuid() AS id) i RETURNING county_code, id
        ), layers AS (INSERT INTO settlement_layers SELECT l.county_code, m.id, position, layer, payer, amount, way
            FROM settlement_layers l, made m
        ) INSERT INTO settlement_documents SELECT d.county_code, m.id, bill, trace FROM settlement_documents d, made m
    """
    with pytest.raises(DBAPIError, match="the ledger does not know"):
        async with transaction_on(engine) as tx:
            await tx.execute(text(copied))


async def test_two_runs_at_once_make_one_set(parties: Parties, calendar: Calendar, settled: Settled) -> None:
    await settled(*(Case(JUNE_9, f"H4599010020{n % 8}", {"top_up": n * 10_00}) for n in range(1, 81)))
    calendar.turn_to("2018-07-02")

    runs = await asyncio.gather(*(parties.run(PAYER, "2018-06") for _ in range(3)))

    assert [[one["id"] for one in run["items"]] for run in runs] == [[one["id"] for one in runs[0]["items"]]] * 3
    assert [run["failed"] for run in runs] == [[]] * 3
    assert sum(one["line_count"] for one in runs[0]["items"]) == 80


async def test_one_bad_hospital_is_reported_and_stops_no_other(
    parties: Parties, calendar: Calendar, settled: Settled, engine: AsyncEngine
) -> None:
    await settled(*(Case(JUNE_9, f"H4599010020{n}", {"top_up": 10_00}) for n in range(3)))
    async with transaction_on(engine) as tx:
        await tx.execute(text("ALTER TABLE statements ADD CONSTRAINT bad CHECK (hospital_code <> 'H45990100201')"))
    calendar.turn_to("2018-07-02")
    run = await parties.run(PAYER, "2018-06")
    async with transaction_on(engine) as tx:
        await tx.execute(text("ALTER TABLE statements DROP CONSTRAINT bad"))
    again = await parties.run(PAYER, "2018-06")

    assert [one["hospital_code"] for one in run["items"]] == ["H45990100200", "H45990100202"]
    assert [(one["hospital_code"], one["code"]) for one in run["failed"]] == [("H45990100201", "statement.failed")]
    assert len(again["items"]) == 3


NO_ROOM = (
    """CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$""",
    "CREATE TRIGGER no_room BEFORE INSERT ON statements FOR EACH ROW EXECUTE FUNCTION no_room()",
)


async def test_a_full_disk_is_no_hospitals_fault_and_the_run_is_tried_again(
    parties: Parties, calendar: Calendar, settled: Settled, engine: AsyncEngine
) -> None:
    await settled(*(Case(JUNE_9, f"H4599010020{n}", {"top_up": 10_00}) for n in range(2)))
    async with transaction_on(engine) as tx:
        for statement in NO_ROOM:
            await tx.execute(text(statement))
    calendar.turn_to("2018-07-02")

    refused = await parties.run(PAYER, "2018-06", status=503)
    async with transaction_on(engine) as tx:
        await tx.execute(text("DROP TRIGGER no_room ON statements"))
    run = await parties.run(PAYER, "2018-06")

    assert refused["code"] == "service.unavailable"
    assert (len(run["items"]), run["failed"]) == (2, [])


async def test_an_earlier_period_that_nobody_billed_is_billed_first(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    await settled(Case(JUNE_9, H1, {"top_up": 10_00}), Case(date(2018, 7, 9), H1, {"top_up": 20_00}))
    calendar.turn_to("2018-08-02")
    refused = await parties.run(PAYER, "2018-07")
    await parties.run(PAYER, "2018-06")
    run = await parties.run(PAYER, "2018-07")

    assert [one["code"] for one in refused["failed"]] == ["period.earlier_open"]
    assert [one["total"] for one in run["items"]] == ["20.00"]


async def test_two_transfers_at_once_never_pay_more_than_is_open(parties: Parties, june: dict[str, Any]) -> None:
    await asyncio.gather(*(parties.pay(june, "100.00", reference=f"R{n}") for n in range(3)))

    paid = await parties.statement(june["id"])
    assert (paid["total"], paid["paid"], paid["outstanding"]) == ("150.00", "150.00", "0.00")
    owed = await done(await parties.agency("GET", f"/v1/advances?payer={PAYER}"), 200)
    assert [(one["paid"], one["billed"], one["prepaid"]) for one in owed["items"]] == [("150.00", "0.00", "150.00")]
