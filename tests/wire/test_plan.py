"""A planned route is called as FastAPI would call it, and opens nothing for a request that says something wrong."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, Header, Path, Query, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from service.wire import problems
from service.wire.plan import plan_of
from service.wire.request_id import RequestId
from service.wire.routing import Router

happened: list[str] = []


async def asked(request: Request, word: Annotated[str, Header(alias="X-Word", max_length=5)] = "none") -> str:
    happened.append("asked")
    return f"{word} at {request.url.path}"


async def opened() -> AsyncIterator[str]:
    happened.append("opened")
    try:
        yield "open"
        happened.append("closed")
    except ValueError:
        happened.append("undone")
        raise


async def within(said: Annotated[str, Depends(asked)], door: Annotated[str, Depends(opened, scope="function")]) -> str:
    return f"{said}, {door}"


class Body(BaseModel):
    number: int


router = Router(prefix="/planned")


@router.post("/{name}")
async def planned(
    body: Body,
    name: Annotated[str, Path(max_length=5)],
    said: Annotated[str, Depends(asked)],
    inside: Annotated[str, Depends(within)],
    plain: Annotated[str | None, Header()] = None,
    size: Annotated[int, Query(ge=1)] = 1,
) -> Response:
    happened.append("called")
    if body.number < 0:
        raise ValueError
    return Response(f"{body.number} {name} {size} {plain}; {said}; {inside}")


@router.get("")
async def not_planned(size: int = 1) -> dict[str, int]:
    return {"size": size}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    happened.clear()
    app = FastAPI()
    app.router.routes += router.routes
    problems.install(app)
    app.add_middleware(RequestId)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_everything_that_is_asked_for_arrives_and_each_thing_is_made_once(client: httpx.AsyncClient) -> None:
    headers = {"X-Word": "word", "Plain": "text"}
    answer = await client.post("/planned/name?size=3", json={"number": 7}, headers=headers)

    assert answer.text == "7 name 3 text; word at /planned/name; word at /planned/name, open"
    assert happened == ["asked", "opened", "called", "closed"]


async def test_what_is_left_out_has_its_default(client: httpx.AsyncClient) -> None:
    answer = await client.post("/planned/name", json={"number": 7})

    assert answer.text == "7 name 1 None; none at /planned/name; none at /planned/name, open"


async def test_all_that_is_wrong_is_told_at_once_and_nothing_is_opened_for_it(client: httpx.AsyncClient) -> None:
    wrong = {"X-Word": "too long", "Accept-Language": "en"}
    answer = await client.post("/planned/too-long?size=0", json={"number": "x"}, headers=wrong)

    assert answer.status_code == 422
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {"/X-Word", "/name", "/size", "/number"}
    assert happened == []


async def test_a_body_that_is_missing_is_told(client: httpx.AsyncClient) -> None:
    answer = await client.post("/planned/name")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "request.missing")
    assert happened == ["asked"]


async def test_what_was_opened_learns_of_a_failure(client: httpx.AsyncClient) -> None:
    answer = await client.post("/planned/name", json={"number": -1})

    assert answer.status_code == 500
    assert happened == ["asked", "opened", "called", "undone"]


async def test_a_route_that_leaves_its_answer_to_fastapi_stays_with_it(client: httpx.AsyncClient) -> None:
    plans = {route.name: plan_of(route.dependant) for route in router.routes if isinstance(route, APIRoute)}

    assert plans["planned"] is not None
    assert plans["not_planned"] is None
    assert (await client.get("/planned?size=4")).json() == {"size": 4}
