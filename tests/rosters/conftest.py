"""An agency of the demo county that imports lists, on a fixed day."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.access.model import Role
from service.clock import Clock
from service.registers.rosters import said
from tests.access.callers import headers_of
from tests.registers.examples import a_person
from tests.rosters.lists import upload


@pytest.fixture
def clock() -> Clock:
    return Clock.on(date(2018, 6, 15))


@pytest.fixture(autouse=True)
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short list is compared in as many pieces as a county's."""
    monkeypatch.setattr(said, "AT_ONCE", 3)


@dataclass
class Office:
    """A caller that uploads, applies and asks."""

    client: httpx.AsyncClient
    headers: dict[str, str]

    async def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        headers = self.headers | {"Accept-Language": "en"}
        answer = await self.client.request(method, path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json() if "json" in answer.headers["content-type"] else answer

    async def preview(self, content: bytes, *, refused: int | None = None, **fields: Any) -> Any:
        answer = await upload(self.client, self.headers, content, **fields)
        assert answer.status_code == (refused or 201), answer.text
        return answer.json()

    async def apply(self, roster: Any, status: int = 200, **body: Any) -> Any:
        return await self.ask("POST", f"/v1/rosters/{roster['id']}/apply", body, status)

    async def imported(self, content: bytes, **fields: Any) -> Any:
        return await self.apply(await self.preview(content, **fields))

    async def person(self, number: int, **changes: Any) -> None:
        await self.ask("POST", "/v1/persons", a_person(number, **changes), 201)

    async def identities(self, number: int) -> list[tuple[str, str, str | None]]:
        person = await self.ask("GET", f"/v1/persons/P{number:06}")
        return sorted((each["class"], each["valid_from"], each["valid_to"]) for each in person["identities"])


@pytest.fixture
async def office_of(app: FastAPI, client: httpx.AsyncClient) -> Callable[..., Awaitable[Office]]:
    async def make(role: Role, **details: Any) -> Office:
        return Office(client, await headers_of(app, role, **details))

    return make


@pytest.fixture
async def office(office_of: Callable[..., Awaitable[Office]]) -> Office:
    return await office_of(Role.AGENCY)
