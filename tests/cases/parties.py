"""Parties who call the API, on a day of choice."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

from service.access.model import Role
from service.clock import Clock
from tests.access.callers import headers_of
from tests.cases.county import Call


def on_day(day: str | date) -> Clock:
    """A clock that stands on a day."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return Clock(shift=timedelta(days=(day - Clock().today()).days))


def calling(app: FastAPI, client: httpx.AsyncClient) -> Callable[..., Awaitable[Call]]:
    """A way to call as a new client; each request gets an Idempotency-Key of its own unless one is given."""

    async def make(role: Role, name: str | None = None, **details: Any) -> Call:
        headers = await headers_of(app, role, name, **details)

        async def call(
            method: str,
            path: str,
            body: Any = None,
            *,
            key: str | None = None,
            operator: str | None = None,
            **more: Any,
        ) -> httpx.Response:
            own = {"Idempotency-Key": key or str(uuid4())} | ({"X-Operator": operator} if operator else {})
            if body is not None:
                more["json"] = body
            return await client.request(method, path, headers=headers | own, **more)

        return call

    return make
