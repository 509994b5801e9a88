"""One application on one database for a whole test module, where tests do not step on each other's persons."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Text, cast, func, literal, literal_column, select, table, text, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Role
from service.config import Settings
from service.db import create_system_engine, transaction_on
from service.main import create_app
from service.processes import Worker, listen, start_worker, stop_workers
from tests.access.callers import headers_of
from tests.cases.county import Call, County
from tests.conftest import KEYS, Cluster


@dataclass
class World:
    """A running application, its database, and callers of every kind."""

    app: FastAPI
    client: httpx.AsyncClient
    agency: Call
    county: County
    hospital_code: str
    hospital: Call
    system: AsyncEngine
    workers: list[Worker] = field(default_factory=list)

    def start_servers(self, count: int) -> list[str]:
        """Start that many server processes on this database; gives the base URL of each."""
        settings: Settings = self.app.state.settings
        listeners = [listen("127.0.0.1", 0) for _ in range(count)]
        environment = {
            "ONESTOP_DATABASE_URL": settings.database_url or "",
            "ONESTOP_KEYS": KEYS,
            "ONESTOP_DATA_DIR": os.fspath(settings.data_dir),
            # Tests compare what is in the tables.
            "ONESTOP_SEAL_SECONDS": "0",
        }
        new = [start_worker(listener, environment) for listener in listeners]
        self.workers += new
        for worker in new:
            worker.wait_until_ready()
        urls = [f"http://127.0.0.1:{listener.getsockname()[1]}" for listener in listeners]
        for listener in listeners:
            listener.close()
        return urls

    async def call_as(self, role: Role, **details: Any) -> Call:
        """A new client of a role; each POST has an Idempotency-Key of its own unless one is given."""
        return caller(self.client, await headers_of(self.app, role, f"{role}-{uuid4().hex[:8]}", **details))

    async def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        async with transaction_on(self.system) as tx:
            names = await tx.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
            counts = [select(literal(name), func.count()).select_from(table(name)) for name in names]
            found = await tx.execute(union_all(*counts))
            return {row[0]: row[1] for row in found}

    async def contents(self, name: str) -> list[str]:
        """Every row of a table, as text."""
        row = cast(func.to_jsonb(literal_column("t")), Text)
        async with transaction_on(self.system) as tx:
            return list(await tx.scalars(select(row).select_from(table(name).alias("t"))))

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        async with transaction_on(self.system) as tx:
            return list((await tx.execute(text(statement), values)).all())


async def until_somebody_waits(world: World) -> None:
    """Come back when a statement on this database waits for another one's lock."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(30):
        while not await world.rows(waiting):
            await world.rows("SELECT pg_sleep(0.01)")


async def drifted(world: World) -> list[Any]:
    """Sums that are not the sum of their entries."""
    return await world.rows("""
        SELECT county_code, person_no, period, name, a.value, e.value FROM accumulators a
        FULL JOIN (SELECT county_code, person_no, period, name, sum(delta) AS value
            FROM accumulator_entries GROUP BY 1, 2, 3, 4) e USING (county_code, person_no, period, name)
        WHERE a.value IS DISTINCT FROM e.value
    """)


def caller(client: httpx.AsyncClient, headers: dict[str, str]) -> Call:
    async def call(method: str, path: str, body: Any = None, *, key: str | None = None, **more: Any) -> httpx.Response:
        own = {"Idempotency-Key": key or str(uuid4()), **more.pop("headers", {})}
        return await client.request(method, path, json=body, headers=headers | own, **more)

    return call


@asynccontextmanager
async def made(cluster: Cluster, folder: Path, prepare: Callable[[Path], None] | None = None) -> AsyncIterator[World]:
    """A world; `prepare` may write policy packs into the folder that it is given."""
    packs = folder / "packs"
    packs.mkdir()
    if prepare is not None:
        prepare(packs)
    async with cluster.copy() as url:
        settings = Settings(
            database_url=url,
            keys=SecretStr(KEYS),
            data_dir=folder,
            packs_dir=packs if prepare else None,
            # A long form lasts longer than half an hour.
            token_minutes=24 * 60,
        )
        app = create_app(settings)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://onestop.test") as client,
        ):
            agency = caller(client, await headers_of(app, Role.AGENCY))
            county = County(agency)
            code = await county.hospital("level2", "county")
            hospital = caller(client, await headers_of(app, Role.HOSPITAL, hospital_code=code))
            system = create_system_engine(url, settings)
            world = World(app, client, agency, county, code, hospital, system)
            yield world
            stop_workers(world.workers)
            await system.dispose()
