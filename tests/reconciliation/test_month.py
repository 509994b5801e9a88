"""A month from discharge to receipt: billed, confirmed, paid in parts, received."""

import asyncio
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db import transaction_on
from tests.cases.county import done
from tests.reconciliation.bulk import Case
from tests.reconciliation.conftest import H1, H2, Calendar, Parties

JUNE_9, JUNE_20, JULY_3 = date(2018, 6, 9), date(2018, 6, 20), date(2018, 7, 3)


def layers(top_up: int, basic: int = 9_680_00) -> dict[str, int]:
    return {"basic": basic, "serious": 0, "aid": 0, "top_up": top_up}


async def test_a_month_is_billed_once_per_hospital_and_again_the_same(
    parties: Parties, calendar: Calendar, settled: Any
) -> None:
    await settled(Case(JUNE_9, H1, layers(2_299_60)), Case(JUNE_20, H1, layers(100_00)), Case(JUNE_9, H2, layers(7)))
    calendar.turn_to("2018-07-02")

    draft = await parties.run("top_up_insurer", "2018-06", dry_run=True)
    first = await parties.run("top_up_insurer", "2018-06")
    again = await parties.run("top_up_insurer", "2018-06")

    assert [(one["hospital_code"], one["total"], one["line_count"]) for one in first["items"]] == [
        (H1, "2399.60", 2),
        (H2, "0.07", 1),
    ]
    assert [one["status"] for one in draft["items"]] == ["draft", "draft"]
    assert [one["total"] for one in draft["items"]] == [one["total"] for one in first["items"]]
    assert again["items"] == first["items"]
    assert first["items"][0]["due_on"] == "2018-07-15"


async def test_a_period_that_has_not_ended_is_refused(parties: Parties, calendar: Calendar, settled: Any) -> None:
    await settled(Case(JUNE_9, H1, layers(1_00)))
    calendar.turn_to("2018-06-30")
    refused = await parties.run("top_up_insurer", "2018-06", status=409)
    wrong = await parties.run("civil_affairs", "2018-06", status=422)
    nobody = await parties.run("other_sources", "2018-06", status=422)

    assert [one["code"] for one in (refused, wrong, nobody)] == [
        "period.open",
        "period.invalid",
        "period.no_calendar",
    ]


async def test_a_reversal_within_the_month_is_a_line_and_a_later_one_an_adjustment(
    parties: Parties, calendar: Calendar, settled: Any
) -> None:
    kept, undone, later = (Case(JUNE_9, H1, layers(n * 100_00)) for n in (1, 2, 3))
    await settled(kept, undone, later, undone.reversed_on(JUNE_20))
    calendar.turn_to("2018-07-02")
    june = (await parties.run("top_up_insurer", "2018-06"))["items"][0]
    await settled(later.reversed_on(JULY_3), kept.amended_on(JULY_3, top_up=150_00), Case(JULY_3, H1, layers(500_00)))
    calendar.turn_to("2018-08-01")
    july = (await parties.run("top_up_insurer", "2018-07"))["items"][0]

    june_lines, july_lines = await parties.lines(june["id"]), await parties.lines(july["id"])
    assert sorted((line["kind"], line["amount"]) for line in june_lines) == [
        ("advance", "100.00"),
        ("advance", "200.00"),
        ("advance", "300.00"),
        ("reversal", "-200.00"),
    ]
    numbers = {line["amount"]: line["payer_claim_no"] for line in june_lines}
    assert sorted((line["kind"], line["amount"], line["original_line"]) for line in july_lines) == [
        ("adjustment", "-300.00", numbers["300.00"]),
        ("adjustment", "50.00", numbers["100.00"]),
        ("advance", "500.00", None),
    ]
    assert (june["total"], july["total"]) == ("400.00", "250.00")


async def test_a_negative_statement_carries_forward(parties: Parties, calendar: Calendar, settled: Any) -> None:
    case = Case(JUNE_9, H1, layers(300_00))
    await settled(case)
    calendar.turn_to("2018-07-02")
    june = (await parties.run("top_up_insurer", "2018-06"))["items"][0]
    await parties.pay(june, "300.00")
    await settled(case.reversed_on(JULY_3))
    calendar.turn_to("2018-08-01")
    july = (await parties.run("top_up_insurer", "2018-07"))["items"][0]
    await settled(Case(date(2018, 8, 5), H1, layers(500_00)))
    calendar.turn_to("2018-09-01")
    august = (await parties.run("top_up_insurer", "2018-08"))["items"][0]
    await parties.pay(august, "200.00")

    assert (july["total"], july["overdue"]) == ("-300.00", False)
    assert (august["lines_total"], august["carried_forward"], august["total"]) == ("500.00", "-300.00", "200.00")
    assert (await parties.statement(july["id"]))["status"] == "closed"
    assert (await parties.statement(august["id"]))["outstanding"] == "0.00"
    owed = await done(await parties.agency("GET", "/v1/advances?payer=top_up_insurer"), 200)
    assert [(one["unbilled"], one["billed"], one["paid"]) for one in owed["items"]] == [("0.00", "0.00", "500.00")]


async def test_hospital_then_payer_confirm_as_two_callers(parties: Parties, calendar: Calendar, settled: Any) -> None:
    await settled(Case(JUNE_9, H1, layers(300_00)))
    calendar.turn_to("2018-07-02")
    path = f"/v1/statements/{(await parties.run('top_up_insurer', '2018-06'))['items'][0]['id']}"

    early = await parties.insurer("POST", f"{path}/confirmation")
    foreign = await parties.other_hospital("POST", f"{path}/confirmation")
    first = await parties.hospital("POST", f"{path}/confirmation")
    twice = await parties.hospital("POST", f"{path}/confirmation")
    second = await parties.insurer("POST", f"{path}/confirmation")

    assert early.json()["code"] == "statement.not_confirmed_by_hospital"
    assert (foreign.status_code, foreign.json()["code"]) == (404, "statement.unknown")
    assert twice.json()["code"] == "statement.already_confirmed"
    assert (first.json()["status"], second.json()["status"]) == ("issued", "confirmed")


async def test_what_nobody_objects_to_is_confirmed_after_the_packs_days_and_overdue_after_the_15th(
    parties: Parties, calendar: Calendar, settled: Any
) -> None:
    await settled(Case(JUNE_9, H1, layers(300_00)))
    calendar.turn_to("2018-07-02")
    statement = (await parties.run("top_up_insurer", "2018-06"))["items"][0]
    states = []
    for day in ("2018-07-12", "2018-07-13", "2018-07-15", "2018-07-16"):
        calendar.turn_to(day)
        now = await parties.statement(statement["id"])
        states.append((now["status"], now["overdue"]))

    assert states == [("issued", False), ("confirmed", False), ("confirmed", False), ("confirmed", True)]


async def test_partial_payments_clear_lines_in_order_until_the_hospital_has_the_money(
    parties: Parties, calendar: Calendar, settled: Any
) -> None:
    await settled(Case(JUNE_9, H1, layers(300_00)), Case(JUNE_20, H1, layers(200_00)))
    calendar.turn_to("2018-07-02")
    statement = (await parties.run("top_up_insurer", "2018-06"))["items"][0]
    one = await parties.pay(statement, "350.00")
    partly = await parties.statement(statement["id"])
    two = await parties.pay(statement, "150.00")
    paid = await parties.statement(statement["id"])
    for payment in (one, two):
        await done(await parties.hospital("POST", f"/v1/payments/{payment['id']}/receipt"), 200)
    closed = await parties.statement(statement["id"])

    assert (partly["paid"], partly["outstanding"], partly["status"]) == ("350.00", "150.00", "issued")
    assert (paid["status"], closed["status"]) == ("paid", "closed")
    found = await done(await parties.agency("GET", f"/v1/statements/{statement['id']}/differences"), 200)
    assert [(each["kind"], each["status"]) for each in found["items"]] == [("underpaid", "gone")]


async def test_many_runs_at_once_are_all_answered_and_leave_the_server_to_others(
    parties: Parties, calendar: Calendar, settled: Any
) -> None:
    await settled(*(Case(JUNE_9, f"H4599010020{n}", layers(10_00)) for n in range(4)))
    calendar.turn_to("2018-07-02")
    runs = [asyncio.create_task(parties.run("top_up_insurer", "2018-06")) for _ in range(12)]
    async with asyncio.timeout(15):
        await done(await parties.hospital("GET", "/v1/statements"), 200)
        answers = await asyncio.gather(*runs)

    assert [(len(one["items"]), one["failed"]) for one in answers] == [(4, [])] * 12


async def test_a_run_in_which_a_hospital_failed_is_logged_and_not_kept_under_its_key(
    parties: Parties, calendar: Calendar, settled: Any, engine: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    await settled(Case(JUNE_9, H1, layers(10_00)))
    calendar.turn_to("2018-07-02")
    async with transaction_on(engine) as tx:
        await tx.execute(text("ALTER TABLE statements ADD CONSTRAINT bad CHECK (hospital_code <> 'H45990100101')"))
    body = {"payer": "top_up_insurer", "period": "2018-06", "dry_run": False}
    failed = await done(await parties.agency("POST", "/v1/statements/run", body, key="june"), 200)
    async with transaction_on(engine) as tx:
        await tx.execute(text("ALTER TABLE statements DROP CONSTRAINT bad"))
    run = await done(await parties.agency("POST", "/v1/statements/run", body, key="june"), 200)
    again = await parties.agency("POST", "/v1/statements/run", body, key="june")

    assert [one["code"] for one in failed["failed"]] == ["statement.failed"]
    assert (len(run["items"]), run["failed"]) == (1, [])
    assert (again.headers["Idempotent-Replayed"], again.json()) == ("true", run)
    assert "statement failed" in caplog.messages
