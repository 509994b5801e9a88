"""What comes back and what is made good: returned surpluses, payment differences, recoveries, refusals."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db import transaction_on
from service.proof.book_of_deductions import DEDUCTIONS
from tests.cases.county import COUNTY, done
from tests.reconciliation.bulk import Case
from tests.reconciliation.conftest import H1, H2, Calendar, Parties

JUNE_9, JUNE_20, JULY_3, JULY_9, AUGUST_5 = (
    date(2018, 6, 9),
    date(2018, 6, 20),
    date(2018, 7, 3),
    date(2018, 7, 9),
    date(2018, 8, 5),
)
PAYER = "top_up_insurer"
Settled = Callable[..., Awaitable[None]]
STATES = ("unbilled", "billed", "paid", "deducted", "returned", "prepaid")


@pytest.fixture
async def statements(parties: Parties, calendar: Calendar, settled: Settled) -> list[dict[str, Any]]:
    """June and July of one hospital: 500.00 and 300.00."""
    await settled(Case(JUNE_9, H1, {"top_up": 500_00}), Case(JULY_9, H1, {"top_up": 300_00}))
    calendar.turn_to("2018-08-01")
    return [(await parties.run(PAYER, period))["items"][0] for period in ("2018-06", "2018-07")]


async def pay(parties: Parties, amount: str, statement: dict[str, Any] | None, reference: str) -> Any:
    allocations = [{"statement_id": statement["id"], "amount": amount}] if statement is not None else []
    body = {"payer": PAYER, "hospital_code": H1, "bank_reference": reference, "paid_on": "2018-08-01"}
    return await done(
        await parties.insurer("POST", "/v1/payments", body | {"amount": amount, "allocations": allocations})
    )


async def send_back(parties: Parties, payment: dict[str, Any]) -> Any:
    body = {"returned_on": "2018-08-03", "reason": "户名不符"}
    return await parties.insurer("POST", f"/v1/payments/{payment['id']}/return", body)


async def deduct(parties: Parties, statement: dict[str, Any], kind: str, amount: str, **more: Any) -> Any:
    body = {"kind": kind, "amount": amount, "reason": "原因"} | more
    return await parties.insurer("POST", f"/v1/statements/{statement['id']}/deductions", body)


async def owed(parties: Parties) -> dict[str, str]:
    found = await done(await parties.agency("GET", f"/v1/advances?payer={PAYER}&hospital={H1}"), 200)
    return {name: amount for name, amount in found["items"][0].items() if name in STATES and amount != "0.00"}


async def differences(parties: Parties, statement: dict[str, Any]) -> list[tuple[str, str]]:
    found = await done(await parties.agency("GET", f"/v1/statements/{statement['id']}/differences"), 200)
    return [(one["kind"], one["status"]) for one in found["items"]]


async def wrong_deductions(engine: AsyncEngine) -> list[Any]:
    """What verification finds wrong with deductions and what undid them."""
    async with transaction_on(engine) as tx:
        return [
            tuple(row)
            for query in DEDUCTIONS.values()
            for row in await tx.execute(text(query), {"county_code": COUNTY})
        ]


async def test_a_transfer_whose_surplus_was_offset_comes_back_with_the_offset(
    parties: Parties, statements: list[dict[str, Any]], engine: AsyncEngine
) -> None:
    june, july = statements
    paid = await pay(parties, "560.00", june, "R1")
    await done(await deduct(parties, july, "prepayment_offset", "60.00"))
    between = (await owed(parties), await differences(parties, june))
    await done(await send_back(parties, paid), 200)
    after = await owed(parties)
    await pay(parties, "500.00", june, "R2")
    await pay(parties, "300.00", july, "R3")

    assert between == ({"billed": "240.00", "paid": "500.00", "deducted": "60.00"}, [("overpaid", "gone")])
    assert after == {"billed": "300.00", "returned": "500.00"}
    assert await owed(parties) == {"paid": "800.00"}
    assert (await parties.statement(july["id"]))["deducted"] == "0.00"
    assert await wrong_deductions(engine) == []


async def test_what_other_transfers_brought_stays_offset_when_one_comes_back(
    parties: Parties, statements: list[dict[str, Any]], engine: AsyncEngine
) -> None:
    july = statements[1]
    first, _ = await pay(parties, "60.00", None, "R1"), await pay(parties, "40.00", None, "R2")
    await done(await deduct(parties, july, "prepayment_offset", "100.00"))
    await done(await send_back(parties, first), 200)

    assert await owed(parties) == {"billed": "760.00", "deducted": "40.00"}
    assert (await parties.statement(july["id"]))["outstanding"] == "260.00"
    listed = await done(await parties.hospital("GET", f"/v1/statements/{july['id']}/deductions"), 200)
    assert [(one["amount"], one["released"]) for one in listed["items"]] == [("100.00", True), ("40.00", False)]
    assert await wrong_deductions(engine) == []


async def test_an_offset_on_a_statement_that_was_carried_keeps_its_transfer(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    kept, undone = Case(JUNE_9, H1, {"top_up": 50_00}), Case(JUNE_9, H1, {"top_up": 200_00})
    await settled(undone)
    calendar.turn_to("2018-07-02")
    june = (await parties.run(PAYER, "2018-06"))["items"][0]
    await parties.pay(june, "200.00")
    paid = await pay(parties, "40.00", None, "R1")
    await settled(Case(JULY_9, H1, {"top_up": 260_00}), undone.reversed_on(JULY_3), kept)
    calendar.turn_to("2018-08-01")
    await parties.run(PAYER, "2018-07")
    july = (await done(await parties.agency("GET", "/v1/statements?period=2018-07"), 200))["items"][0]
    await done(await deduct(parties, july, "prepayment_offset", "40.00"))
    lines = await parties.lines(july["id"])
    rows = "\r\n".join(f"{one['settlement_id']},{one['amount']}" for one in lines if one["amount"] != "260.00")
    files = {"file": ("a.csv", f"结算号,金额\r\n{rows}".encode())}
    match = await done(await parties.insurer("POST", f"/v1/statements/{july['id']}/matches", files=files))
    missing = next(one for one in match["differences"] if one["ours"] == "260.00")
    for operator in ("jia", "yi"):
        path = f"/v1/differences/{missing['id']}/resolution"
        await done(await parties.insurer("POST", path, {"resolution": "hold_back"}, operator=operator), 200)
    await settled(Case(AUGUST_5, H1, {"top_up": 900_00}))
    calendar.turn_to("2018-09-01")
    await parties.run(PAYER, "2018-08")
    before = await owed(parties)
    refused = await send_back(parties, paid)

    assert (await parties.statement(july["id"]))["carried_into"] is not None
    assert (refused.status_code, refused.json()["code"]) == (409, "deduction.offset_carried")
    assert await owed(parties) == before


async def test_a_payment_difference_closes_when_it_is_made_good(
    parties: Parties, statements: list[dict[str, Any]]
) -> None:
    june, july = statements
    short = await pay(parties, "100.00", june, "R1")
    opened = await differences(parties, june)
    await done(await send_back(parties, short), 200)
    gone = await differences(parties, june)
    await pay(parties, "200.00", june, "R2")
    await done(await deduct(parties, june, "refusal", "300.00"))
    too_much = await pay(parties, "310.00", july, "R3")
    over = await differences(parties, july)
    await done(await send_back(parties, too_much), 200)

    assert (opened, gone) == ([("underpaid", "open")], [("underpaid", "gone")])
    assert await differences(parties, june) == [("underpaid", "gone")] * 2
    assert (over, await differences(parties, july)) == ([("overpaid", "open")], [("overpaid", "gone")])


async def test_a_recovery_is_offset_against_later_statements_until_it_is_used_up(
    parties: Parties, calendar: Calendar, settled: Settled, statements: list[dict[str, Any]]
) -> None:
    june, july = statements
    await pay(parties, "500.00", june, "R1")
    document = {"document_no": "医保查〔2018〕12号"}
    too_much = await deduct(parties, june, "recovery", "500.01", **document)
    first = await done(await deduct(parties, june, "recovery", "450.00", **document))
    again = await deduct(parties, july, "recovery", "10.00", **document)
    due = await done(await parties.insurer("GET", "/v1/deadlines"), 200)
    await settled(Case(AUGUST_5, H1, {"top_up": 120_00}), Case(date(2018, 9, 5), H1, {"top_up": 900_00}))
    await settled(Case(AUGUST_5, H2, {"top_up": 70_00}))
    calendar.turn_to("2018-10-01")
    draft = (await parties.run(PAYER, "2018-08", dry_run=True))["items"][0]
    august, other = (await parties.run(PAYER, "2018-08"))["items"]
    september = (await parties.run(PAYER, "2018-09"))["items"][0]

    assert [one.json()["code"] for one in (too_much, again)] == ["deduction.too_large", "deduction.document_used"]
    assert (first["amount"], first["taken"], first["left"]) == ("450.00", "0.00", "450.00")
    assert ("recovery.left", "450.00") in [(one["kind"], one["amount"]) for one in due["items"]]
    assert (draft["deducted"], draft["outstanding"]) == ("120.00", "0.00")
    assert [(one["total"], one["deducted"], one["outstanding"]) for one in (august, september, other)] == [
        ("120.00", "120.00", "0.00"),
        ("900.00", "330.00", "570.00"),
        ("70.00", "0.00", "70.00"),
    ]
    listed = await done(await parties.hospital("GET", f"/v1/statements/{september['id']}/deductions"), 200)
    assert [(one["amount"], one["taken"], one["left"]) for one in listed["items"]] == [("450.00", "330.00", "0.00")]
    assert await owed(parties) == {"billed": "870.00", "paid": "500.00", "deducted": "450.00"}


async def test_a_case_recovered_and_then_reversed_is_lost_once(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    case = Case(JUNE_9, H1, {"top_up": 200_00})
    await settled(case)
    calendar.turn_to("2018-07-02")
    june = (await parties.run(PAYER, "2018-06"))["items"][0]
    await parties.pay(june, "200.00")
    await done(await deduct(parties, june, "recovery", "150.00", lines=[1], document_no="检〔2018〕1号"))
    await settled(case.reversed_on(JULY_3), Case(JULY_9, H1, {"top_up": 1000_00}))
    calendar.turn_to("2018-08-01")
    july = (await parties.run(PAYER, "2018-07"))["items"][0]

    # 1000 less the 200 that were paid: the 150 recovered are taken and, with the case gone, owed again.
    assert (july["lines_total"], july["deducted"], july["outstanding"]) == ("950.00", "150.00", "800.00")


async def test_a_case_refused_and_then_lowered_never_owes_more_than_it_claimed(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    case, kept = Case(JUNE_9, H1, {"top_up": 200_00}), Case(JUNE_9, H1, {"top_up": 1000_00})
    await settled(case, kept)
    calendar.turn_to("2018-07-02")
    june = (await parties.run(PAYER, "2018-06"))["items"][0]
    number = next(line["line_no"] for line in await parties.lines(june["id"]) if line["amount"] == "200.00")
    await done(await deduct(parties, june, "refusal", "150.00", lines=[number]))
    await parties.pay(june, "1050.00")
    await settled(case.amended_on(JULY_3, top_up=120_00), Case(JULY_9, H1, {"top_up": 500_00}))
    calendar.turn_to("2018-08-01")
    july = (await parties.run(PAYER, "2018-07"))["items"][0]

    # The case claims 120 of which 150 were refused: nothing is owed for it, and the 50 paid go back, no more.
    assert july["total"] == "450.00"


async def test_a_refusal_that_names_no_lines_is_given_back_with_the_case_it_was_taken_of(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    case = Case(JUNE_9, H1, {"top_up": 200_00})
    await settled(case)
    calendar.turn_to("2018-07-02")
    june = (await parties.run(PAYER, "2018-06"))["items"][0]
    await done(await deduct(parties, june, "refusal", "150.00"))
    await parties.pay(june, "50.00")
    await settled(case.reversed_on(JULY_3), Case(JULY_9, H1, {"top_up": 500_00}))
    calendar.turn_to("2018-08-01")
    july = (await parties.run(PAYER, "2018-07"))["items"][0]

    assert july["total"] == "450.00"


async def test_nothing_is_refused_of_a_case_whose_reversal_was_billed(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    case = Case(JUNE_9, H1, {"top_up": 200_00})
    await settled(case)
    calendar.turn_to("2018-07-02")
    june = (await parties.run(PAYER, "2018-06"))["items"][0]
    await settled(case.reversed_on(JULY_3))
    calendar.turn_to("2018-08-01")
    await parties.run(PAYER, "2018-07")

    named = await deduct(parties, june, "refusal", "10.00", lines=[1])
    unknown = await deduct(parties, june, "refusal", "10.00", lines=[1, 99_999])

    assert [one.json()["code"] for one in (named, unknown)] == ["deduction.too_large", "deduction.line_unknown"]
    assert "99999" in unknown.json()["detail"]
