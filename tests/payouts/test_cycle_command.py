"""`onestop cycle run`, as a clerk or a timer calls it; killed with SIGKILL in the middle, and called again."""

import asyncio
import json
import os
import sys
from datetime import date

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.clock import Clock
from service.config import Settings
from service.db import transaction_on
from tests.payouts.chronic import naive, visits, write
from tests.payouts.test_cycle_runs import posted

START = date(2018, 12, 1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def started(settings: Settings, *arguments: str) -> asyncio.subprocess.Process:
    environment = os.environ | {
        "ONESTOP_DATABASE_URL": settings.database_url or "",
        "ONESTOP_KEYS": settings.keys.get_secret_value() if settings.keys else "",
    }
    command = (sys.executable, "-m", "service.cli", "cycle", "run", *arguments)
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe)


async def command(settings: Settings, *arguments: str) -> tuple[int, str, str]:
    """How it ended, what it said, what it told meanwhile."""
    process = await started(settings, *arguments)
    said, told = await process.communicate()
    return process.returncode or 0, said.decode(), told.decode()


async def test_a_command_that_is_killed_and_called_again_pays_once(settings: Settings, engine: AsyncEngine) -> None:
    found = visits(seed=9, persons=600)
    async with transaction_on(engine) as tx:
        await write(tx, found)
    expected = {key: amount for key, amount in naive(found).items() if key[0] == START}

    killed = await started(settings, "--cycle-start", "2018-12-01")
    assert killed.stderr is not None
    assert b"persons" in await killed.stderr.readline()
    killed.kill()
    await killed.communicate()
    some = await posted(engine)
    code, said, _ = await command(settings, "--cycle-start", "2018-12-01", "--json", "--operator", "li")
    again = json.loads((await command(settings, "--cycle-start", "2018-12-01", "--json"))[1])

    assert 0 < len(some) < len(expected)
    assert code == 0, said
    assert json.loads(said)["run"]["persons"] == len(expected)
    assert (again["run"]["changed"], again["totals"]["persons"]) == (0, len(expected))
    assert await posted(engine) == expected


async def test_it_shows_what_it_would_do_and_says_no_with_a_reason(settings: Settings, engine: AsyncEngine) -> None:
    async with transaction_on(engine) as tx:
        await write(tx, visits(seed=10, persons=5))
    looked = await command(settings, "--cycle-start", "2018-12-01", "--dry-run")
    wrong = await command(settings, "--cycle-start", "2018-02-01")

    assert looked[0] == 0, looked[2]
    assert "dry run: nothing kept" in looked[1]
    assert await posted(engine) == {}
    assert (wrong[0], "first day of a cycle" in wrong[2]) == (1, True)
