"""`onestop statements run`, as a clerk or a timer calls it."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.config import Settings
from service.db import transaction_on
from tests.reconciliation.bulk import Case
from tests.reconciliation.conftest import H1, H2

JUNE_9 = date(2018, 6, 9)
Settled = Callable[..., Awaitable[None]]


async def command(settings: Settings, *arguments: str) -> tuple[int, str, str]:
    """How it ended, what it said, what it told meanwhile."""
    environment = os.environ | {
        "ONESTOP_DATABASE_URL": settings.database_url or "",
        "ONESTOP_KEYS": settings.keys.get_secret_value() if settings.keys else "",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service.cli",
        "statements",
        "run",
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, told = await process.communicate()
    return process.returncode or 0, said.decode(), told.decode()


async def test_it_bills_what_the_api_bills(settled: Settled, settings: Settings, engine: AsyncEngine) -> None:
    await settled(Case(JUNE_9, H1, {"basic": 10_00}), Case(JUNE_9, H2, {"basic": 20_00}))
    asked = ("--payer", "basic_fund", "--period", "2018-06")

    drafted = await command(settings, *asked, "--dry-run")
    async with transaction_on(engine) as tx:
        kept = await tx.scalar(text("SELECT count(*) FROM statements"))
    code, said, told = await command(settings, *asked, "--json", "--operator", "li")
    answer: dict[str, Any] = json.loads(said)

    assert (drafted[0], kept) == (0, 0)
    assert "dry run: nothing kept" in drafted[1]
    assert (code, [one["total"] for one in answer["items"]]) == (0, ["10.00", "20.00"])
    assert "2 of 2 hospitals" in told


async def test_it_says_no_with_a_reason_and_how_it_is_called(settled: Settled, settings: Settings) -> None:
    refused = await command(settings, "--payer", "nobody", "--period", "2018-06")
    wrong = await command(settings, "--payer", "basic_fund", "--period", "2018-Q2")
    usage = await command(settings, "--payer", "basic_fund")

    assert [one[0] for one in (refused, wrong, usage)] == [1, 1, 2]
    assert "policy pack" in refused[2]
    assert "2018-06" in wrong[2]
