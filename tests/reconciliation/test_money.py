"""What settles a statement: transfers over several, deductions, returns; and what the ledger says meanwhile."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db import transaction_on
from tests.cases.county import done
from tests.reconciliation.bulk import Case
from tests.reconciliation.conftest import H1, H2, Calendar, Parties

JUNE_9, JULY_9 = date(2018, 6, 9), date(2018, 7, 9)
PAYER = "top_up_insurer"
Settled = Callable[..., Awaitable[None]]


@pytest.fixture
async def statements(parties: Parties, calendar: Calendar, settled: Settled) -> list[dict[str, Any]]:
    """June and July of one hospital: 500.00 on two lines, and 300.00 on one."""
    await settled(
        Case(JUNE_9, H1, {"top_up": 200_00}), Case(JUNE_9, H1, {"top_up": 300_00}), Case(JULY_9, H1, {"top_up": 300_00})
    )
    calendar.turn_to("2018-08-01")
    return [(await parties.run(PAYER, period))["items"][0] for period in ("2018-06", "2018-07")]


def transfer(amount: str, *allocations: tuple[dict[str, Any], str], reference: str = "R1") -> dict[str, Any]:
    return {
        "payer": PAYER,
        "hospital_code": H1,
        "bank_reference": reference,
        "paid_on": "2018-08-02",
        "amount": amount,
        "allocations": [{"statement_id": one["id"], "amount": part} for one, part in allocations],
    }


async def owed(parties: Parties) -> dict[str, str]:
    found = await done(await parties.agency("GET", f"/v1/advances?payer={PAYER}&hospital={H1}"), 200)
    return {name: amount for name, amount in found["items"][0].items() if name in STATES and amount != "0.00"}


STATES = ("unbilled", "billed", "paid", "deducted", "returned", "prepaid")


async def test_one_transfer_covers_several_statements_and_its_reference_is_used_once(
    parties: Parties, statements: list[dict[str, Any]]
) -> None:
    june, july = statements
    body = transfer("700.00", (june, "500.00"), (july, "200.00"))
    paid = await done(await parties.insurer("POST", "/v1/payments", body))
    again = await parties.insurer("POST", "/v1/payments", body)
    too_much = await parties.insurer("POST", "/v1/payments", transfer("1.00", (july, "2.00"), reference="R2"))
    foreign = await parties.civil("POST", "/v1/payments", transfer("1.00", (july, "1.00"), reference="R3"))

    assert paid["prepaid"] == "0.00"
    assert [one.json()["code"] for one in (again, too_much, foreign)] == [
        "payment.reference_used",
        "payment.allocations",
        "payer.unknown",
    ]
    assert await owed(parties) == {"billed": "100.00", "paid": "700.00"}


async def test_the_same_key_pays_once(parties: Parties, statements: list[dict[str, Any]]) -> None:
    body = transfer("500.00", (statements[0], "500.00"))
    first = await parties.insurer("POST", "/v1/payments", body, key="pay-june")
    again = await parties.insurer("POST", "/v1/payments", body, key="pay-june")
    other = await parties.insurer("POST", "/v1/payments", body | {"amount": "600.00"}, key="pay-june")

    assert (first.status_code, again.status_code, first.content) == (201, 201, again.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.json()["code"] == "idempotency.key_reused"
    assert await owed(parties) == {"billed": "300.00", "paid": "500.00"}


async def test_too_much_is_a_difference_and_a_prepayment_that_can_be_offset(
    parties: Parties, statements: list[dict[str, Any]]
) -> None:
    june, july = statements
    paid = await done(await parties.insurer("POST", "/v1/payments", transfer("560.00", (june, "550.00"))))
    found = await done(await parties.hospital("GET", f"/v1/statements/{june['id']}/differences"), 200)
    before = await owed(parties)
    path = f"/v1/statements/{july['id']}/deductions"
    offset = {"kind": "prepayment_offset", "reason": "冲抵多付款"}
    too_much = await parties.insurer("POST", path, offset | {"amount": "60.01"})
    await done(await parties.insurer("POST", path, offset | {"amount": "60.00"}))

    assert paid["prepaid"] == "60.00"
    assert [(one["kind"], one["ours"], one["theirs"]) for one in found["items"]] == [("overpaid", "500.00", "560.00")]
    assert before == {"billed": "300.00", "paid": "500.00", "prepaid": "60.00"}
    assert too_much.json()["code"] == "deduction.no_prepayment"
    assert await owed(parties) == {"billed": "240.00", "paid": "500.00", "deducted": "60.00"}


async def test_a_transfer_that_the_bank_sends_back_is_owed_again(
    parties: Parties, statements: list[dict[str, Any]]
) -> None:
    june = statements[0]
    paid = await done(await parties.insurer("POST", "/v1/payments", transfer("410.00", (june, "400.00"))))
    path = f"/v1/payments/{paid['id']}"
    body = {"returned_on": "2018-08-03", "reason": "户名不符"}
    back = await done(await parties.insurer("POST", f"{path}/return", body), 200)
    reopened = await owed(parties)
    late = await parties.hospital("POST", f"{path}/receipt")
    await done(await parties.insurer("POST", "/v1/payments", transfer("500.00", (june, "500.00"), reference="R2")))

    assert back["status"] == "returned"
    assert reopened == {"billed": "400.00", "returned": "400.00"}
    assert late.json()["code"] == "payment.already_settled"
    assert await owed(parties) == {"billed": "300.00", "paid": "500.00"}


async def test_retention_is_released_refusal_and_recovery_are_borne_by_the_hospital(
    parties: Parties, statements: list[dict[str, Any]]
) -> None:
    path = f"/v1/statements/{statements[0]['id']}/deductions"
    # Only what the line of 200.00 is open for can be refused of it, whichever line is the first.
    lines = await parties.lines(statements[0]["id"])
    small = next(line["line_no"] for line in lines if line["amount"] == "200.00")
    retention = {"kind": "retention", "amount": "25.00", "reason": "质保金"}
    refusal = {"kind": "refusal", "amount": "200.01", "lines": [small], "reason": "超适应症用药"}
    recovery = {"kind": "recovery", "amount": "50.00", "document_no": "医保查〔2018〕12号", "reason": "检查追回"}
    kept = await done(await parties.insurer("POST", path, retention))
    nothing_left = await parties.insurer("POST", path, refusal)
    refused = await done(await parties.insurer("POST", path, refusal | {"amount": "175.00"}))
    nameless = await parties.insurer("POST", path, recovery | {"document_no": None})
    await done(await parties.insurer("POST", path, recovery))
    deducted = await parties.statement(statements[0]["id"])
    await done(await parties.insurer("POST", f"{path}/{kept['id']}/release", {"reason": "考核合格"}), 200)
    twice = await parties.insurer("POST", f"{path}/{kept['id']}/release", {"reason": "考核合格"})
    never = await parties.insurer("POST", f"{path}/{refused['id']}/release", {"reason": "考核合格"})

    assert nothing_left.json()["code"] == "deduction.too_large"
    assert nameless.json()["errors"][0]["pointer"] == "/document_no"
    assert (deducted["deducted"], deducted["outstanding"]) == ("250.00", "250.00")
    assert [one.json()["code"] for one in (twice, never)] == ["deduction.not_releasable"] * 2
    assert await owed(parties) == {"billed": "575.00", "deducted": "225.00"}
    listed = await done(await parties.hospital("GET", path), 200)
    assert [(one["kind"], one["released"]) for one in listed["items"]] == [
        ("retention", True),
        ("refusal", False),
        ("recovery", False),
    ]


async def test_nobody_sees_or_moves_the_money_of_others(parties: Parties, statements: list[dict[str, Any]]) -> None:
    path = f"/v1/statements/{statements[0]['id']}"
    deduction = {"kind": "retention", "amount": "1.00", "reason": "质保金"}
    answers = [
        await parties.other_hospital("GET", path),
        await parties.civil("GET", path),
        await parties.civil("GET", f"{path}/lines"),
        await parties.civil("GET", f"{path}/export?format=csv"),
        await parties.civil("POST", f"{path}/deductions", deduction),
        await parties.other_hospital("POST", f"{path}/matches", files={"file": ("a.csv", b"x,1")}),
    ]
    forbidden = await parties.hospital("POST", f"{path}/deductions", deduction)

    assert {(one.status_code, one.json()["code"]) for one in answers} == {(404, "statement.unknown")}
    assert forbidden.status_code == 403
    for call, seen in ((parties.insurer, 2), (parties.hospital, 2), (parties.civil, 0), (parties.other_hospital, 0)):
        found = await done(await call("GET", "/v1/statements"), 200)
        assert len(found["items"]) == seen


async def test_balances_are_known_as_of_any_day_and_the_unbilled_is_overdue_too(
    parties: Parties, calendar: Calendar, statements: list[dict[str, Any]], settled: Settled
) -> None:
    await settled(Case(JUNE_9, H2, {"top_up": 90_00}))
    calendar.turn_to("2018-08-10")
    await done(await parties.insurer("POST", "/v1/payments", transfer("450.00", (statements[0], "450.00"))))
    calendar.turn_to("2018-09-20")

    async def at(day: str) -> list[tuple[str, ...]]:
        found = await done(await parties.insurer("GET", f"/v1/advances?as_of={day}"), 200)
        return [
            (one["hospital_code"], one["unbilled"], one["billed"], one["paid"], one["overdue"])
            for one in found["items"]
        ]

    assert await at("2018-06-30") == [(H1, "500.00", "0.00", "0.00", "0.00"), (H2, "90.00", "0.00", "0.00", "0.00")]
    assert await at("2018-08-01") == [
        (H1, "0.00", "800.00", "0.00", "500.00"),
        (H2, "90.00", "0.00", "0.00", "90.00"),
    ]
    assert await at("2018-08-10") == [
        (H1, "0.00", "350.00", "450.00", "50.00"),
        (H2, "90.00", "0.00", "0.00", "90.00"),
    ]
    [first, second] = (await done(await parties.insurer("GET", "/v1/advances"), 200))["items"]
    assert first["overdue_by_age"] == {"0-15": "0.00", "16-30": "0.00", "31-60": "300.00", "over_60": "50.00"}
    assert second["overdue_by_age"] == {"0-15": "0.00", "16-30": "0.00", "31-60": "0.00", "over_60": "90.00"}
    due = await done(await parties.insurer("GET", "/v1/deadlines"), 200)
    waiting = [(one["kind"], one["due_on"], one["amount"]) for one in due["items"] if one["overdue"]]
    assert waiting[:3] == [
        ("statement.pay", "2018-07-15", "50.00"),
        ("statement.run", "2018-07-15", "90.00"),
        ("payment.receive", "2018-08-02", "450.00"),
    ]


async def test_each_party_sees_the_month_from_one_ledger(
    parties: Parties, calendar: Calendar, statements: list[dict[str, Any]]
) -> None:
    await done(await parties.insurer("POST", "/v1/payments", transfer("450.00", (statements[0], "450.00"))))
    answers = [
        await done(await call("GET", "/v1/reports/clearing?period=2018-08"), 200)
        for call in (parties.agency, parties.insurer, parties.hospital, parties.civil)
    ]

    assert [len(one["items"]) for one in answers] == [1, 1, 1, 0]
    assert answers[0] == answers[1] == answers[2]
    flow = answers[0]["items"][0]
    assert (flow["owed_before"], flow["billed"], flow["paid"], flow["owed_after"]) == (
        "800.00",
        "800.00",
        "450.00",
        "350.00",
    )
    month = await done(await parties.agency("GET", "/v1/reports/month?period=2018-06"), 200)
    assert month["whole"]["visits"] == 2
    assert month["whole"]["layers"]["top_up"] == "500.00"
    assert [one["key"] for one in month["by_identity"]] == ["registered_poor"]
    counter = await done(await parties.hospital("GET", "/v1/reports/cashier?day=2018-06-09"), 200)
    assert sum(one["settlements"] for one in counter["items"]) == 2


async def test_events_tell_every_change_once_and_in_order(
    parties: Parties, calendar: Calendar, statements: list[dict[str, Any]]
) -> None:
    paid = await done(await parties.insurer("POST", "/v1/payments", transfer("500.00", (statements[0], "500.00"))))
    await done(await parties.hospital("POST", f"/v1/payments/{paid['id']}/receipt"), 200)

    async def poll(call: Any) -> list[str]:
        kinds: list[str] = []
        after = "0-0"
        while True:
            found = await done(await call("GET", f"/v1/events?after={after}&limit=2"), 200)
            if not found["items"]:
                assert (await done(await call("GET", f"/v1/events?after={found['next']}"), 200))["items"] == []
                return kinds
            kinds += [one["kind"] for one in found["items"]]
            after = found["next"]

    told = ["statement.issued", "statement.issued", "statement.paid", "payment.entered", "payment.received"]
    assert await poll(parties.hospital) == told
    assert await poll(parties.insurer) == told
    assert await poll(parties.civil) == []


async def test_a_refund_is_cleared_with_the_first_payment_and_no_line_stays_open(
    parties: Parties, calendar: Calendar, settled: Settled, engine: AsyncEngine
) -> None:
    """300.00 and 200.00, the first undone in the same month: 200.00 is paid, and every line is settled with it."""
    undone = Case(JUNE_9, H1, {"top_up": 300_00})
    await settled(undone, Case(JUNE_9, H1, {"top_up": 200_00}), undone.reversed_on(date(2018, 6, 20)))
    calendar.turn_to("2018-07-02")
    statement = (await parties.run(PAYER, "2018-06"))["items"][0]
    await parties.pay(statement, "200.00")
    async with transaction_on(engine) as tx:
        rows = await tx.execute(
            text("""SELECT sum(CASE WHEN target = 'billed' THEN amount WHEN source = 'billed' THEN -amount ELSE 0 END)
                FROM postings GROUP BY origin""")
        )
        still_open = [row[0] for row in rows]

    assert [int(one) for one in still_open] == [0, 0, 0]


async def test_the_ledger_sums_to_zero_and_agrees_with_the_statements(
    parties: Parties, statements: list[dict[str, Any]], engine: AsyncEngine
) -> None:
    await done(await parties.insurer("POST", "/v1/payments", transfer("333.33", (statements[0], "333.33"))))
    async with transaction_on(engine) as tx:
        by_account = await tx.execute(
            text("""SELECT state, sum(amount)::bigint FROM (
                SELECT target AS state, amount FROM postings UNION ALL SELECT source, -amount FROM postings) AS moved
                GROUP BY state""")
        )
        sums = {row[0]: row[1] for row in by_account}

    assert sum(sums.values()) == 0
    assert sums == {"fund": -800_00, "unbilled": 0, "billed": 466_67, "paid": 333_33}


async def test_a_transfer_to_an_unknown_hospital_or_far_ahead_is_refused(
    parties: Parties, statements: list[dict[str, Any]]
) -> None:
    nobody = await parties.insurer("POST", "/v1/payments", transfer("5.00") | {"hospital_code": "NOSUCH"})
    typo = await parties.insurer("POST", "/v1/payments", transfer("5.00") | {"paid_on": "2099-01-01"})
    ahead = await parties.insurer("POST", "/v1/payments", transfer("5.00") | {"paid_on": "2018-08-31"})

    assert (nobody.status_code, nobody.json()["code"]) == (404, "hospital.unknown")
    assert (typo.status_code, typo.json()["code"]) == (409, "payment.day")
    assert ahead.status_code == 201
