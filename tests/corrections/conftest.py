"""The agency of the registers' tests and the hospital of the claims' tests, on one fixed day."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.access.model import Role
from tests.access.callers import headers_of
from tests.registers.conftest import Call, agency, as_role, clock
from tests.registers.examples import HOSPITAL

__all__ = ["agency", "as_role", "clock"]


@pytest.fixture
async def settled(app: FastAPI, client: httpx.AsyncClient) -> Callable[[dict[str, Any]], Awaitable[Any]]:
    """Settles a visit as the county's hospital; gives the settlement."""
    headers = await headers_of(app, Role.HOSPITAL, "his", hospital_code=HOSPITAL)

    async def settle(body: dict[str, Any]) -> Any:
        key = {"Idempotency-Key": body["visit_no"]}
        answer = await client.post("/v1/settlements", json=body, headers=headers | key)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return settle


async def done(call: Call, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = await call(method, path, body)
    assert answer.status_code == status, answer.text
    return answer.json()
