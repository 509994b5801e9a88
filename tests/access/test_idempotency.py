"""The same request twice acts once; what was answered first is answered again; a refusal leaves the key free."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import httpx
import orjson
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.responses import Response

from service.access import idempotency
from service.access.guard import allow
from service.access.idempotency import Idempotent, Stored
from service.access.model import Caller, Role
from service.access.refusals import InProgress, KeyReused
from service.config import Settings
from service.db import Tx, transaction_on
from service.errors import Refusal
from service.errors import Text as Said
from service.ids import new_id
from service.wire.routing import Router
from service.wire.types import Count, WireModel
from tests.access.callers import headers_of
from tests.conftest import KEYS

AT = datetime(2018, 6, 9, 8, 30, tzinfo=UTC)
CALLER = Caller("h1", Role.HOSPITAL, "459901", "H1", frozenset(), None, operator=None, request_id="r-1")
BODY = '{"说明": "第一次的回答", "amount": "12.30"}'.encode()
HASH, OTHER_HASH = bytes(32), bytes(range(32))


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, keys=SecretStr(KEYS), lock_wait_seconds=0.4)


async def reserve(
    tx: AsyncConnection, *, key: str = "k1", request_hash: bytes = HASH, caller: Caller = CALLER
) -> tuple[UUID, Stored | None]:
    result_id = new_id(AT)
    found = await idempotency.reserve(tx, caller, key=key, request_hash=request_hash, result_id=result_id, at=AT)
    return result_id, found


async def settle_once(tx: AsyncConnection, *, key: str = "k1", request_hash: bytes = HASH) -> Stored | None:
    result_id, found = await reserve(tx, key=key, request_hash=request_hash)
    if found is None:
        await idempotency.keep(tx, CALLER, result_id=result_id, status=201, body=BODY, at=AT)
    return found


async def test_the_first_answer_comes_again_byte_for_byte(engine: AsyncEngine) -> None:
    async with transaction_on(engine) as tx:
        assert await settle_once(tx) is None
    async with transaction_on(engine) as tx:
        found = await settle_once(tx)

    assert found is not None
    response = found.response()
    assert (response.status_code, response.body) == (201, BODY)
    assert response.headers["idempotent-replayed"] == "true"


async def test_reserving_a_fresh_key_takes_one_round_trip(engine: AsyncEngine) -> None:
    statements: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    async with transaction_on(engine) as tx:
        await reserve(tx)

    assert len(statements) == 1


async def test_a_key_of_another_request_is_refused(engine: AsyncEngine) -> None:
    async with transaction_on(engine) as tx:
        await settle_once(tx)

    async with transaction_on(engine) as tx:
        with pytest.raises(KeyReused):
            await settle_once(tx, request_hash=OTHER_HASH)


async def test_a_refusal_leaves_the_key_free(engine: AsyncEngine) -> None:
    async with engine.connect() as connection, connection.begin() as refused:
        await reserve(connection)
        await refused.rollback()

    async with transaction_on(engine) as tx:
        assert await settle_once(tx, request_hash=OTHER_HASH) is None


async def test_another_client_and_another_county_have_keys_of_their_own(engine: AsyncEngine) -> None:
    neighbour = Caller("h2", Role.HOSPITAL, "459901", "H2", frozenset(), None, None, "r-2")
    elsewhere = Caller("h1", Role.HOSPITAL, "459902", "H1", frozenset(), None, None, "r-3")
    async with transaction_on(engine) as tx:
        await settle_once(tx)

    async with transaction_on(engine) as tx:
        for other in (neighbour, elsewhere):
            result_id, found = await reserve(tx, caller=other, request_hash=OTHER_HASH)
            assert found is None
            await idempotency.keep(tx, other, result_id=result_id, status=201, body=b"{}", at=AT)

    async with transaction_on(engine) as tx:
        first = (await reserve(tx))[1]
        assert first is not None
        assert first.body == BODY


async def test_the_second_of_two_at_once_waits_and_gets_the_firsts_answer(engine: AsyncEngine) -> None:
    async with transaction_on(engine) as first:
        result_id, _ = await reserve(first)
        second = asyncio.create_task(_in_its_own_transaction(engine))
        await _until_somebody_waits(engine)
        await idempotency.keep(first, CALLER, result_id=result_id, status=201, body=BODY, at=AT)

    found = await second
    assert found is not None
    assert found.result_id == result_id


async def test_the_second_of_two_at_once_acts_when_the_first_was_refused(engine: AsyncEngine) -> None:
    async with engine.connect() as connection, connection.begin() as first:
        await reserve(connection)
        second = asyncio.create_task(_in_its_own_transaction(engine))
        await _until_somebody_waits(engine)
        await first.rollback()

    assert await second is None


async def test_waiting_too_long_is_said_to_be_in_progress(engine: AsyncEngine) -> None:
    async with transaction_on(engine) as first:
        await reserve(first)
        with pytest.raises(InProgress) as refused:
            await _in_its_own_transaction(engine)

    assert (refused.value.status, refused.value.headers) == (409, {"Retry-After": "1"})


async def _in_its_own_transaction(engine: AsyncEngine) -> Stored | None:
    async with transaction_on(engine) as tx:
        return await settle_once(tx)


async def _until_somebody_waits(engine: AsyncEngine) -> None:
    waiting = 0
    while not waiting:
        async with transaction_on(engine) as tx:
            waiting = await tx.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))


async def test_only_successes_can_be_kept(tx: AsyncConnection) -> None:
    with pytest.raises(Exception, match="only_successes"):
        await idempotency.keep(tx, CALLER, result_id=new_id(AT), status=422, body=BODY, at=AT)


router = Router(prefix="/v1/probe", tags=["Probe"])


class Body(WireModel):
    number: Count
    refuse: Count = 0


class Refused(Refusal):
    """For this test."""

    status = 422
    code = "probe.refused"
    title = Said("拒绝", "Refused")


@router.post("/{name}", status_code=201)
async def act(
    name: str, body: Body, attempt: Idempotent, caller: Annotated[Caller, allow(Role.AGENCY)], tx: Tx
) -> Response:
    result_id = new_id(AT)
    found = await idempotency.reserve(
        tx, caller, key=attempt.key, request_hash=attempt.request_hash, result_id=result_id, at=AT
    )
    if found is not None:
        return found.response()
    if body.refuse:
        raise Refused(Said("拒绝", "Refused"))
    answer = orjson.dumps({"id": str(result_id), "name": name, "number": body.number})
    await idempotency.keep(tx, caller, result_id=result_id, status=201, body=answer, at=AT)
    return Response(answer, 201, media_type="application/json")


@pytest.fixture
async def probe(app: FastAPI, client: httpx.AsyncClient) -> httpx.AsyncClient:
    app.include_router(router)
    client.headers.update(await headers_of(app, Role.AGENCY) | {"Content-Type": "application/json"})
    return client


async def post(
    probe: httpx.AsyncClient, content: bytes, *, key: bytes = b"k1", path: str = "/v1/probe/a"
) -> httpx.Response:
    return await probe.post(path, content=content, headers={b"Idempotency-Key": key})


async def test_a_retry_gets_the_first_answer_however_its_json_is_spelled(probe: httpx.AsyncClient) -> None:
    first = await post(probe, b'{"number": 7, "refuse": 0}')
    again = await post(probe, b'{ "refuse":0,\n"number":7 }')

    assert first.status_code == 201
    assert "idempotent-replayed" not in first.headers
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotent-replayed"] == "true"


async def test_another_body_or_path_is_another_request(probe: httpx.AsyncClient) -> None:
    await post(probe, b'{"number": 7}')

    # A field left out is not the same request as its default sent: what is hashed is what came (api.md).
    for content, path in [
        (b'{"number": 8}', "/v1/probe/a"),
        (b'{"number": 7}', "/v1/probe/b"),
        (b'{"number": 7, "refuse": 0}', "/v1/probe/a"),
    ]:
        answer = await post(probe, content, path=path)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.key_reused")


async def test_a_refused_request_may_be_tried_again_with_its_key(probe: httpx.AsyncClient) -> None:
    assert (await post(probe, b'{"number": 7, "refuse": 1}')).status_code == 422
    assert (await post(probe, b'{"number": 7}')).status_code == 201


async def test_the_key_is_required_and_visible(probe: httpx.AsyncClient) -> None:
    without = await probe.post("/v1/probe/a", content=b'{"number": 7}')
    assert (without.status_code, without.json()["code"]) == (400, "idempotency.key_missing")

    for key in (b"", b"a b", "键".encode(), b"x" * 256):
        answer = await post(probe, b'{"number": 7}', key=key)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency.key_missing"), key
    assert (await post(probe, b'{"number": 7}', key=b"!" + b"~" * 254)).status_code == 201


async def test_openapi_says_what_a_key_may_bring(app: FastAPI, probe: httpx.AsyncClient) -> None:
    app.openapi_schema = None
    operation = app.openapi()["paths"]["/v1/probe/{name}"]["post"]

    examples = {
        status: list(response["content"]["application/problem+json"]["examples"])
        for status, response in operation["responses"].items()
        if "application/problem+json" in response.get("content", {})
    }
    assert "idempotency.key_missing" in examples["400"]
    assert "idempotency.in_progress" in examples["409"]
    assert "idempotency.key_reused" in examples["422"]
    assert "Idempotent-Replayed" in operation["responses"]["201"]["headers"]
