"""One application on one database for a whole test module, where tests do not step on each other's persons."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import func, literal, select, table, text, union_all

from service.access.model import Role
from service.config import Settings
from service.db import transaction_on
from service.main import create_app
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

    async def call_as(self, role: Role, **details: Any) -> Call:
        """A new client of a role; each POST has an Idempotency-Key of its own unless one is given."""
        return caller(self.client, await headers_of(self.app, role, f"{role}-{uuid4().hex[:8]}", **details))

    async def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        async with transaction_on(self.app.state.engine) as tx:
            names = await tx.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
            counts = [select(literal(name), func.count()).select_from(table(name)) for name in names]
            found = await tx.execute(union_all(*counts))
            return {row[0]: row[1] for row in found}

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        async with transaction_on(self.app.state.engine) as tx:
            return list((await tx.execute(text(statement), values)).all())


def caller(client: httpx.AsyncClient, headers: dict[str, str]) -> Call:
    async def call(method: str, path: str, body: Any = None, *, key: str | None = None, **more: Any) -> httpx.Response:
        own = {"Idempotency-Key": key or str(uuid4()), **more.pop("headers", {})}
        return await client.request(method, path, json=body, headers=headers | own, **more)

    return call


@asynccontextmanager
async def made(cluster: Cluster, folder: Path, prepare: Callable[[Path], None] | None = None) -> AsyncIterator[World]:
    """A world; `prepare` may write policy packs into the folder that it is given."""
    name = f"test_{uuid4().hex}"
    await cluster.execute(f"CREATE DATABASE {name} TEMPLATE {cluster.template} STRATEGY file_copy")
    packs = folder / "packs"
    packs.mkdir()
    if prepare is not None:
        prepare(packs)
    settings = Settings(
        database_url=cluster.database(name), keys=SecretStr(KEYS), data_dir=folder, packs_dir=packs if prepare else None
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
        yield World(app, client, agency, county, code, hospital)
    await cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")
