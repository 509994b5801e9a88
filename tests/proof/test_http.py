"""What auditors ask for over HTTP, and what the server does about it in the background."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Role
from service.background import keep_sealing, keep_verifying
from service.clock import Clock
from service.db import transaction_on
from service.proof.seals.actions import seal
from service.proof.seals.checking import unsealed_wrong
from service.proof.seals.heads import Head, heads_wrong
from tests.access.callers import headers_of
from tests.bulk.county import fill
from tests.cases.county import COUNTY


@asynccontextmanager
async def running(work: Awaitable[object]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def county(database_url: str) -> None:
    await fill(database_url, 20, lines=2)


async def test_a_verification_is_asked_for_once_and_done_by_the_server(
    county: None, app: FastAPI, client: httpx.AsyncClient
) -> None:
    auditor = await headers_of(app, Role.AUDITOR)
    started = await client.post("/v1/verifications", headers=auditor)
    again = await client.post("/v1/verifications", headers=auditor)
    path = f"/v1/verifications/{started.json()['id']}"

    async with running(keep_verifying(app.state.engine)), asyncio.timeout(120):
        while (found := (await client.get(path, headers=auditor)).json())["status"] == "running":
            await pause(app)

    assert (started.status_code, again.json()["id"]) == (202, started.json()["id"])
    assert (started.json()["parts_done"], found["parts_done"]) == (0, found["parts"])
    assert (found["status"], found["settlements"], found["wrongs"]) == ("clean", 20, [])
    listed = (await client.get("/v1/verifications", headers=auditor)).json()
    assert [one["id"] for one in listed["items"]] == [found["id"]]
    third = await client.post("/v1/verifications", headers=auditor)
    assert third.json()["id"] != found["id"], "a new one once the last is finished"


async def pause(app: FastAPI) -> None:
    async with transaction_on(app.state.engine) as tx:
        await tx.execute(text("SELECT pg_sleep(0.05)"))


async def test_only_auditors_and_the_agency_verify_and_only_their_county(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    hospital = await headers_of(app, Role.HOSPITAL)
    auditor = await headers_of(app, Role.AUDITOR)
    neighbour = await headers_of(app, Role.AUDITOR, "neighbour", county_code="459902")
    started = (await client.post("/v1/verifications", headers=auditor)).json()

    refused = await client.post("/v1/verifications", headers=hospital)
    foreign = await client.get(f"/v1/verifications/{started['id']}", headers=neighbour)

    assert (refused.status_code, refused.json()["code"]) == (403, "access.forbidden")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "verification.unknown")


async def test_the_head_of_a_day_is_signed_with_a_key_that_everybody_can_get(
    county: None, app: FastAPI, client: httpx.AsyncClient
) -> None:
    auditor = await headers_of(app, Role.AUDITOR)
    before = (await client.get("/v1/seals/heads", headers=auditor)).json()
    await seal(app.state.engine, COUNTY, app.state.clock)

    found: dict[str, Any] = (await client.get("/v1/seals/heads", headers=auditor)).json()
    early = (await client.get("/v1/seals/heads?day=2018-01-01", headers=auditor)).json()

    assert (before["items"], early["items"]) == ([], [])
    head = Head(**found["items"][0])
    async with transaction_on(app.state.engine) as tx:
        last = await tx.scalar(text("SELECT max(seq) FROM seals"))
        assert await heads_wrong(tx, COUNTY, [head]) == []
        wrong = await heads_wrong(tx, COUNTY, [head._replace(day="2018-01-01")])
    assert head.seq == last
    assert [one.column for one in wrong] == ["signature"], "the day is signed too"
    keys = (await client.get("/.well-known/jwks.json")).json()["keys"]
    public = {key["kid"]: base64.urlsafe_b64decode(key["x"] + "=").hex() for key in keys}
    assert public[head.kid] == head.public_key


async def test_the_server_seals_again_and_again_also_after_something_went_wrong(
    county: None, app: FastAPI, engine: AsyncEngine
) -> None:
    async with transaction_on(engine) as tx:
        await tx.execute(text("ALTER TABLE seals RENAME TO seals_elsewhere"))

    async with running(keep_sealing(app.state.engine, [COUNTY], Clock(), 0.01)), asyncio.timeout(60):
        await pause(app)
        async with transaction_on(engine) as tx:
            await tx.execute(text("ALTER TABLE seals_elsewhere RENAME TO seals"))
        while not await sealed(app):
            await pause(app)


async def test_two_that_seal_at_once_make_one_chain_that_names_every_row_once(county: None, app: FastAPI) -> None:
    engine = app.state.engine

    done = await asyncio.gather(*(seal(engine, COUNTY, Clock()) for _ in range(4)))
    rest = await seal(engine, COUNTY, Clock())

    async with transaction_on(engine) as tx:
        twice = "SELECT kind, key FROM seals, unnest(keys) AS key GROUP BY 1, 2 HAVING count(*) > 1"
        assert list(await tx.execute(text(twice))) == []
        rows = await tx.scalar(text("SELECT sum(row_count) FROM seals"))
        there = await tx.scalar(
            text(
                "SELECT (SELECT count(*) FROM settlements) + (SELECT count(*) FROM ledger_entries)"
                " + (SELECT count(*) FROM audit_log)"
            )
        )
    assert rows == there
    assert rest is not None
    assert any(one is not None for one in done)


async def test_who_rests_between_two_pages_keeps_the_turn(county: None, app: FastAPI) -> None:
    engine = app.state.engine
    resting = (
        "SELECT EXISTS (SELECT FROM seals) AND EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE d.datname = current_database() AND l.locktype = 'advisory')"
    )

    async with running(seal(engine, COUNTY, Clock(), rest=1_000_000)), asyncio.timeout(60):
        while not await told(app, resting):
            await pause(app)
        another = await seal(engine, COUNTY, Clock())

    assert another is None
    assert (await seal(engine, COUNTY, Clock()) or 0) > 0


async def told(app: FastAPI, question: str) -> bool:
    async with transaction_on(app.state.engine) as tx:
        return bool(await tx.scalar(text(question)))


async def sealed(app: FastAPI) -> bool:
    return await told(app, "SELECT EXISTS (SELECT FROM seals WHERE kind = 'audit')")


async def test_what_commits_late_is_sealed_late_and_nobody_waits(county: None, app: FastAPI) -> None:
    engine = app.state.engine
    insert = text(
        "INSERT INTO audit_log (county_code, at, id, client_id, role, request_id, action)"
        " SELECT county_code, at, gen_random_uuid(), 'late', role, request_id, action FROM audit_log"
        " ORDER BY at DESC LIMIT 1"
    )
    async with transaction_on(engine) as slow:
        await slow.execute(insert)
        first = await seal(engine, COUNTY, Clock())
    second = await seal(engine, COUNTY, Clock())
    third = await seal(engine, COUNTY, Clock())

    assert (first or 0) > 0
    assert (second, third) == (1, 0)


async def test_a_row_of_the_future_or_of_no_date_keeps_no_other_from_being_sealed(
    county: None, engine: AsyncEngine
) -> None:
    copied = (
        "INSERT INTO audit_log (county_code, at, id, client_id, role, request_id, action)"
        " SELECT county_code, {at}, gen_random_uuid(), 'later', role, request_id, action FROM audit_log LIMIT 1"
    )
    await seal(engine, COUNTY, Clock())
    for at in ("timestamptz '2093-01-01'", "timestamptz 'infinity'"):
        async with transaction_on(engine) as tx:
            await tx.execute(text(copied.format(at=at)))
    async with transaction_on(engine) as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        await tx.execute(
            text(
                "INSERT INTO ledger_entries SELECT (c).* FROM (SELECT jsonb_populate_record(t, jsonb_build_object("
                "'id', 'ffffffff-ffff-7fff-bfff-ffffffffffff')) AS c FROM ledger_entries t LIMIT 1) x"
            )
        )
    await seal(engine, COUNTY, Clock())
    async with transaction_on(engine) as tx:
        await tx.execute(text(copied.format(at="now()")))

    sealed = await seal(engine, COUNTY, Clock())

    async with transaction_on(engine) as tx:
        _, found = await unsealed_wrong(tx, COUNTY)
        undatable = await tx.scalar(text("SELECT id::text FROM audit_log WHERE at = 'infinity'"))
    assert sealed == 1
    assert {(one.table, one.key) for one in found} == {
        ("audit_log", undatable),
        ("ledger_entries", "ffffffff-ffff-7fff-bfff-ffffffffffff"),
    }
