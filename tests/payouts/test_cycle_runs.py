"""Runs over many people: to the fen, once, at the same moment, and after being killed in the middle."""

import asyncio
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.access.model import Caller, Role
from service.clock import Clock
from service.db import transaction_on
from service.payouts.cycles import actions, store
from service.reconciliation.desk import Desk
from tests.payouts.chronic import naive, visits, write
from tests.reconciliation.bulk import COUNTY

STARTS = (date(2018, 1, 1), date(2018, 12, 1), date(2019, 12, 1))
AGENCY = Caller("test", Role.AGENCY, COUNTY, None, frozenset(), None, "clerk", "test")


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def run(app: FastAPI, engine: AsyncEngine, start: date) -> dict[str, Any]:
    state = app.state
    async with transaction_on(engine) as tx:
        desk = Desk(tx, AGENCY, engine, state.packs, state.vault, state.clock.now())
        return await actions.run(desk, actions.law_of(desk, start))


async def posted(engine: AsyncEngine) -> dict[tuple[date, str], int]:
    """What the ledger owes each person for each cycle."""
    async with transaction_on(engine) as tx:
        rows = await tx.execute(
            text("""SELECT l.cycle_start, l.person_no,
                coalesce(sum(CASE p.target WHEN 'unbilled' THEN p.amount ELSE -p.amount END), 0)::bigint
            FROM cycle_lines l LEFT JOIN postings p ON p.county_code = l.county_code AND p.origin = l.id
            GROUP BY 1, 2""")
        )
        return {(row[0], row[1]): row[2] for row in rows}


async def test_two_thousand_people_over_three_cycles_against_a_naive_model(app: FastAPI, engine: AsyncEngine) -> None:
    found = visits(seed=6, persons=2000)
    async with transaction_on(engine) as tx:
        await write(tx, found)
    expected = naive(found)
    assert sum(1 for amount in expected.values() if amount) > 1000

    for start in STARTS:
        await run(app, engine, start)
    first = await posted(engine)
    for start in STARTS:
        assert (await run(app, engine, start))["changed"] == 0

    assert first == expected
    assert await posted(engine) == expected


class Killed(Exception):
    """The process ends here."""


async def test_a_run_that_is_killed_goes_on_where_it_stopped_and_pays_once(
    app: FastAPI, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = visits(seed=7, persons=60)
    async with transaction_on(engine) as tx:
        await write(tx, found)
    expected = {key: amount for key, amount in naive(found).items() if key[0] == STARTS[1]}
    monkeypatch.setattr(actions, "CHUNK", 10)
    advance, calls = store.advance, 0

    async def dies(tx: AsyncConnection, *args: Any, **more: Any) -> None:
        nonlocal calls
        calls += 1
        if calls % 2 == 0:
            raise Killed
        await advance(tx, *args, **more)

    monkeypatch.setattr(store, "advance", dies)
    deaths = 0
    for _ in range(20):
        try:
            ran = await run(app, engine, STARTS[1])
            break
        except Killed:
            deaths += 1

    assert deaths > 2
    assert ran["persons"] == len(expected)
    assert await posted(engine) == expected


async def test_two_runs_at_the_same_moment_share_the_work(
    app: FastAPI, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = visits(seed=8, persons=60)
    async with transaction_on(engine) as tx:
        await write(tx, found)
    monkeypatch.setattr(actions, "CHUNK", 7)

    await asyncio.gather(*(run(app, engine, STARTS[0]) for _ in range(2)))

    assert await posted(engine) == {key: amount for key, amount in naive(found).items() if key[0] == STARTS[0]}
