"""The agency of the demo county at its desk, on a fixed day, and a few registered facts to work with."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.access.model import Role
from service.clock import Clock
from tests.access.callers import headers_of

TODAY = date(2018, 6, 15)

Call = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def clock() -> Clock:
    return Clock.on(TODAY)


@pytest.fixture
async def as_role(app: FastAPI, client: httpx.AsyncClient) -> Callable[..., Awaitable[Call]]:
    """A way to call as a new client of a role: `call = await as_role(Role.AGENCY)`, `await call("GET", "/v1/...")`."""

    async def make(role: Role, client_id: str | None = None, **details: Any) -> Call:
        headers = await headers_of(app, role, client_id, **details)

        async def call(method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
            english = {"Accept-Language": "en"}
            return await client.request(method, path, json=body, headers=headers | english, **options)

        return call

    return make


@pytest.fixture
async def agency(as_role: Callable[..., Awaitable[Call]]) -> Call:
    return await as_role(Role.AGENCY)
