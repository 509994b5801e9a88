"""Periods that are closed, statements deemed confirmed, and the order in which all of it is told."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db import transaction_on
from service.reconciliation.closings.store import disagreeing
from tests.cases.county import Call, done
from tests.reconciliation.bulk import COUNTY, Case, write
from tests.reconciliation.conftest import H1, H2, Calendar, Parties

JUNE_9, JULY_3, JULY_9 = date(2018, 6, 9), date(2018, 7, 3), date(2018, 7, 9)
PAYER = "top_up_insurer"
Settled = Callable[..., Awaitable[None]]
JUNE = {"payer": PAYER, "period": "2018-06"}


async def poll(call: Call, after: str = "0-0", limit: int = 100) -> tuple[list[str], str]:
    found = await done(await call("GET", f"/v1/events?after={after}&limit={limit}"), 200)
    return [one["kind"] for one in found["items"]], found["next"]


async def test_a_closed_period_keeps_its_balances_and_takes_no_posting(
    parties: Parties, calendar: Calendar, settled: Settled, engine: AsyncEngine
) -> None:
    case = Case(JUNE_9, H1, {"top_up": 300_00, "basic": 50_00})
    await settled(case, Case(JUNE_9, H2, {"top_up": 200_00}))
    calendar.turn_to("2018-06-30")
    early = await parties.insurer("POST", "/v1/closings", JUNE)
    calendar.turn_to("2018-07-02")
    unbilled = await parties.insurer("POST", "/v1/closings", JUNE)
    foreign = await parties.civil("POST", "/v1/closings", JUNE)
    await parties.run(PAYER, "2018-06")
    closing = await done(await parties.insurer("POST", "/v1/closings", JUNE))
    again = await parties.agency("POST", "/v1/closings", JUNE)
    with pytest.raises(DBAPIError, match="period 2018-06 is closed"):
        await settled(Case(JUNE_9, H1, {"top_up": 1_00}))
    await settled(Case(JUNE_9, H1, {"basic": 1_00}), case.reversed_on(JULY_3))
    own = await done(await parties.hospital("GET", f"/v1/closings/{closing['id']}"), 200)
    hidden = await parties.civil("GET", f"/v1/closings/{closing['id']}")

    codes = [one.json()["code"] for one in (early, unbilled, foreign, again, hidden)]
    assert codes == [
        "period.open",
        "closing.unbilled",
        "payer.unknown",
        "closing.already_closed",
        "closing.unknown",
    ]
    assert H1 in unbilled.json()["detail"]
    assert [(one["payee"], one["state"], one["amount"]) for one in closing["balances"]] == [
        (f"hospital:{H1}", "fund", "-300.00"),
        (f"hospital:{H1}", "unbilled", "300.00"),
        (f"hospital:{H2}", "fund", "-200.00"),
        (f"hospital:{H2}", "unbilled", "200.00"),
    ]
    assert ([one["amount"] for one in own["balances"]], own["agrees"]) == (["-300.00", "300.00"], True)
    listed = await done(await parties.agency("GET", f"/v1/closings?payer={PAYER}"), 200)
    assert [one["id"] for one in listed["items"]] == [closing["id"]]
    assert (await poll(parties.other_hospital))[0] == ["statement.issued", "period.closed"]
    async with transaction_on(engine) as tx:
        assert await disagreeing(tx, COUNTY) == []
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.execute(text("UPDATE postings SET amount = 1 WHERE payer = :payer"), {"payer": PAYER})
        assert len(await disagreeing(tx, COUNTY)) == 4
        await tx.rollback()


async def test_a_closing_waits_for_whoever_is_posting(
    parties: Parties, calendar: Calendar, settled: Settled, engine: AsyncEngine
) -> None:
    await settled(Case(JUNE_9, H1, {"top_up": 300_00}))
    calendar.turn_to("2018-07-02")
    await parties.run(PAYER, "2018-06")
    async with transaction_on(engine) as tx:
        await write(tx, [Case(JUNE_9, H1, {"top_up": 1_00})])
        closing = asyncio.ensure_future(parties.insurer("POST", "/v1/closings", JUNE))
        await waiting_for_a_lock(engine, closing)
    refused = await closing

    assert refused.json()["code"] == "closing.unbilled"


async def waiting_for_a_lock(engine: AsyncEngine, whoever: asyncio.Future[Any]) -> None:
    """Until somebody waits for a lock, or has done without: each question gives the others their turn."""
    while not whoever.done():
        async with transaction_on(engine) as tx:
            if await tx.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return


async def test_a_statement_deemed_confirmed_is_told_once_and_stays_confirmed(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    case = Case(JUNE_9, H1, {"top_up": 300_00})
    await settled(case)
    calendar.turn_to("2018-07-02")
    statement = (await parties.run(PAYER, "2018-06"))["items"][0]
    calendar.turn_to("2018-07-12")
    early = await poll(parties.insurer)
    calendar.turn_to("2018-07-13")
    # Somebody else's poll sees that the days have passed; both sides are told in their order.
    await poll(parties.civil)
    told = [await poll(parties.insurer, early[1]), await poll(parties.hospital), await poll(parties.other_hospital)]
    again = await poll(parties.insurer, told[0][1])
    content = f"结算号,金额\r\n{case.id},299.00".encode()
    path = f"/v1/statements/{statement['id']}"
    await done(await parties.insurer("POST", f"{path}/matches", files={"file": ("a.csv", content)}))

    assert early[0] == ["statement.issued"]
    assert [one[0] for one in told] == [
        ["statement.deemed_confirmed"],
        ["statement.issued", "statement.deemed_confirmed"],
        [],
    ]
    assert again[0] == []
    after = await parties.statement(statement["id"])
    assert (after["status"], after["open_differences"]) == ("confirmed", 1)


async def test_what_is_objected_to_is_not_deemed_confirmed(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    case = Case(JUNE_9, H1, {"top_up": 300_00})
    await settled(case)
    calendar.turn_to("2018-07-02")
    statement = (await parties.run(PAYER, "2018-06"))["items"][0]
    content = f"结算号,金额\r\n{case.id},299.00".encode()
    path = f"/v1/statements/{statement['id']}/matches"
    await done(await parties.insurer("POST", path, files={"file": ("a.csv", content)}))
    calendar.turn_to("2018-07-20")

    assert "statement.deemed_confirmed" not in (await poll(parties.insurer))[0]


async def test_a_cursor_of_what_was_lost_with_a_restore_is_refused_and_the_others_go_on(
    parties: Parties, calendar: Calendar, settled: Settled, engine: AsyncEngine
) -> None:
    """The backup is taken after June's event; then the numbers of transactions begin lower than they were."""
    await settled(Case(JUNE_9, H1, {"top_up": 300_00}), Case(JULY_9, H1, {"top_up": 300_00}))
    calendar.turn_to("2018-08-01")
    await parties.run(PAYER, "2018-06")
    kept = (await poll(parties.insurer))[1]
    await parties.run(PAYER, "2018-07")
    lost = (await poll(parties.insurer))[1]
    async with transaction_on(engine) as tx:
        for statement in RESTORED:
            await tx.execute(text(statement))
    refused = await parties.insurer("GET", f"/v1/events?after={lost}")
    await settled(Case(date(2018, 7, 10), H2, {"top_up": 300_00}))
    calendar.turn_to("2018-08-02")
    await parties.run(PAYER, "2018-07")

    assert (refused.status_code, refused.json()["code"]) == (409, "events.cursor_lost")
    assert (await poll(parties.insurer, kept))[0] == ["statement.issued"] * 2
    assert (await parties.insurer("GET", f"/v1/events?after={lost}")).json()["code"] == "events.cursor_lost"
    assert (await poll(parties.insurer))[0] == ["statement.issued"] * 3


RESTORED = (
    "SET LOCAL session_replication_role = replica",
    "DELETE FROM event_positions WHERE seq = (SELECT max(seq) FROM events)",
    "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)",
    "UPDATE event_positions SET txid = txid + 1000000000",
    "UPDATE events SET txid = txid + 1000000000",
    "SELECT setval(pg_get_serial_sequence('event_positions', 'position'), 1)",
    "DELETE FROM postings WHERE entry_id IN (SELECT id FROM statements WHERE period = '2018-07')",
    "DELETE FROM ledger_entries WHERE id IN (SELECT id FROM statements WHERE period = '2018-07')",
    "DELETE FROM statement_lines WHERE statement_id IN (SELECT id FROM statements WHERE period = '2018-07')",
    "DELETE FROM statements WHERE period = '2018-07'",
)
"""As a dump of before July's run would leave it, in a cluster whose transactions are numbered from the start."""


async def test_many_polls_beside_many_writers_miss_nothing_and_tell_nothing_twice(
    parties: Parties, calendar: Calendar, settled: Settled
) -> None:
    await settled(*(Case(JUNE_9, H1, {"top_up": 10_00}) for _ in range(4)))
    calendar.turn_to("2018-07-02")
    statement = (await parties.run(PAYER, "2018-06"))["items"][0]
    dice = random.Random(4)
    stop = asyncio.Event()

    async def follow() -> list[str]:
        seen, after = [], "0-0"
        while True:
            last = stop.is_set()
            found = await done(await parties.insurer("GET", f"/v1/events?after={after}&limit=3"), 200)
            seen += [one["cursor"] for one in found["items"]]
            after = found["next"]
            if last and not found["items"]:
                return seen

    followers = [asyncio.create_task(follow()) for _ in range(3)]
    body = {"kind": "retention", "reason": "质保金"}
    path = f"/v1/statements/{statement['id']}/deductions"
    await asyncio.gather(
        *(parties.insurer("POST", path, body | {"amount": f"0.{dice.randint(10, 99)}"}) for _ in range(25))
    )
    stop.set()
    told = await asyncio.gather(*followers)

    assert told[0] == told[1] == told[2]
    assert len(told[0]) == len(set(told[0])) == 26
