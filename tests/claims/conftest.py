"""A county on today's calendar, its agency, and its hospitals as callers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from shutil import copytree
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from service.access.model import Role
from service.policy.load import SHIPPED
from tests.access.callers import headers_of
from tests.cases.county import Call, County
from tests.claims import world as worlds
from tests.claims.burst import Burst, bursting
from tests.claims.world import World
from tests.conftest import Cluster


@pytest.fixture
def as_role(app: FastAPI, client: httpx.AsyncClient) -> Callable[..., Awaitable[Call]]:
    """A way to call as a new client of a role; each POST gets an Idempotency-Key of its own unless one is given."""

    async def make(role: Role, **details: Any) -> Call:
        headers = await headers_of(app, role, **details)

        async def call(
            method: str, path: str, body: Any = None, *, key: str | None = None, **more: Any
        ) -> httpx.Response:
            own = {"Idempotency-Key": key or str(uuid4()), **more.pop("headers", {})}
            return await client.request(method, path, json=body, headers=headers | own, **more)

        return call

    return make


@pytest.fixture
async def agency(as_role: Callable[..., Awaitable[Call]]) -> Call:
    return await as_role(Role.AGENCY)


@pytest.fixture
async def county(agency: Call) -> County:
    return County(agency)


NEIGHBOUR = "459902"
"""A county of its own pack: the top-up goes to 80 %, and lines outside the stay are refused."""


def neighbour_pack(folder: Path) -> None:
    """Write the neighbour county's pack into a folder of packs."""
    pack = folder / "neighbour-2018"
    copytree(SHIPPED / "guangxi-county-2018", pack)
    for file in pack.glob("*.yaml"):
        text = file.read_text(encoding="utf-8").replace("guangxi-county-2018", "neighbour-2018")
        text = text.replace('county_codes: ["459901"]', f'county_codes: ["{NEIGHBOUR}"]')
        if file.name == "pack.yaml":
            text += '\nfindings:\n  refused: [line.outside_stay]\n  clauses: ["neighbour 1"]\n'
        if file.name == "top_up.yaml":
            text = text.replace('value: "0.90"', 'value: "0.80"')
        file.write_text(text, encoding="utf-8")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """An application for all tests of a module, with the neighbour county's pack beside those that ship."""
    async with worlds.made(cluster, tmp_path_factory.mktemp("world"), neighbour_pack) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def burst(world: World) -> AsyncIterator[Burst]:
    """Server processes on the module's database, and a caller who asks each in turn."""
    async with bursting(world.start_servers(3), await headers_of(world.app, Role.AGENCY, "burst")) as made:
        yield made
