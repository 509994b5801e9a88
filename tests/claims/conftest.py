"""A county on today's calendar, its agency, and its hospitals as callers."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from service.access.model import Role
from tests.access.callers import headers_of
from tests.cases.county import Call, County


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
