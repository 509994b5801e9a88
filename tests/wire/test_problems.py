"""Whatever goes wrong is one kind of answer, in the caller's language, and says nothing of the inside."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import httpx
import pytest
from fastapi import FastAPI, Query, Request
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.config import Settings
from service.db import Tx, create_engine, create_system_engine, transaction_on
from service.errors import InputError, Refusal
from service.errors import Text as Said
from service.main import create_app
from service.wire.problems import refusal_of
from service.wire.refusals import RequestInvalid, ServiceBusy
from service.wire.routing import Router
from service.wire.types import Count, Day, Flag, WireModel, Yuan
from tests.conftest import KEYS

router = Router(prefix="/v1/probe", tags=["Probe"])


OUR_PID = "SELECT pg_backend_pid()"


class Line(WireModel):
    line_no: Count
    amount: Yuan


class Stay(WireModel):
    kind: Literal["stay"]
    day: Day


class Visit(WireModel):
    kind: Literal["visit"]
    urgent: Flag


class Body(WireModel):
    lines: list[Line]
    what: Stay | Visit | None = None


class Closed(Refusal):
    """For this test."""

    status = 409
    code = "probe.closed"
    title = Said("已关闭", "Closed")


@router.post("/lines")
async def take_lines(body: Body) -> dict[str, int]:
    return {"lines": len(body.lines)}


@router.get("/refuse")
async def refuse() -> None:
    raise Closed(
        Said("请明日再来。", "Come back tomorrow."),
        pointer="/day",
        headers={"Retry-After": "9"},
        extra={"opens": "08:00"},
    )


@router.get("/list")
async def list_things(limit: Annotated[int, Query(ge=1, le=5)] = 1) -> dict[str, int]:
    return {"limit": limit}


@router.put("/list")
async def put_things() -> None:
    return None


@router.post("/things/mine")
async def add_mine() -> None:
    return None


@router.get("/things/{name}")
async def show_thing(name: str) -> None:
    return None


@router.get("/fault")
async def fail() -> None:
    raise RuntimeError("459901195003070005 is in the message of this fault")


@router.get("/constraint")
async def break_a_constraint(tx: Tx) -> None:
    await tx.execute(text("INSERT INTO clients VALUES ('张三的编号', '459901', 'nobody', NULL, '{}', NULL, now())"))


@router.get("/wait")
async def wait_for_a_lock(tx: Tx) -> None:
    await tx.execute(text("LOCK TABLE clients IN ACCESS EXCLUSIVE MODE"))


@router.get("/gone")
async def lose_the_connection(request: Request, tx: Tx) -> None:
    system = create_system_engine(request.app.state.settings.database_url, request.app.state.settings)
    async with transaction_on(system) as other:
        await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": await tx.scalar(text(OUR_PID))})
    await system.dispose()
    await tx.execute(text(OUR_PID))


@router.get("/hold")
async def hold_a_connection(tx: Tx) -> None:
    await tx.execute(text("SELECT pg_sleep(0.5)"))


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        database_url=database_url, keys=SecretStr(KEYS), pool_size=1, pool_wait_seconds=0.1, lock_wait_seconds=0.1
    )


@pytest.fixture
def probe(app: FastAPI, client: httpx.AsyncClient) -> httpx.AsyncClient:
    app.include_router(router)
    return client


@pytest.fixture
def bare() -> httpx.AsyncClient:
    """A caller of an application that was never started: what needs no database."""
    app = create_app(Settings(max_body_bytes=1000))
    app.include_router(router)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://onestop.test")


async def test_a_refusal_is_a_problem_document_in_chinese(bare: httpx.AsyncClient) -> None:
    answer = await bare.get("/v1/probe/refuse")

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "zh-CN"
    assert answer.headers["retry-after"] == "9"
    assert answer.json() == {
        "type": "urn:onestop:problem:probe.closed",
        "title": "已关闭",
        "status": 409,
        "detail": "请明日再来。",
        "code": "probe.closed",
        "errors": [{"pointer": "/day", "code": "probe.closed", "detail": "请明日再来。"}],
        "opens": "08:00",
    }


@pytest.mark.parametrize(
    ("accepted", "detail"),
    [
        ("en", "Come back tomorrow."),
        ("en-GB,zh;q=0.5", "Come back tomorrow."),
        ("zh-CN,en;q=0.8", "请明日再来。"),
        ("fr", "请明日再来。"),
        ("", "请明日再来。"),
    ],
)
async def test_english_is_for_those_who_put_it_first(bare: httpx.AsyncClient, accepted: str, detail: str) -> None:
    answer = await bare.get("/v1/probe/refuse", headers={"Accept-Language": accepted})

    assert answer.json()["detail"] == detail


LINE = {"line_no": 1, "amount": "1.00"}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("/lines", "request.missing")]),
        ({"lines": "x"}, [("/lines", "request.type")]),
        ({"lines": [LINE], "lins": 1}, [("/lins", "request.unknown_field")]),
        ({"lines": [LINE | {"amount": 1}]}, [("/lines/0/amount", "request.format")]),
        ({"lines": [LINE, {}]}, [("/lines/1/line_no", "request.missing"), ("/lines/1/amount", "request.missing")]),
        ({"lines": [LINE | {"line_no": "1"}]}, [("/lines/0/line_no", "request.type")]),
        ({"lines": [LINE | {"line_no": -1}]}, [("/lines/0/line_no", "request.range")]),
        ({"lines": [], "a/b~c": 1}, [("/a~1b~0c", "request.unknown_field")]),
        ([], [("", "request.type")]),
        (None, [("", "request.missing")]),
    ],
)
async def test_every_wrong_input_is_named_by_its_place(
    bare: httpx.AsyncClient, body: Any, errors: list[tuple[str, str]]
) -> None:
    answer = await bare.post("/v1/probe/lines", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == errors


async def test_the_members_of_a_union_are_no_places(bare: httpx.AsyncClient) -> None:
    answer = await bare.post("/v1/probe/lines", json={"lines": [], "what": {"kind": "stay", "day": "soon"}})

    assert {error["pointer"] for error in answer.json()["errors"]} == {
        "/what/day",
        "/what/kind",
        "/what/urgent",
    }


async def test_errors_never_repeat_what_was_sent(bare: httpx.AsyncClient) -> None:
    body = {"lines": [{"line_no": "张三", "amount": "459901195003070005"}], "what": "李四"}

    answer = await bare.post("/v1/probe/lines", json=body)

    assert answer.status_code == 422
    assert not any(secret in answer.text for secret in ("张三", "459901195003070005", "李四"))


async def test_a_wrong_parameter_is_named_too(bare: httpx.AsyncClient) -> None:
    answer = await bare.get("/v1/probe/list?limit=6", headers={"Accept-Language": "en"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"pointer": "/limit", "code": "request.range", "detail": "must be at most 5"},
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "line 1, column 2"),
        (b'{"lines": [], "lines": []}', "same key twice"),
        (b'{"lines": [NaN]}', "no NaN"),
        (b'{"x": "\\u0000"}', "NUL"),
        (b"\xff", "UTF-8"),
    ],
)
async def test_what_cannot_be_read_is_malformed(bare: httpx.AsyncClient, body: bytes, said: str) -> None:
    headers = {"Content-Type": "application/json", "Accept-Language": "en"}
    answer = await bare.post("/v1/probe/lines", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "request.malformed")
    assert said in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json", ""])
async def test_a_body_of_another_kind_is_told_what_to_send(bare: httpx.AsyncClient, kind: str) -> None:
    answer = await bare.post("/v1/probe/lines", content=b'{"lines": []}', headers={"Content-Type": kind})

    assert (answer.status_code, answer.json()["code"]) == (415, "request.media_type")


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "application/vnd.onestop+json"]
)
async def test_json_goes_by_its_names(bare: httpx.AsyncClient, kind: str) -> None:
    answer = await bare.post("/v1/probe/lines", content=b'{"lines": []}', headers={"Content-Type": kind})

    assert answer.json() == {"lines": 0}


async def test_addresses_and_methods_that_do_not_exist_are_problems_too(bare: httpx.AsyncClient) -> None:
    nowhere = await bare.get("/v1/nowhere")
    slash = await bare.get("/v1/probe/list/")
    method = await bare.put("/v1/probe/lines")

    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "request.not_found")
    assert (slash.status_code, slash.json()["code"]) == (404, "request.not_found")
    assert (method.status_code, method.json()["code"]) == (405, "request.method_not_allowed")
    assert method.headers["allow"] == "POST"


async def test_a_wrong_method_is_told_all_the_right_ones(bare: httpx.AsyncClient) -> None:
    answer = await bare.delete("/v1/probe/list")

    assert answer.headers["allow"] == "GET, PUT"
    assert (await bare.delete("/v1/probe/things/mine")).headers["allow"] == "POST"
    assert (await bare.delete("/v1/probe/things/yours")).headers["allow"] == "GET"


@pytest.mark.parametrize("address", ["/v1/probe/a%00b", "/v1/probe/list?limit=1&x=%00"])
async def test_a_nul_in_the_address_is_malformed(bare: httpx.AsyncClient, address: str) -> None:
    answer = await bare.get(address)

    assert (answer.status_code, answer.json()["code"]) == (400, "request.malformed")


async def test_a_body_too_large_is_refused_as_soon_as_it_is_known(bare: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            sent.append(100)
            yield b" " * 100

    for announced, pieces_read in ({"Content-Length": "1001"}, 0), ({}, 11):
        sent: list[int] = []
        headers = {"Content-Type": "application/json"} | announced
        answer = await bare.post("/v1/probe/lines", content=pieces(), headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")
        assert "1000" in answer.json()["detail"]
        assert "x-request-id" in answer.headers
        assert len(sent) == pieces_read


async def test_a_body_that_does_not_come_is_given_up() -> None:
    app = create_app(Settings(body_seconds=0.05))
    app.include_router(router)

    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"lines": '
        await asyncio.Event().wait()

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://onestop.test") as caller:
        answer = await caller.post("/v1/probe/lines", content=pieces(), headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (408, "request.too_slow")


async def test_who_goes_away_while_sending_is_no_fault_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(Settings())
    app.include_router(router)
    answered: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        answered.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/v1/probe/lines",
        "raw_path": b"/v1/probe/lines",
    }
    scope |= {"query_string": b"", "headers": [(b"content-type", b"application/json")], "client": None}
    scope |= {"scheme": "http", "server": ("onestop.test", 80), "http_version": "1.1", "root_path": ""}
    await app(scope, receive, send)

    assert answered[0]["status"] == 400
    assert "unexpected failure" not in caplog.text


async def test_a_body_of_exactly_the_limit_is_read(bare: httpx.AsyncClient) -> None:
    content = b'{"lines": []}'.ljust(1000)

    answer = await bare.post("/v1/probe/lines", content=content, headers={"Content-Type": "application/json"})

    assert answer.json() == {"lines": 0}


async def test_a_fault_says_nothing_of_the_inside_but_its_request_id(
    bare: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "onestop"):
        answer = await bare.get("/v1/probe/fault", headers={"X-Request-Id": "r-500"})

    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "r-500"
    assert "r-500" in answer.json()["detail"]
    assert not any(word in answer.text for word in ("RuntimeError", "459901195003070005", ".py"))
    assert [record.exc_info is not None for record in caplog.records] == [True]


async def test_a_broken_constraint_that_nobody_expected_is_a_fault(probe: httpx.AsyncClient) -> None:
    answer = await probe.get("/v1/probe/constraint")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "张三" not in answer.text


async def test_a_statement_that_takes_too_long_is_ended(database_url: str, settings: Settings) -> None:
    engine = create_engine(database_url, settings.model_copy(update={"statement_seconds": 0.05}))
    try:
        with pytest.raises(DBAPIError) as ended:
            async with transaction_on(engine) as tx:
                await tx.execute(text("SELECT count(*) FROM generate_series(1, 1000000000000)"))
    finally:
        await engine.dispose()

    assert isinstance(refusal_of(ended.value), ServiceBusy)


async def test_a_lock_held_too_long_is_busy(app: FastAPI, probe: httpx.AsyncClient, settings: Settings) -> None:
    holder = create_app(settings)
    async with holder.router.lifespan_context(holder), transaction_on(holder.state.engine) as tx:
        await tx.execute(text("LOCK TABLE clients IN SHARE MODE"))
        answer = await probe.get("/v1/probe/wait")

    assert (answer.status_code, answer.json()["code"]) == (503, "service.busy")
    assert answer.headers["retry-after"] == "1"


async def test_more_requests_than_connections_are_overload(probe: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(probe.get("/v1/probe/hold"), probe.get("/v1/probe/hold"))

    by_status = sorted(answers, key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in by_status] == [200, 503]
    assert by_status[1].json()["code"] == "service.overloaded"
    assert by_status[1].headers["retry-after"] == "1"


async def test_a_lost_connection_is_said_and_the_next_request_works(probe: httpx.AsyncClient) -> None:
    lost = await probe.get("/v1/probe/gone")

    assert (lost.status_code, lost.json()["code"]) == (503, "service.unavailable")
    assert (await probe.get("/readyz")).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "nobody@127.0.0.1:1/none",
        "nobody@localhost:1/none",
        "nobody@no-such-host.invalid/none",
        "nobody@/none?host=/nowhere",
    ],
)
async def test_a_database_that_is_not_there_is_unavailable(address: str) -> None:
    settings = Settings(database_url=f"postgresql://{address}", keys=SecretStr(KEYS))
    app = create_app(settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://onestop.test") as caller,
    ):
        alive, ready = await caller.get("/healthz"), await caller.get("/readyz")

    assert alive.status_code == 200
    assert (ready.status_code, ready.json()["code"]) == (503, "service.unavailable")
    assert ready.headers["retry-after"] == "1"


def test_findings_of_our_own_have_the_same_shape_as_pydantics() -> None:
    refusal = RequestInvalid.at(InputError("/day", "probe.day", Said("不可", "not so")))

    assert (refusal.status, refusal.code) == (422, "request.invalid")
    assert refusal.errors[0].pointer == "/day"
