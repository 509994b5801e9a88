"""The application as a whole: it starts, says how it is, and documents everything it answers."""

import re
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.vault import VaultError
from service.config import Settings
from service.db import transaction_on
from service.main import ROUTERS, create_app
from service.wire.routing import WireRoute
from tests.document import DOCUMENT, OPERATIONS


async def test_it_is_alive_and_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "alive"}
    assert (await client.get("/readyz")).json() == {"status": "ready", "attention": []}


async def test_it_is_not_ready_on_an_older_schema(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    async with transaction_on(engine) as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    answer = await client.get("/readyz", headers={"Accept-Language": "en"})

    assert (answer.status_code, answer.json()["code"]) == (503, "service.not_migrated")
    assert "onestop migrate" in answer.json()["detail"]


async def test_it_stays_ready_on_the_schema_of_a_later_one(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    async with transaction_on(engine) as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    assert (await client.get("/readyz")).status_code == 200


async def test_it_does_not_start_without_keys_or_without_a_database() -> None:
    without_keys = create_app(Settings(database_url="postgresql://nobody@127.0.0.1:1/none"))
    with pytest.raises(VaultError, match="set ONESTOP_KEYS"):
        async with without_keys.router.lifespan_context(without_keys):
            pass

    without_database = create_app(Settings(keys=SecretStr("k1:AAAA")))
    with pytest.raises(RuntimeError, match="set ONESTOP_DATABASE_URL"):
        async with without_database.router.lifespan_context(without_database):
            pass


async def test_the_docs_need_nothing_from_outside() -> None:
    transport = httpx.ASGITransport(create_app(Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://onestop.test") as caller:
        page = (await caller.get("/docs")).text
        links = re.findall(r'(?:src|href)="([^"]+)"', page)

        assert links
        assert not re.search(r"https?://", page)
        for link in links:
            assert (await caller.get(link)).status_code == 200


def test_every_route_has_the_manners_of_the_house() -> None:
    """Strict JSON, and the guard before the body: only `WireRoute` does that."""
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, WireRoute), f"{route} is not made by service.wire.routing.Router"


def test_every_operation_is_documented() -> None:
    for path, method, operation in OPERATIONS:
        name = f"{method} {path}"
        assert operation["summary"], name
        assert operation["description"], name
        assert {"500", "503"} <= operation["responses"].keys(), name
        for status, response in operation["responses"].items():
            for kind, content in response.get("content", {}).items():
                assert content.get("examples") or content.get("example"), f"{name} {status} {kind} has no example"
        if "requestBody" in operation:
            for content in operation["requestBody"]["content"].values():
                assert content.get("examples") or content.get("example") or _has_example(content["schema"]), name


def _has_example(schema: dict[str, Any]) -> bool:
    referred = DOCUMENT["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
    return "examples" in schema or "examples" in referred


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for *_, operation in OPERATIONS]

    assert len(names) == len(set(names))


def test_everything_but_a_few_addresses_asks_for_a_token() -> None:
    open_to_all = {path for path, _, operation in OPERATIONS if not operation.get("security")}

    assert open_to_all <= {
        "/oauth/token",
        "/.well-known/jwks.json",
        "/healthz",
        "/readyz",
        "/metrics",
        "/v1/patient/session",
    }


def test_the_document_is_the_same_each_time() -> None:
    assert create_app(Settings()).openapi() == DOCUMENT


def test_references_in_the_document_lead_somewhere() -> None:
    found = set(re.findall(r"'\$ref': '#/components/(\w+)/([^']+)'", str(DOCUMENT)))

    assert found
    for kind, name in found:
        assert name in DOCUMENT["components"][kind], f"{kind}/{name}"
    assert not any(
        isinstance(route, APIRoute) and route.include_in_schema and not route.summary
        for router in ROUTERS
        for route in router.routes
    )
