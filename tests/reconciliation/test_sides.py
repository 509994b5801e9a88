"""Who may open, close and settle a difference: never the side that is objected to, alone."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from service.money import yuan
from tests.cases.county import Call, done
from tests.reconciliation.bulk import Case
from tests.reconciliation.conftest import H1, Calendar, Parties

JUNE_9 = date(2018, 6, 9)
PAYER = "top_up_insurer"
Settled = Callable[..., Awaitable[None]]


async def match(call: Call, statement: dict[str, Any], rows: list[tuple[Any, int]]) -> Any:
    content = "\r\n".join(["结算号,金额", *(f"{reference},{yuan(amount)}" for reference, amount in rows)]).encode()
    path = f"/v1/statements/{statement['id']}/matches"
    matched = await done(await call("POST", path, files={"file": ("a.csv", content)}))
    return matched["differences"]


async def settle(call: Call, difference: dict[str, Any], resolution: str, operator: str | None = None) -> Any:
    path = f"/v1/differences/{difference['id']}/resolution"
    return await done(await call("POST", path, {"resolution": resolution}, operator=operator), 200)


@pytest.fixture
def cases() -> list[Case]:
    return [Case(JUNE_9, H1, {"top_up": n * 100_00}) for n in (1, 2, 3)]


@pytest.fixture
async def june(parties: Parties, calendar: Calendar, settled: Settled, cases: list[Case]) -> dict[str, Any]:
    """June of the top-up insurer: lines of 100, 200 and 300 yuan."""
    await settled(*cases)
    calendar.turn_to("2018-07-02")
    statement: dict[str, Any] = (await parties.run(PAYER, "2018-06"))["items"][0]
    return statement


async def test_a_hospitals_own_file_does_not_take_back_what_the_insurer_objected_to(
    parties: Parties, calendar: Calendar, june: dict[str, Any], cases: list[Case]
) -> None:
    await match(parties.insurer, june, [(cases[0].id, 90_00)])
    whole = [(case.id, case.layers["top_up"]) for case in cases]

    level = await match(parties.hospital, june, whole)
    calendar.turn_to("2018-07-20")
    after = await parties.statement(june["id"])
    own = await match(parties.hospital, june, [(cases[0].id, 80_00), *whole[1:]])
    await match(parties.insurer, june, whole)
    left = await parties.statement(june["id"])

    assert (level, after["open_differences"], after["status"]) == ([], 3, "issued")
    assert [(one["kind"], one["owner"]) for one in own] == [("amount", "hospital")]
    assert left["open_differences"] == 1


async def test_a_settled_duplicate_stays_settled_when_its_row_moves(
    parties: Parties, june: dict[str, Any], cases: list[Case]
) -> None:
    rows = [(case.id, case.layers["top_up"]) for case in cases]
    [first] = await match(parties.insurer, june, [*rows, rows[0]])
    await settle(parties.agency, first, "keep_ours")

    moved = await match(parties.insurer, june, [*rows[:2], rows[0], rows[2]])
    twice = await match(parties.insurer, june, [rows[0], *rows, rows[0]])

    assert [(one["id"], one["status"]) for one in moved] == [(first["id"], "resolved")]
    assert [(one["kind"], one["status"]) for one in twice] == [("duplicate", "resolved"), ("duplicate", "open")]
