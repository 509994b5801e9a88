"""Imports at once, a process killed while it applies, and the settlements that a correction of the past touches."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from service.access.model import Role
from service.config import Settings
from service.db import create_system_engine, transaction_on
from service.registers.store import identities_on
from tests.access.callers import bearer, make_client
from tests.claims.bills import stay
from tests.registers.examples import HOSPITAL, a_hospital, an_agreement, id_no
from tests.rosters.conftest import Office
from tests.rosters.lists import HEADER, listed, roster_csv

OLD = {"class": "registered_poor", "valid_from": "2018-01-01", "source": "扶贫办"}


async def truth(app: FastAPI) -> list[Any]:
    async with transaction_on(app.state.engine) as tx:
        query = "SELECT person_no, identity_class, source, valid FROM identities WHERE superseded_at IS NULL"
        return sorted((*row[:3], str(row[3])) for row in await tx.execute(text(query)))


async def test_two_overlapping_imports_at_once_end_as_one_after_the_other(office: Office, app: FastAPI) -> None:
    """Both list person 2, each from another day; whoever comes second is told, looks again and applies."""
    for number in (1, 2, 3):
        await office.person(number, identities=[])
    contents = [
        roster_csv(listed(1), listed(2, since="2018-03-01")),
        roster_csv(listed(2, since="2018-04-01"), listed(3)),
    ]
    previews = await asyncio.gather(*(office.preview(content) for content in contents))

    async def applied(preview: Any) -> int:
        answer = await office.client.post(f"/v1/rosters/{preview['id']}/apply", json={}, headers=office.headers)
        return answer.status_code

    statuses = await asyncio.gather(*map(applied, previews))
    assert sorted(statuses) == [200, 409]
    await office.imported(contents[statuses.index(409)])

    last = "2018-04-01" if statuses[1] == 409 else "2018-03-01"
    assert await office.identities(1) == [("registered_poor", "2018-06-01", None)]
    assert await office.identities(2) == [("registered_poor", last, None)]
    assert await office.identities(3) == [("registered_poor", "2018-06-01", None)]


async def test_the_same_file_sent_twice_at_once_is_read_once(office: Office, app: FastAPI) -> None:
    await office.person(1, identities=[])
    content = roster_csv(listed(1), *(listed(number) for number in range(10, 200)))

    first, second = await asyncio.gather(office.preview(content), office.preview(content))
    assert first["id"] == second["id"]
    assert first["counts"] == second["counts"]
    await asyncio.gather(office.apply(first), office.apply(second))
    assert len(await truth(app)) == 191


def command(settings: Settings, file: Path) -> subprocess.Popen[str]:
    environment = os.environ | {
        "ONESTOP_DATABASE_URL": settings.database_url or "",
        "ONESTOP_KEYS": settings.keys.get_secret_value() if settings.keys else "",
    }
    arguments = [
        "roster",
        "import",
        os.fspath(file),
        "--county",
        "459901",
        "--source",
        "扶贫办",
        "--as-of",
        "2018-06-01",
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "service.cli", *arguments, "--apply", "--json"],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )


WAITING = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
ALONE = "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"


async def until(app: FastAPI, query: str) -> None:
    """Come back when the database says so; only its owner hears of other people's sessions."""
    settings: Settings = app.state.settings
    system = create_system_engine(settings.database_url or "", settings)
    try:
        async with asyncio.timeout(60):
            while True:
                async with transaction_on(system) as tx:
                    if await tx.scalar(text(query)):
                        return
                await asyncio.sleep(0)
    finally:
        await system.dispose()


async def killed_while_it_applies(app: FastAPI, settings: Settings, file: Path) -> None:
    """Start the import, hold it up where it wants to write identities, kill it there, and wait until it is gone."""
    async with transaction_on(app.state.engine) as tx:
        await tx.execute(text("LOCK TABLE identities IN SHARE MODE"))
        process = await asyncio.to_thread(command, settings, file)
        await until(app, WAITING)
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.communicate)
    await until(app, ALONE)


async def test_a_process_killed_while_it_applies_leaves_nothing_and_the_same_file_goes_on(
    office: Office, app: FastAPI, settings: Settings, tmp_path: Path
) -> None:
    """It dies with the new persons written and the identities under way."""
    file = tmp_path / "名单.csv"
    file.write_bytes(roster_csv(*(listed(number) for number in range(1, 400))))
    await office.preview(file.read_bytes())
    await killed_while_it_applies(app, settings, file)

    assert await truth(app) == []
    async with transaction_on(app.state.engine) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM persons")) == 0
        assert await tx.scalar(text("SELECT state FROM rosters")) == "previewed"

    done = await asyncio.to_thread(command, settings, file)
    said, errors = await asyncio.to_thread(done.communicate)
    assert done.returncode == 0, errors
    assert '"state": "applied"' in said
    assert len(await truth(app)) == 399
    again = await asyncio.to_thread(command, settings, file)
    assert (await asyncio.to_thread(again.communicate))[0] == said
    assert len(await truth(app)) == 399


async def test_reading_that_was_cut_off_goes_on_where_it_stopped(
    office: Office, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.rosters.actions._AT_ONCE", 50)
    content = roster_csv(*(listed(number) for number in range(1, 200)))
    whole = await office.preview(content)
    async with transaction_on(app.state.engine) as tx:
        await tx.execute(text("DELETE FROM roster_changes"))
        await tx.execute(text("DELETE FROM roster_rows WHERE row_no > 101"))
        await tx.execute(text("UPDATE rosters SET state = 'reading', rows_read = 101"))

    assert (await office.apply(whole, 409))["code"] == "roster.not_read"
    again = await office.preview(content)
    assert (again["id"], again["counts"]) == (whole["id"], whole["counts"])


async def hospital_of(app: FastAPI) -> dict[str, str]:
    client, _ = await make_client(app, Role.HOSPITAL, "his", hospital_code=HOSPITAL)
    return bearer(await app.state.tokens.issue(client))


async def test_a_correction_of_the_past_lists_exactly_the_settlements_it_touches(
    office: Office, app: FastAPI, client: httpx.AsyncClient
) -> None:
    """
    240 people, one stay each, on days around the change; the list is then compared with a full recomputation: who held
    what on the last day of each settlement, before and after.
    """
    await office.ask("POST", "/v1/hospitals", a_hospital(), 201)
    await office.ask("POST", "/v1/agreements", an_agreement(), 201)
    his = await hospital_of(app)
    for number in range(1, 241):
        await office.person(number, identities=[OLD] if number % 3 else [])
        last = 28 + number % 8
        day = f"2018-03-{last:02d}" if last <= 31 else f"2018-04-{last - 31:02d}"
        body = stay(HOSPITAL, id_no(number), admitted_on="2018-03-25", discharged_on=day)
        body["fee_lines"][0]["charged_on"] = "2018-03-26"
        answer = await client.post("/v1/settlements", json=body, headers=his | {"Idempotency-Key": f"k{number}"})
        assert answer.status_code == 201, answer.text

    async def identities_at_each() -> dict[str, frozenset[str]]:
        async with transaction_on(app.state.engine) as tx:
            rows = (await tx.execute(text("SELECT settlement_id, person_no, last_day FROM live_visits"))).all()
            now = app.state.clock.now() + timedelta(minutes=1)
            return {
                str(row.settlement_id): frozenset(
                    each.fact.what.identity_class
                    for each in await identities_on(tx, "459901", row.person_no, row.last_day, now)
                )
                for row in rows
            }

    header = [*HEADER, "变动类型", "终止日期"]
    rows: list[list[str]] = []
    for number in range(1, 241):
        match number % 6:
            case 0 | 3:
                rows.append([*listed(number, since="2018-04-01"), "新增", ""])
            case 1:
                rows.append([*listed(number), "退出", "2018-03-30"])
            case 2:
                rows.append([*listed(number, since="2018-03-29"), "变更", "2018-04-02"])
            case 4:
                rows.append([*listed(number, word="低保", since="2018-03-31"), "新增", "2018-03-31"])
    content = roster_csv(*rows, header=header)
    preview = await office.preview(content)
    before = await identities_at_each()
    listed_before = await touched(office, preview)
    await office.apply(preview)
    after = await identities_at_each()

    differing = {number for number in before if before[number] != after[number]}
    seen = await touched(office, preview)
    assert set(seen) == set(listed_before) == differing
    assert 0 < len(differing) < 240
    assert preview["counts"]["touched"] == len(differing)
    for each, settlement in listed_before.items():
        assert set(settlement["identities_before"]) == before[each]
        assert set(settlement["identities_after"]) == after[each]
        assert settlement["expected_difference"] == seen[each]["expected_difference"]
    assert any(settlement["expected_difference"] for settlement in seen.values())


async def touched(office: Office, roster: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    cursor = ""
    while True:
        page = await office.ask("GET", f"/v1/rosters/{roster['id']}/settlements-touched?limit=100{cursor}")
        found |= {each["settlement_id"]: each for each in page["items"]}
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def test_a_command_that_applies_looks_again_where_the_register_has_overtaken_its_preview(
    office: Office, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "名单.csv"
    file.write_bytes(roster_csv(listed(1), listed(2)))
    before = await office.preview(file.read_bytes())
    await office.person(1, identities=[OLD])

    done = await asyncio.to_thread(command, settings, file)
    said, errors = await asyncio.to_thread(done.communicate)

    assert done.returncode == 0, errors
    counts = json.loads(said)["counts"]
    assert (before["counts"]["new_persons"], counts["new_persons"], counts["unchanged"]) == (2, 1, 1)
    assert [each[0] for each in await office.identities(1)] == ["registered_poor"]
