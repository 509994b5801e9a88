"""Tries are counted before they are judged, in the database: for every process, and across restarts."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.limits import Limit, Limiter
from service.access.vault import Vault, new_key, parse_keys
from service.db import transaction_on

VAULT = Vault(parse_keys(new_key("test")))
AT = datetime(2026, 3, 1, 8, 0, 30, tzinfo=UTC)
PER_CODE = Limit("code", 3, timedelta(minutes=1))
PER_ADDRESS = Limit("address", 5, timedelta(minutes=1))


@pytest.fixture
def process(engine: AsyncEngine) -> Callable[[], Limiter]:
    """Makes what one server process has; each call is another process on the same database."""
    return lambda: Limiter(engine, VAULT)


async def rows(engine: AsyncEngine) -> int:
    async with transaction_on(engine) as tx:
        return int(await tx.scalar(text("SELECT count(*) FROM limit_counts")) or 0)


async def test_a_limit_holds_over_processes_and_until_its_window_ends(process: Callable[[], Limiter]) -> None:
    for _ in range(3):
        assert await process().take(PER_CODE.of("1"), at=AT) is None

    assert await process().take(PER_CODE.of("1"), at=AT) == timedelta(seconds=30)
    assert await process().take(PER_CODE.of("2"), at=AT) is None
    assert await process().take(PER_CODE.of("1"), at=AT + timedelta(seconds=29)) == timedelta(seconds=1)
    assert await process().take(PER_CODE.of("1"), at=AT + timedelta(seconds=30)) is None


async def test_however_many_come_at_once_no_more_are_judged(process: Callable[[], Limiter]) -> None:
    tried = await asyncio.gather(*(process().take(PER_CODE.of("1"), PER_ADDRESS.of("a"), at=AT) for _ in range(40)))

    assert tried.count(None) == 3


async def test_who_is_right_uses_nothing_up(process: Callable[[], Limiter]) -> None:
    one = process()
    for _ in range(10):
        assert await one.take(PER_CODE.of("1"), at=AT) is None
        await one.give_back(PER_CODE.of("1"), at=AT)


async def test_what_one_limit_refuses_costs_the_others_nothing(process: Callable[[], Limiter]) -> None:
    one = process()
    for _ in range(20):
        await one.take(PER_CODE.of("1"), PER_ADDRESS.of("a"), at=AT)

    # Three of the address's five were judged; the refused ones left two.
    assert [await one.take(PER_CODE.of(code), PER_ADDRESS.of("a"), at=AT) for code in "234"] == [
        None,
        None,
        timedelta(seconds=30),
    ]


async def test_the_database_does_not_say_what_was_tried_and_forgets_it(
    process: Callable[[], Limiter], engine: AsyncEngine
) -> None:
    one = process()
    for code in range(100):
        await one.take(PER_CODE.of(f"secret-{code}"), at=AT)
    async with transaction_on(engine) as tx:
        kept = await tx.scalar(text("SELECT string_agg(encode(key_hash, 'escape'), '') FROM limit_counts"))
    assert "secret" not in kept

    assert await rows(engine) == 100
    for later in range(6):
        await one.take(PER_CODE.of("1"), at=AT + timedelta(hours=1 + later))
    assert await rows(engine) == 1


async def test_names_that_run_together_are_told_apart(process: Callable[[], Limiter]) -> None:
    one = process()
    for _ in range(3):
        await one.take(PER_CODE.of("ab", "c"), at=AT)

    assert await one.take(PER_CODE.of("a", "bc"), at=AT) is None
