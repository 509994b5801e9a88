"""What those who run the service see: measurements over all processes, traces, readiness that means it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

from service.access.model import Role
from service.config import Settings
from service.db import transaction_on
from service.main import create_app
from service.processes import listen, start_worker, stop_workers
from service.wire import tracing
from service.wire.metrics import FOLDER, Measured, Measures
from tests.access.callers import headers_of


def value_of(said: str, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", said, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def test_whichever_process_is_asked_tells_for_all(app: FastAPI, settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "measurements"
    folder.mkdir()
    headers = await headers_of(app, Role.AGENCY)
    environment = {
        "ONESTOP_DATABASE_URL": settings.database_url or "",
        "ONESTOP_KEYS": settings.keys.get_secret_value() if settings.keys else "",
        FOLDER: str(folder),
    }
    listeners = [listen("127.0.0.1", 0) for _ in range(2)]
    urls = [f"http://127.0.0.1:{listener.getsockname()[1]}" for listener in listeners]
    workers = [start_worker(listener, environment) for listener in listeners]
    try:
        for worker in workers:
            worker.wait_until_ready()
        async with httpx.AsyncClient() as caller:
            for n in range(7):
                await caller.get(f"{urls[n % 2]}/v1/policies", headers=headers)
            await caller.get(f"{urls[1]}/v1/policies")
            said = [(await caller.get(f"{url}/metrics")).text for url in urls]
    finally:
        stop_workers(workers)
        for listener in listeners:
            listener.close()

    for each in said:
        assert value_of(each, 'onestop_operations_total{operation="list_policies",outcome="done"}') == 7
        refused = 'onestop_operations_total{operation="list_policies",outcome="access.unauthenticated"}'
        assert value_of(each, refused) == 1
        took = 'onestop_request_seconds_count{method="GET",route="/v1/policies",status="200"}'
        assert value_of(each, took) == 7
        assert value_of(each, "onestop_database_up") == 1
    # Both processes' connections, also where only one of them was ever asked.
    assert [value_of(each, 'onestop_database_connections{state="size"}') for each in said] == [16, 16]


async def test_what_waits_is_asked_of_the_database_now_and_then(app: FastAPI, client: httpx.AsyncClient) -> None:
    asked: list[int] = []

    async def ask(_tx: object, _now: object) -> list[Measured]:
        asked.append(1)
        return [Measured("onestop_waiting", "What waits.", {"payer": payer}, 3) for payer in ("a", "b")]

    app.state.measures = Measures([ask])
    said = [(await client.get("/metrics")).text for _ in range(3)]

    assert asked == [1]
    assert value_of(said[0], 'onestop_waiting{payer="a"}') == value_of(said[2], 'onestop_waiting{payer="b"}') == 3


async def test_without_a_database_the_counts_are_told_all_the_same(app: FastAPI, client: httpx.AsyncClient) -> None:
    async def fail(_tx: object, _now: object) -> list[Measured]:
        raise ConnectionRefusedError

    app.state.measures = Measures([fail])
    said = await client.get("/metrics")

    assert said.status_code == 200
    assert value_of(said.text, "onestop_database_up") == 0
    assert "onestop_operations_total" in said.text


async def test_addresses_that_somebody_makes_up_make_no_series(client: httpx.AsyncClient) -> None:
    for n in range(3):
        await client.request(f"MADE{n}UP", f"/made-up-{n}")

    assert not re.search(r"made-up|MADE", (await client.get("/metrics")).text)


async def test_it_is_not_ready_while_every_connection_is_taken(
    app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = [transaction_on(app.state.engine) for _ in range(app.state.settings.pool_size)]
    for each in pool:
        await each.__aenter__()
    in_use = {"state": "in_use"}
    assert REGISTRY.get_sample_value("onestop_database_connections", in_use) == len(pool)

    with monkeypatch.context() as hasty:
        hasty.setattr("service.wire.health._SOON", 0.05)
        busy = await client.get("/readyz")
    for each in pool:
        await each.__aexit__(None, None, None)
    assert REGISTRY.get_sample_value("onestop_database_connections", in_use) == 0

    assert (busy.status_code, busy.json()["code"]) == (503, "service.overloaded")
    assert (await client.get("/readyz")).status_code == 200


@pytest.fixture
async def traced(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[FastAPI, InMemorySpanExporter]]:
    """An application that keeps its traces where a test can read them."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(tracing, "provider_for", lambda _endpoint: provider)
    made = create_app(settings.model_copy(update={"traces_endpoint": "http://127.0.0.1:1/v1/traces"}))
    async with made.router.lifespan_context(made):
        yield made, kept


async def test_a_trace_says_what_was_done_and_nothing_of_whom(traced: tuple[FastAPI, InMemorySpanExporter]) -> None:
    app, kept = traced
    headers = await headers_of(app, Role.AGENCY) | {
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "X-Request-Id": "r-1",
    }
    kept.clear()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://onestop.test") as client:
        await client.get("/v1/persons/P459901195003070005", headers=headers)

    spans = kept.get_finished_spans()
    request, *statements = sorted(spans, key=lambda span: span.kind.name != "SERVER")
    assert request.name == "GET /v1/persons/{person_no}"
    assert request.context is not None
    assert f"{request.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert dict(request.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/v1/persons/{person_no}",
        "http.response.status_code": 404,
        "onestop.request_id": "r-1",
        "onestop.client_id": "test-agency",
        "onestop.problem": "person.unknown",
    }
    assert "SELECT" in {span.name for span in statements}
    assert "P459901195003070005" not in "".join(span.to_json() for span in spans)


def test_traces_go_where_they_are_asked_for() -> None:
    provider = tracing.provider_for("http://127.0.0.1:1/v1/traces")
    assert dict(provider.resource.attributes)["service.name"] == "onestop"
    provider.shutdown()


HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


@pytest.mark.parametrize("path", ["/healthz", "/v1/persons", "/nothing", "/oauth/token", "/metrics"])
async def test_every_answer_is_careful(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "strict-transport-security" not in answer.headers
    secure = await client.get(f"https://onestop.test{path}")
    assert "strict-transport-security" in secure.headers


async def test_the_page_of_the_docs_may_run_its_own_script(client: httpx.AsyncClient) -> None:
    policy = (await client.get("/docs")).headers["content-security-policy"]

    assert "script-src 'self' 'unsafe-inline'" in policy
    assert "frame-ancestors 'none'" in policy
