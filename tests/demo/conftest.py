"""The demo county loaded into a database of one test module, and callers with its own credentials."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest_asyncio
from fastapi import FastAPI
from pydantic import SecretStr

from service.config import Settings
from service.demo.load import load
from service.main import create_app
from tests.conftest import KEYS, Cluster

Call = Callable[..., Awaitable[httpx.Response]]


@dataclass
class Demo:
    """The demo as its users meet it."""

    app: FastAPI
    client: httpx.AsyncClient
    clients: dict[str, Any]

    async def load(self) -> dict[str, Any]:
        state = self.app.state
        return await load(state.engine, state.vault, state.clock, state.packs)

    async def as_(self, name: str) -> Call:
        """A caller with the credentials that the demo tells."""
        form = {key: self.clients[name][key] for key in ("client_id", "client_secret")}
        granted = await self.client.post("/oauth/token", data={"grant_type": "client_credentials", **form})
        bearer = {"Authorization": f"Bearer {granted.json()['access_token']}"}

        async def call(method: str, path: str, body: Any = None) -> httpx.Response:
            headers = bearer | {"Idempotency-Key": str(uuid4())}
            return await self.client.request(method, path, json=body, headers=headers)

        return call


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(cluster: Cluster, tmp_path_factory: Any) -> AsyncIterator[Demo]:
    folder: Path = tmp_path_factory.mktemp("demo")
    async with cluster.copy() as url:
        app = create_app(Settings(database_url=url, keys=SecretStr(KEYS), data_dir=folder))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://onestop.test") as client,
        ):
            made = Demo(app, client, {})
            made.clients = await made.load()
            yield made
