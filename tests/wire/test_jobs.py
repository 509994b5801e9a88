"""Work that nobody waits for and that does not get on is told: to whoever runs the service, and to the county."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Role
from service.db import EVERY_COUNTY, seeing, transaction_on
from service.open_work import SOURCES
from service.proof.seals.actions import seal
from service.wire.jobs import Jobs, Look, Open
from tests.access.callers import headers_of
from tests.bulk.county import fill
from tests.cases.county import COUNTY

LATER = timedelta(minutes=11)

MADE = {
    "verification": """
        INSERT INTO verifications (county_code, id, part_count, client_id, at)
            VALUES ('459901', '01900000-0000-7000-8000-000000000001', 1, 'agency', :at);
        INSERT INTO verification_parts (county_code, verification_id, part_no, kind, first)
            VALUES ('459901', '01900000-0000-7000-8000-000000000001', 1, 'law', '')""",
    "readjudication": """
        INSERT INTO readjudications (county_code, id, selection, cause, note, client_id, operator, at)
            VALUES ('459901', '01900000-0000-7000-8000-000000000002', '{}', 'other', 'x', 'agency', 'Li', :at);
        INSERT INTO readjudication_persons (county_code, readjudication_id, person_no)
            VALUES ('459901', '01900000-0000-7000-8000-000000000002', 'P000001')""",
    "cycle": """
        INSERT INTO cycle_runs (county_code, id, cycle_start, persons, changed, client_id, at)
            VALUES ('459901', '01900000-0000-7000-8000-000000000003', '2017-12-01', 0, 0, 'agency', :at)""",
}
"""Work that was begun at an instant and has rested since."""
GOES_ON = {
    "verification": "UPDATE verification_parts SET checked = 1, wrong = 0, done_at = :at",
    "readjudication": "UPDATE readjudication_persons SET previewed_at = :at",
    "cycle": "UPDATE cycle_runs SET finished_at = :at",
}


async def done(engine: AsyncEngine, statements: str, **values: Any) -> None:
    async with transaction_on(engine) as tx:
        for statement in statements.split(";"):
            await tx.execute(text(statement), values if ":at" in statement else {})


@pytest.mark.parametrize("job", list(MADE))
async def test_work_that_rests_is_told_in_readiness_measurements_and_deadlines_until_it_goes_on(
    job: str, app: FastAPI, client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    began = app.state.clock.now() - LATER
    await done(engine, MADE[job], at=began)
    agency = await headers_of(app, Role.AGENCY)

    ready = await client.get("/readyz")
    measured = (await client.get("/metrics")).text
    due = (await client.get("/v1/deadlines", headers=agency)).json()["items"]

    assert ready.status_code == 200
    assert [(one["job"], one["county_code"]) for one in ready.json()["attention"]] == [(job, COUNTY)]
    assert f'onestop_jobs_stuck{{county="{COUNTY}",job="{job}"}} 1.0' in measured
    assert [one["kind"] for one in due] == [f"job.{job}"]

    await done(engine, GOES_ON[job], at=app.state.clock.now())
    after = (await client.get("/v1/deadlines", headers=agency)).json()["items"]

    assert after == []


@pytest.mark.parametrize("job", list(MADE))
async def test_work_that_has_only_begun_is_not_stuck(
    job: str, app: FastAPI, client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    await done(engine, MADE[job], at=app.state.clock.now())

    assert (await client.get("/readyz")).json()["attention"] == []


async def test_what_waits_for_a_seal_is_told_as_long_as_it_waits(
    app: FastAPI, engine: AsyncEngine, database_url: str
) -> None:
    await fill(database_url, 5, lines=1)
    jobs = Jobs(SOURCES, Look([COUNTY], 60))

    before = await open_work(engine, jobs)
    await seal(engine, COUNTY, app.state.clock)
    after = await open_work(engine, jobs)

    assert [(one.job, one.county_code) for one in before] == [("sealing", COUNTY)]
    assert before[0].is_stuck(app.state.clock.now())
    assert after == []


async def open_work(engine: AsyncEngine, jobs: Jobs) -> list[Open]:
    with seeing(EVERY_COUNTY):
        async with transaction_on(engine) as tx:
            return await jobs.open(tx)


@pytest.mark.parametrize(("every", "patience"), [(60, 600), (600, 6000), (0, 26 * 3600)])
async def test_how_long_a_seal_may_wait_depends_on_who_seals(
    every: float, patience: float, engine: AsyncEngine, database_url: str
) -> None:
    await fill(database_url, 5, lines=1)

    [found] = await open_work(engine, Jobs(SOURCES, Look([COUNTY], every)))

    assert found.patience == timedelta(seconds=patience)


async def test_a_hospital_is_not_told_of_the_servers_own_work(
    app: FastAPI, client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    await done(engine, MADE["cycle"], at=app.state.clock.now() - LATER)
    hospital = await headers_of(app, Role.HOSPITAL)

    assert (await client.get("/v1/deadlines", headers=hospital)).json()["items"] == []
