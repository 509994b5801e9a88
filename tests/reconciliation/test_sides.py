"""Who may open, close and settle a difference: never the side that is objected to, alone."""

import asyncio
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


async def test_ours_is_kept_by_the_side_that_objected_or_the_agency(
    parties: Parties, june: dict[str, Any], cases: list[Case]
) -> None:
    found = await match(parties.insurer, june, [(cases[0].id, 90_00)])

    proposed = [await settle(parties.hospital, one, "keep_ours") for one in found]
    before = await parties.statement(june["id"])
    agreed = [
        await settle(call, one, "keep_ours")
        for call, one in zip((parties.insurer, parties.agency), found, strict=False)
    ]
    after = await parties.statement(june["id"])

    assert {one["status"] for one in proposed} == {"proposed"}
    assert {one["status"] for one in agreed} == {"resolved"}
    assert (before["open_differences"], after["open_differences"]) == (3, 1)


async def test_an_agreed_correction_settles_its_difference_when_it_is_posted_and_needs_no_second_call(
    parties: Parties, calendar: Calendar, settled: Settled, june: dict[str, Any], cases: list[Case]
) -> None:
    rows = [(cases[0].id, 90_00), (cases[1].id, 150_00), (cases[2].id, 290_00)]
    exact, other, unasked = await match(parties.insurer, june, rows)
    calendar.turn_to("2018-07-05")
    before = [await settle(call, exact, "correct") for call in (parties.hospital, parties.agency)]
    await settle(parties.hospital, other, "correct")
    corrected = cases[0].amended_on(date(2018, 7, 5), top_up=90_00)
    await settled(corrected)
    await settled(cases[1].amended_on(date(2018, 7, 5), top_up=160_00))
    await settled(cases[2].amended_on(date(2018, 7, 5), top_up=290_00))
    calendar.turn_to("2018-07-20")

    path = f"/v1/statements/{june['id']}/differences"
    listed = (await done(await parties.auditor("GET", path), 200))["items"]
    counted = (await parties.statement(june["id"]))["open_differences"]
    await settled(corrected.amended_on(date(2018, 7, 19), top_up=80_00))
    later = (await done(await parties.auditor("GET", path), 200))["items"]
    again = await parties.agency("POST", f"/v1/differences/{exact['id']}/resolution", {"resolution": "keep_ours"})
    agreed = [await settle(parties.insurer, one, "correct") for one in (other, unasked)]

    assert [one["status"] for one in before] == ["proposed", "proposed"]
    assert [(one["status"], one["age_days"]) for one in listed] == [("resolved", 3), ("proposed", 18), ("open", 18)]
    assert [step["status"] for step in listed[0]["history"]] == ["open", "proposed", "proposed", "resolved"]
    assert (listed[0]["history"][-1]["client_id"], counted) == ("onestop", 2)
    assert later[0] == listed[0], "what was settled stays settled, whatever is corrected afterwards"
    assert again.json()["code"] == "difference.already_settled"
    assert [one["status"] for one in agreed] == ["resolved", "resolved"]


async def test_matches_and_resolutions_at_once_wait_for_each_other(
    parties: Parties, june: dict[str, Any], cases: list[Case]
) -> None:
    rows = [(case.id, case.layers["top_up"]) for case in cases]
    wrong = [(reference, amount - 1) for reference, amount in rows]
    for _ in range(3):
        found = await match(parties.insurer, june, wrong)
        calls = [
            parties.hospital("POST", f"/v1/differences/{one['id']}/resolution", {"resolution": "keep_ours"})
            for one in found
        ]
        answers = await asyncio.gather(match(parties.insurer, june, rows), *calls)
        assert answers[0] == []
        assert {one.status_code for one in answers[1:]} <= {200, 409}
