"""Every answer carries its request's id, and the log has one line for it that names no person."""

import json
import logging

import httpx
import pytest

from service.config import Settings
from service.main import create_app
from service.wire.logs import JsonLines
from service.wire.request_id import current_request_id
from service.wire.routing import Router

router = Router(prefix="/v1/probe", tags=["Probe"])


@router.get("/people/{id_no}")
async def look_at(id_no: str) -> dict[str, str | None]:
    return {"request_id": current_request_id.get()}


@router.get("/fault/{id_no}")
async def fail(id_no: str) -> None:
    raise RuntimeError(f"no such person: {id_no}")


@pytest.fixture
def caller() -> httpx.AsyncClient:
    app = create_app(Settings())
    app.include_router(router)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://onestop.test")


async def test_a_sane_id_of_the_caller_is_kept(caller: httpx.AsyncClient) -> None:
    answer = await caller.get("/v1/probe/people/x", headers={"X-Request-Id": "his-2018.06:01_7"})

    assert answer.headers["x-request-id"] == "his-2018.06:01_7"
    assert answer.json() == {"request_id": "his-2018.06:01_7"}


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "<script>", "a;b", "张".encode()])
async def test_any_other_is_replaced(caller: httpx.AsyncClient, sent: str | bytes) -> None:
    value = sent.encode() if isinstance(sent, str) else sent
    answer = await caller.get("/v1/probe/people/x", headers={b"X-Request-Id": value})

    assert len(answer.headers["x-request-id"]) == 32
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


async def test_errors_have_one_too_and_each_its_own(caller: httpx.AsyncClient) -> None:
    answers = [await caller.get(path) for path in ("/nowhere", "/nowhere", "/v1/probe/fault/x", "/docs")]

    assert len({answer.headers["x-request-id"] for answer in answers}) == 4


async def test_the_log_names_the_route_and_never_the_person(
    caller: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "onestop"):
        for path in ("people", "fault"):
            await caller.get(f"/v1/probe/{path}/459901195003070005?name=x", headers={"X-Request-Id": f"r-{path}"})
    lines = [JsonLines().format(record) for record in caplog.records]

    assert not any("459901195003070005" in line for line in lines)
    requests = [line for line in map(json.loads, lines) if line["log"] == "onestop.requests"]
    assert [(line["method"], line["route"], line["status"]) for line in requests] == [
        ("GET", "/v1/probe/people/{id_no}", 200),
        ("GET", "/v1/probe/fault/{id_no}", 500),
    ]
    assert requests[1]["problem"] == "internal"
    assert all(line["ms"] >= 0 for line in requests)


async def test_a_fault_is_logged_by_kind_and_place(caller: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "onestop"):
        await caller.get("/v1/probe/fault/459901195003070005")
    (line,) = (json.loads(JsonLines().format(record)) for record in caplog.records)

    assert line["error"] == "RuntimeError"
    assert line["where"][-1].startswith("test_request_id.py:")
    assert line["where"][-1].endswith(" fail")
