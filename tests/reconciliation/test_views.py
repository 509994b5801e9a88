"""What each party sees, and who may act for whom: reports of versions, deadlines, confirmations, runs at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db import transaction_on
from service.reconciliation.statements import gather, run_alone
from tests.cases.county import Call, done
from tests.reconciliation.bulk import Case
from tests.reconciliation.conftest import H1, Calendar, Parties

JUNE_9, JUNE_20, JULY_3 = date(2018, 6, 9), date(2018, 6, 20), date(2018, 7, 3)
PAYER = "top_up_insurer"
Settled = Callable[..., Awaitable[None]]


async def month(call: Call, period: str) -> Any:
    return await done(await call("GET", f"/v1/reports/month?period={period}"), 200)


def figures(sums: Any) -> tuple[int, str, str]:
    return sums["visits"], sums["paid_total"], sums["layers"].get("top_up", "-")


async def test_a_later_version_counts_with_what_it_changes_and_a_reversal_takes_it_all_back(
    parties: Parties, settled: Settled
) -> None:
    case = Case(JUNE_9, H1, {"top_up": 300_00})
    second = case.amended_on(JULY_3, top_up=250_00)
    await settled(case, Case(JUNE_9, H1, {"top_up": 100_00}))
    june = figures((await month(parties.agency, "2018-06"))["whole"])
    await settled(second)
    july = figures((await month(parties.agency, "2018-07"))["whole"])
    counter = await done(await parties.agency("GET", f"/v1/reports/cashier?day={JULY_3}"), 200)
    await settled(second.reversed_on(date(2018, 8, 5)))
    august = figures((await month(parties.agency, "2018-08"))["whole"])
    by_insurer = figures((await month(parties.insurer, "2018-08"))["whole"])
    quarter = (await month(parties.agency, "2018-Q3"))["whole"]

    assert (june, july, august) == ((2, "400.00", "400.00"), (0, "-50.00", "-50.00"), (-1, "-250.00", "-250.00"))
    assert by_insurer == august
    assert figures(quarter) == (-1, "-300.00", "-300.00")
    assert figures((await month(parties.agency, "2018-06"))["whole"]) == june
    [one] = counter["items"]
    assert (one["settlements"], one["corrections"], one["total"], one["hospital_advances"]) == (0, 1, "0.00", "-50.00")
    assert one["due_at_discharge"] == "50.00"


async def test_a_hospital_sees_the_people_of_each_county_apart(
    parties: Parties, settled: Settled, engine: AsyncEngine
) -> None:
    await settled(Case(JUNE_9, H1, {"top_up": 300_00}), Case(JUNE_9, H1, {"top_up": 100_00}))
    async with transaction_on(engine) as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.execute(text(MOVE.format(table="settlement_layers", key="settlement_id")))
        await tx.execute(text(MOVE.format(table="settlements", key="id")))

    seen = await month(parties.hospital, "2018-06")
    own = await month(parties.agency, "2018-06")

    assert [(one["key"], one["paid_total"]) for one in seen["by_county"]] == [
        ("459901", "300.00"),
        ("459902", "100.00"),
    ]
    for parts in (seen["by_hospital"], seen["by_identity"]):
        assert [(one["county_code"], figures(one)) for one in parts] == [
            ("459901", (1, "300.00", "300.00")),
            ("459902", (1, "100.00", "100.00")),
        ]
    assert figures(seen["whole"]) == (2, "400.00", "400.00")
    assert figures(own["whole"]) == (1, "300.00", "300.00")


MOVE = "UPDATE {table} SET county_code = '459902' WHERE {key} = (SELECT id FROM settlements WHERE paid_total = 10000)"


async def test_the_agency_confirms_for_a_payer_with_a_client_only_with_a_reason(
    parties: Parties, calendar: Calendar, settled: Settled, engine: AsyncEngine
) -> None:
    await settled(Case(JUNE_9, H1, {"top_up": 300_00, "basic": 10_00}))
    calendar.turn_to("2018-07-02")
    insured = (await parties.run(PAYER, "2018-06"))["items"][0]
    fund = (await parties.run("basic_fund", "2018-06"))["items"][0]
    for one in (insured, fund):
        await done(await parties.hospital("POST", f"/v1/statements/{one['id']}/confirmation"), 200)
    refused = await parties.agency("POST", f"/v1/statements/{insured['id']}/confirmation")
    reason = {"reason": "保险公司系统停机"}
    instead = await parties.agency("POST", f"/v1/statements/{insured['id']}/confirmation", reason)
    plain = await parties.agency("POST", f"/v1/statements/{fund['id']}/confirmation")

    assert (refused.status_code, refused.json()["code"]) == (409, "statement.payer_confirms")
    assert [one.json()["status"] for one in (instead, plain)] == ["confirmed"] * 2
    told = await done(await parties.insurer("GET", "/v1/events"), 200)
    assert [one["data"] for one in told["items"] if one["kind"] == "statement.confirmed_by_payer"] == [reason]
    async with transaction_on(engine) as tx:
        actions = set(await tx.scalars(text("SELECT action FROM audit_log")))
    assert {"statement.confirm_instead", "statement.confirm"} <= actions


async def test_one_process_at_a_time_bills_a_period_and_the_others_wait_without_a_connection(
    parties: Parties, calendar: Calendar, settled: Settled, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await settled(Case(JUNE_9, H1, {"top_up": 300_00}))
    calendar.turn_to("2018-07-02")
    async with transaction_on(engine) as elsewhere:
        assert await gather.take_turn(elsewhere, f"459901/{PAYER}/2018-06")
        waiting = asyncio.create_task(parties.run(PAYER, "2018-06"))
        other = await parties.run("basic_fund", "2018-06") if waiting.done() else None
        async with transaction_on(engine) as tx:
            assert await tx.scalar(text("SELECT count(*) FROM statements")) == 0
    monkeypatch.setattr(run_alone, "PATIENCE", timedelta())
    run = await waiting
    async with transaction_on(engine) as elsewhere:
        assert await gather.take_turn(elsewhere, f"459901/{PAYER}/2018-06")
        refused = await parties.run(PAYER, "2018-06", status=409)
    again = await parties.run(PAYER, "2018-06")

    assert other is None
    assert (run["failed"], again["items"]) == ([], run["items"])
    assert refused["code"] == "statement.run_under_way"


async def test_a_dry_run_reports_the_hospital_that_the_database_refuses_and_drafts_the_others(
    parties: Parties, calendar: Calendar, settled: Settled, engine: AsyncEngine
) -> None:
    """An amount that no bigint can sum to stands in for whatever the database may refuse of one hospital."""
    await settled(*(Case(JUNE_9, f"H4599010020{n}", {"top_up": 10_00}) for n in range(3)))
    async with transaction_on(engine) as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.execute(text(HUGE))
        await tx.execute(text(TWICE))
    calendar.turn_to("2018-07-02")
    run = await parties.run(PAYER, "2018-06", dry_run=True)

    assert [one["hospital_code"] for one in run["items"]] == ["H45990100200", "H45990100202"]
    assert [(one["hospital_code"], one["code"]) for one in run["failed"]] == [("H45990100201", "statement.failed")]


HUGE = "UPDATE postings SET amount = 9223372036854775807 WHERE payee = 'hospital:H45990100201'"
TWICE = """
    INSERT INTO postings SELECT county_code, origin, entry_id, position + 1, amount, on_day, layer, payer, payee,
        source, target FROM postings WHERE payee = 'hospital:H45990100201'
"""


async def test_deadlines_name_what_runs_out_what_rolls_and_aid_that_nobody_applied_for(
    parties: Parties, calendar: Calendar, settled: Settled, engine: AsyncEngine
) -> None:
    case = Case(JUNE_9, H1, {"top_up": 300_00, "aid": 80_00})
    await settled(case)
    async with transaction_on(engine) as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.execute(text("UPDATE settlement_layers SET way = 'expected' WHERE payer = 'civil_affairs'"))
        await tx.execute(text(LIVE))
        for statement in AGREEMENTS:
            await tx.execute(text(statement))
    calendar.turn_to("2018-07-02")
    for period in ("2018-06", "2018-07"):
        statement = (await parties.run(PAYER, period))["items"][0]
        await hold_all(parties, statement)
        calendar.turn_to("2018-08-02")

    async def due(call: Call) -> set[tuple[str, str, str]]:
        found = await done(await call("GET", "/v1/deadlines"), 200)
        named = ("agreement.ends", "aid.apply", "line.held", "card.ends")
        return {(one["kind"], one["due_on"], one["amount"]) for one in found["items"] if one["kind"] in named}

    held, aid = ("line.held", "2018-07-02", "300.00"), ("aid.apply", "2018-12-31", "80.00")
    agreement = ("agreement.ends", "2018-08-20", "0.00")
    card = ("card.ends", "2018-08-10", "0.00")
    assert await due(parties.agency) == await due(parties.auditor) == {held, aid, agreement, card}
    assert await due(parties.insurer) == {held, agreement}
    assert await due(parties.civil) == {aid}
    assert await due(parties.hospital) == {held, aid, agreement}
    assert await due(parties.other_hospital) == set()
    told = await done(await parties.insurer("GET", "/v1/deadlines"), 200)
    assert "2" in next(one["text"]["zh"] for one in told["items"] if one["kind"] == "line.held")


LIVE = """
    INSERT INTO live_visits SELECT hospital_code, visit_no, interim_no, county_code, person_no, id, visit_type,
        admitted_on, last_day FROM settlements
"""
# One agreement that ends without another, one that is renewed; a card that ends, one renewed, one refused.
AGREEMENTS = (
    """
    INSERT INTO agreements (county_code, agreement_id, insurer, hospital_code, policy_no, valid, recorded_at,
        recorded_by)
    SELECT '459901', gen_random_uuid(), insurer, 'H45990100101', 'P', valid::daterange, '2018-01-01', 'test'
    FROM (VALUES ('top_up_insurer', '[2018-01-01, 2018-08-20]'), ('serious_insurer', '[2018-01-01, 2018-08-20]'),
        ('serious_insurer', '[2018-08-21, 2019-08-20]')) made (insurer, valid)
    """,
    """
    INSERT INTO chronic_cards (county_code, card_id, person_no, disease_code, certificate_hospital_code,
        certificate_issued_on, applied_on, status, decided_at, decided_by, valid, recorded_at, recorded_by)
    SELECT '459901', gen_random_uuid(), 'P1', disease, 'H45990100101', '2018-01-01', '2018-01-01', status, '2018-01-01',
        'test', valid::daterange, '2018-01-01', 'test'
    FROM (VALUES ('CD01', 'approved', '[2018-01-01, 2018-08-10]'), ('CD02', 'approved', '[2018-01-01, 2018-08-10]'),
        ('CD02', 'approved', '[2018-08-11, 2019-08-10]'), ('CD03', 'refused', '[2018-01-01, 2018-08-10]'))
        made (disease, status, valid)
    """,
)


async def hold_all(parties: Parties, statement: dict[str, Any]) -> None:
    content = "结算号,金额\r\nnothing,1.00".encode()
    files = {"file": ("a.csv", content)}
    match = await done(await parties.insurer("POST", f"/v1/statements/{statement['id']}/matches", files=files))
    for one in match["differences"]:
        if one["line_no"] is None:
            continue
        path = f"/v1/differences/{one['id']}/resolution"
        for operator in ("jia", "yi"):
            await done(await parties.insurer("POST", path, {"resolution": "hold_back"}, operator=operator), 200)
