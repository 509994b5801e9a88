"""What one statement leaves to the next: holds, negative sums, refusals of a case that is reversed."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db import transaction_on
from service.money import yuan
from tests.cases.county import done
from tests.reconciliation.bulk import Case
from tests.reconciliation.conftest import H1, Calendar, Parties

JUNE_9, JULY_3, JULY_9, AUGUST_5 = date(2018, 6, 9), date(2018, 7, 3), date(2018, 7, 9), date(2018, 8, 5)
PAYER = "top_up_insurer"
Settled = Callable[..., Awaitable[None]]


async def held_back(parties: Parties, statement: dict[str, Any], listed: list[tuple[Case, int]]) -> None:
    """The insurer's file lists some lines; what it does not list is held back."""
    content = "结算号,金额\r\n" + "\r\n".join(f"{case.id},{yuan(amount)}" for case, amount in listed)
    files = {"file": ("a.csv", content.encode())}
    match = await done(await parties.insurer("POST", f"/v1/statements/{statement['id']}/matches", files=files))
    [missing] = match["differences"]
    path = f"/v1/differences/{missing['id']}/resolution"
    for operator in ("jia", "yi"):
        await done(await parties.insurer("POST", path, {"resolution": "hold_back"}, operator=operator), 200)


async def june_paid_then_reversed(
    parties: Parties, calendar: Calendar, settled: Settled, june: int, july: int
) -> tuple[dict[str, Any], Case, Case]:
    """June is paid whole; July has another case and June's reversal. Gives July's statement and both cases."""
    first, second = Case(JUNE_9, H1, {"top_up": june}), Case(JULY_9, H1, {"top_up": july})
    await settled(first)
    calendar.turn_to("2018-07-02")
    await parties.pay((await parties.run(PAYER, "2018-06"))["items"][0], yuan(june))
    await settled(second, first.reversed_on(JULY_3))
    calendar.turn_to("2018-08-01")
    return (await parties.run(PAYER, "2018-07"))["items"][0], first, second


async def owed(parties: Parties) -> tuple[str, str]:
    found = await done(await parties.agency("GET", f"/v1/advances?payer={PAYER}&hospital={H1}"), 200)
    return found["items"][0]["unbilled"], found["items"][0]["billed"]


async def test_holding_a_claim_back_carries_the_reversal_that_is_left(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    july, first, _ = await june_paid_then_reversed(parties, calendar, settled, 200_00, 300_00)
    await held_back(parties, july, [(first, -200_00)])
    assert (await parties.statement(july["id"]))["outstanding"] == "-200.00"

    await settled(Case(AUGUST_5, H1, {"top_up": 50_00}))
    calendar.turn_to("2018-09-01")
    august = (await parties.run(PAYER, "2018-08"))["items"][0]

    assert (august["lines_total"], august["carried_forward"], august["total"]) == ("350.00", "-200.00", "150.00")
    await parties.pay(august, "150.00")
    assert await owed(parties) == ("0.00", "0.00")


async def test_holding_a_reversal_back_leaves_the_claim_to_pay_and_bills_the_reversal_next(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    july, _, second = await june_paid_then_reversed(parties, calendar, settled, 300_00, 100_00)
    await held_back(parties, july, [(second, 100_00)])
    await parties.pay(july, "100.00")

    await settled(Case(AUGUST_5, H1, {"top_up": 900_00}))
    calendar.turn_to("2018-09-01")
    august = (await parties.run(PAYER, "2018-08"))["items"][0]

    assert (await parties.statement(july["id"]))["outstanding"] == "0.00"
    assert (august["carried_forward"], august["total"]) == ("0.00", "600.00")
    await parties.pay(august, "600.00")
    assert await owed(parties) == ("0.00", "0.00")


async def test_a_negative_statement_with_a_retention_waits_for_its_release(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    july, first, _ = await june_paid_then_reversed(parties, calendar, settled, 200_00, 300_00)
    path = f"/v1/statements/{july['id']}/deductions"
    kept = await done(await parties.insurer("POST", path, {"kind": "retention", "amount": "50.00", "reason": "5%"}))
    await held_back(parties, july, [(first, -200_00)])
    await settled(Case(AUGUST_5, H1, {"top_up": 50_00}), Case(date(2018, 9, 5), H1, {"top_up": 400_00}))
    calendar.turn_to("2018-10-01")
    august = (await parties.run(PAYER, "2018-08"))["items"][0]
    await done(await parties.insurer("POST", f"{path}/{kept['id']}/release", {"reason": "year"}), 200)
    september = (await parties.run(PAYER, "2018-09"))["items"][0]

    assert (august["carried_forward"], september["carried_forward"]) == ("0.00", "-150.00")


async def test_a_change_that_comes_to_nothing_is_no_earlier_period(
    parties: Parties, calendar: Calendar, settled: Settled, engine: AsyncEngine
) -> None:
    await settled(Case(JULY_9, H1, {"top_up": 10_00}))
    entry = "INSERT INTO ledger_entries VALUES ('459901', :id, 'readjudication', :id, :id, now(), '2018-06-09')"
    posting = (
        "INSERT INTO postings VALUES ('459901', :id, :id, :position, 20, '2018-06-09', :layer,"
        " 'top_up_insurer', 'hospital:' || :hospital, :source, :target)"
    )
    key = {"id": uuid4()}
    async with transaction_on(engine) as tx:
        await tx.execute(text(entry), key)
        moves = [("aid", "unbilled", "fund"), ("top_up", "fund", "unbilled")]
        for position, (layer, source, target) in enumerate(moves):
            values = {"hospital": H1, "position": position, "layer": layer, "source": source, "target": target}
            await tx.execute(text(posting), key | values)
    calendar.turn_to("2018-08-02")
    run = await parties.run(PAYER, "2018-07")

    assert (run["failed"], [one["total"] for one in run["items"]]) == ([], ["10.00"])


async def test_a_case_refused_and_then_reversed_is_lost_once(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    refused, kept = Case(JUNE_9, H1, {"top_up": 200_00}), Case(JUNE_9, H1, {"top_up": 1000_00})
    await settled(refused, kept)
    calendar.turn_to("2018-07-02")
    june = (await parties.run(PAYER, "2018-06"))["items"][0]
    number = next(line["line_no"] for line in await parties.lines(june["id"]) if line["amount"] == "200.00")
    refusal = {"kind": "refusal", "amount": "150.00", "lines": [number], "reason": "not indicated"}
    await done(await parties.insurer("POST", f"/v1/statements/{june['id']}/deductions", refusal))
    await parties.pay(june, "1050.00")
    await settled(refused.reversed_on(JULY_3), Case(JULY_9, H1, {"top_up": 500_00}))
    calendar.turn_to("2018-08-01")
    draft = (await parties.run(PAYER, "2018-07", dry_run=True))["items"][0]
    july = (await parties.run(PAYER, "2018-07"))["items"][0]

    assert (july["total"], july["line_count"]) == (draft["total"], draft["line_count"]) == ("450.00", 3)
    lines = await parties.lines(july["id"])
    assert sorted((line["kind"], line["amount"]) for line in lines) == [
        ("adjustment", "-200.00"),
        ("adjustment", "150.00"),
        ("advance", "500.00"),
    ]
    await parties.pay(july, "450.00")
    found = await done(await parties.agency("GET", f"/v1/advances?payer={PAYER}&hospital={H1}"), 200)
    amounts = [found["items"][0][state] for state in ("unbilled", "billed", "paid", "deducted")]
    assert amounts == ["0.00", "0.00", "1500.00", "0.00"]


async def test_what_was_owed_again_for_a_reversed_case_is_owed_again_once(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    refused = Case(JUNE_9, H1, {"top_up": 200_00})
    await settled(refused)
    calendar.turn_to("2018-07-02")
    june = (await parties.run(PAYER, "2018-06"))["items"][0]
    refusal = {"kind": "refusal", "amount": "200.00", "lines": [1], "reason": "not indicated"}
    await done(await parties.insurer("POST", f"/v1/statements/{june['id']}/deductions", refusal))
    await settled(refused.reversed_on(JULY_3), Case(AUGUST_5, H1, {"top_up": 500_00}))
    calendar.turn_to("2018-09-01")
    july = (await parties.run(PAYER, "2018-07"))["items"][0]
    august = (await parties.run(PAYER, "2018-08"))["items"][0]

    assert (july["total"], july["line_count"]) == ("0.00", 2)
    assert (august["total"], august["line_count"]) == ("500.00", 1)
    flows = await done(await parties.agency("GET", "/v1/reports/clearing?period=2018-09"), 200)
    [one] = [each for each in flows["items"] if each["payer"] == PAYER]
    assert (one["released"], one["owed_after"]) == ("200.00", "500.00")


async def test_a_later_negative_statement_makes_an_overdue_one_no_less_overdue_until_it_is_carried(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    paid, unpaid = Case(JUNE_9, H1, {"top_up": 300_00}), Case(JUNE_9, H1, {"top_up": 300_00})
    await settled(paid, unpaid)
    calendar.turn_to("2018-07-02")
    await parties.pay((await parties.run(PAYER, "2018-06"))["items"][0], "300.00")
    await settled(paid.reversed_on(JULY_3))
    calendar.turn_to("2018-08-02")
    await parties.run(PAYER, "2018-07")
    await settled(Case(AUGUST_5, H1, {"top_up": 100_00}), Case(date(2018, 9, 5), H1, {"top_up": 500_00}))
    seen = [await overdue_on(parties, calendar, "2018-08-20")]
    calendar.turn_to("2018-10-02")
    await parties.run(PAYER, "2018-08")
    await parties.run(PAYER, "2018-09")
    seen.append(await overdue_on(parties, calendar, "2018-10-20"))

    # September takes over what July and, with it, August left: 500 - (300 - 100).
    assert seen == [("300.00", "300.00"), ("600.00", "300.00")]


async def overdue_on(parties: Parties, calendar: Calendar, day: str) -> tuple[str, str]:
    """What is overdue on a day: in all, and of it since more than 30 days."""
    calendar.turn_to(day)
    [one] = (await done(await parties.agency("GET", f"/v1/advances?payer={PAYER}"), 200))["items"]
    assert one["county_code"] == "459901"
    ages = one["overdue_by_age"]
    return one["overdue"], ages["over_60"] if ages["over_60"] != "0.00" else ages["31-60"]
