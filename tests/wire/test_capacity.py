"""More requests than a process can work on meet a quick "not now"; slow senders and readers take nobody's turn."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse

from service.config import Settings
from service.main import create_app
from service.wire.routing import Router
from service.wire.types import Count, WireModel


class Body(WireModel):
    number: Count


class Work:
    """What the probe's routes do: they count who is at work, and wait until they may end."""

    def __init__(self) -> None:
        self.at_work = 0
        self.most_at_work = 0
        self.may_end = asyncio.Event()
        self.begun = asyncio.Semaphore(0)

    async def do(self) -> None:
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        self.begun.release()
        try:
            await self.may_end.wait()
        finally:
            self.at_work -= 1


@pytest.fixture
def work() -> Work:
    return Work()


def probing(work: Work, **settings: Any) -> FastAPI:
    router = Router(prefix="/v1/probe", tags=["Probe"])

    @router.get("/work")
    async def just_work() -> dict[str, str]:
        await work.do()
        return {"status": "done"}

    @router.post("/work")
    async def work_on(body: Body) -> dict[str, int]:
        await work.do()
        return {"number": body.number}

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"one "
            await work.do()
            yield b"two"

        return StreamingResponse(pieces())

    app = create_app(Settings(**settings))
    app.include_router(router)
    return app


def calling(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://onestop.test")


async def test_of_many_at_once_some_work_some_wait_and_the_rest_is_refused_at_once(work: Work) -> None:
    async with calling(probing(work, requests_working=2, requests_waiting=3)) as caller:
        asked = [asyncio.create_task(caller.get("/v1/probe/work")) for _ in range(9)]
        refused = [await one for one in [await first_done(asked) for _ in range(4)]]
        alive = await caller.get("/healthz")
        work.may_end.set()
        answers = await asyncio.gather(*asked)

    assert [one.json()["code"] for one in refused] == ["service.overloaded"] * 4
    assert {one.headers["retry-after"] for one in refused} == {"1"}
    assert "Idempotency-Key" in refused[0].json()["detail"]
    assert alive.status_code == 200
    assert sorted(one.status_code for one in answers) == [200] * 5
    assert work.most_at_work == 2


async def first_done(asked: list[asyncio.Task[httpx.Response]]) -> asyncio.Task[httpx.Response]:
    done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    first: asyncio.Task[httpx.Response] = done.pop()
    asked.remove(first)
    return first


async def test_who_waits_too_long_for_a_turn_is_refused_and_the_turn_is_not_lost(work: Work) -> None:
    async with calling(probing(work, requests_working=1, requests_waiting=9, request_wait_seconds=0.05)) as caller:
        first = asyncio.create_task(caller.get("/v1/probe/work"))
        await work.begun.acquire()
        second = await caller.post("/v1/probe/work", json={"number": 1})
        work.may_end.set()
        third = await caller.post("/v1/probe/work", json={"number": 2})
        done = await first

    assert (second.status_code, second.json()["code"]) == (503, "service.overloaded")
    assert (done.status_code, third.json()) == (200, {"number": 2})


async def test_a_body_that_comes_slowly_takes_nobodys_turn(work: Work) -> None:
    goes_on = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"number": '
        await goes_on.wait()
        yield b"1}"

    work.may_end.set()
    async with calling(probing(work, requests_working=1, requests_waiting=0)) as caller:
        headers = {"Content-Type": "application/json"}
        slow = asyncio.create_task(caller.post("/v1/probe/work", content=pieces(), headers=headers))
        quick = [await caller.post("/v1/probe/work", json={"number": n}) for n in range(2, 5)]
        goes_on.set()
        answers = [await slow, *quick]

    assert [one.json() for one in answers] == [{"number": n} for n in range(1, 5)]


async def test_an_answer_that_is_read_slowly_takes_nobodys_turn(work: Work) -> None:
    async with calling(probing(work, requests_working=1, requests_waiting=0)) as caller:
        streamed = asyncio.create_task(caller.get("/v1/probe/stream"))
        await work.begun.acquire()
        meanwhile = asyncio.create_task(caller.get("/v1/probe/work"))
        await work.begun.acquire()
        work.may_end.set()
        answers = [await streamed, await meanwhile]

    assert (answers[0].text, answers[1].status_code) == ("one two", 200)


async def test_a_turn_comes_back_whatever_becomes_of_the_request(work: Work) -> None:
    async with calling(probing(work, requests_working=1, requests_waiting=0)) as caller:
        gone = asyncio.create_task(caller.get("/v1/probe/work"))
        await work.begun.acquire()
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        invalid = await caller.post("/v1/probe/work", json={"number": "one"})
        unknown = await caller.get("/v1/probe/nothing")
        work.may_end.set()
        last = await caller.get("/v1/probe/work")

    assert [one.status_code for one in (invalid, unknown, last)] == [422, 404, 200]
