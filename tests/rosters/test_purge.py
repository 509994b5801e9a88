"""Rows name people and are kept for a while only; a long list takes no more memory than a short one."""

import asyncio
import io
import json
import os
import subprocess
import sys
import tracemalloc
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from service.access.model import Caller, Role
from service.config import Settings
from service.db import transaction_on
from service.registers.rosters import applying
from service.registers.rosters.model import RosterKind, Statement
from service.rosters import actions
from service.rosters.office import Office as OfficeAtWork
from service.rosters.purging import purge
from tests.registers.examples import id_no
from tests.rosters.conftest import Office
from tests.rosters.lists import listed, roster_csv

ROWS = "SELECT count(*) FROM roster_rows WHERE roster_id = :id"
CALLER = Caller("x", Role.AGENCY, "459901", None, frozenset(), None, None, "x")


def at_work(app: FastAPI) -> OfficeAtWork:
    return OfficeAtWork(app.state.engine, app.state.vault, app.state.clock, app.state.packs, CALLER)


def _row(number: int, month: str) -> list[str]:
    day = f"{month}{number // 900 + 1:02}"
    return [f"人{number}", id_no(number % 900 + 1, day), "建档立卡", ""]


async def rows_of(app: FastAPI, roster: dict[str, str]) -> int:
    async with transaction_on(app.state.engine) as tx:
        return int(await tx.scalar(text(ROWS), {"id": roster["id"]}) or 0)


async def test_rows_of_old_lists_are_deleted_and_what_they_changed_stays(office: Office, app: FastAPI) -> None:
    await office.person(1, identities=[])
    applied = await office.imported(roster_csv(listed(1), listed(1, "李四")))
    content = roster_csv(listed(2, "新来的"))
    previewed = await office.preview(content)
    age = timedelta(days=100)
    async with transaction_on(app.state.engine) as tx:
        await tx.execute(text("UPDATE rosters SET uploaded_at = uploaded_at - CAST(:age AS interval)"), {"age": age})
    recent = await office.preview(roster_csv(listed(3, "也新来")))

    async with transaction_on(app.state.engine) as tx:
        assert await purge(tx, at_work(app), 90) == 2
    async with transaction_on(app.state.engine) as tx:
        assert await purge(tx, at_work(app), 90) == 0

    assert [await rows_of(app, each) for each in (applied, previewed, recent)] == [0, 0, 1]
    kept = await office.ask("GET", f"/v1/rosters/{applied['id']}")
    assert (kept["rejected"]["items"], kept["added"]["items"][0]["person_no"]) == ([], "P000001")
    assert kept["purged_at"] is not None
    assert (await office.apply(previewed, 409))["code"] == "roster.not_read"
    again = await office.preview(content)
    assert (again["id"], again["counts"]["added"], again["purged_at"]) == (previewed["id"], 1, None)


async def test_the_command_purges(office: Office, settings: Settings) -> None:
    environment = os.environ | {
        "ONESTOP_DATABASE_URL": settings.database_url or "",
        "ONESTOP_KEYS": settings.keys.get_secret_value() if settings.keys else "",
    }
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "service.cli", "roster", "purge", "--county", "459901", "--days", "90", "--json"],
        env=environment,
        text=True,
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert json.loads(done.stdout) == {"purged": 0}


async def test_four_times_the_rows_take_no_more_memory(
    office: Office, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The short form of scripts/prove/rosters: batches of one size, however long the file is."""
    monkeypatch.setattr(actions, "_AT_ONCE", 250)
    monkeypatch.setattr(applying, "_AT_ONCE", 250)

    async def peak(size: int, born: str) -> int:
        rows = [_row(number, born) for number in range(size)]
        content = io.BytesIO(roster_csv(*rows))
        statement = Statement(RosterKind.CHANGES, "扶贫办", date(2018, 6, 1))
        tracemalloc.start()
        try:
            roster = await actions.preview(at_work(app), content, "名单.csv", statement)
            async with transaction_on(app.state.engine) as tx:
                await actions.apply(tx, at_work(app), roster.id, accept_rejected=False)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    await peak(300, "194501")
    small, large = await peak(750, "195001"), await peak(3_000, "195501")
    assert large < small * 1.5
