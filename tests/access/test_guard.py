"""Who may call a route: a valid token of the right role, before anything of the request is read."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI

from service.access.guard import allow
from service.access.model import Caller, Role
from service.access.operators import read_operator
from service.wire.refusals import RequestInvalid
from service.wire.routing import Router
from service.wire.types import Count, WireModel
from tests.access.callers import bearer, headers_of

router = Router(prefix="/v1/probe", tags=["Probe"])
Hospital = Annotated[Caller, allow(Role.HOSPITAL, Role.AGENCY)]


class Body(WireModel):
    number: Count


@router.get("")
async def show_caller(caller: Hospital) -> dict[str, object]:
    return {
        "client_id": caller.client_id,
        "role": caller.role,
        "county_code": caller.county_code,
        "hospital_code": caller.hospital_code,
        "payers": sorted(caller.payers),
        "township_code": caller.township_code,
        "operator": caller.operator,
        "request_id": caller.request_id,
    }


@router.post("")
async def take_number(body: Body, caller: Hospital) -> dict[str, int]:
    return {"number": body.number}


@pytest.fixture
def probe(app: FastAPI, client: httpx.AsyncClient) -> httpx.AsyncClient:
    app.include_router(router)
    return client


async def test_the_caller_is_the_client_of_the_token(app: FastAPI, probe: httpx.AsyncClient) -> None:
    headers = await headers_of(app, Role.HOSPITAL) | {"X-Operator": "clerk-07", "X-Request-Id": "r-1"}

    answer = await probe.get("/v1/probe", headers=headers)

    assert answer.json() == {
        "client_id": "test-hospital",
        "role": "hospital",
        "county_code": "459901",
        "hospital_code": "H45990100101",
        "payers": [],
        "township_code": None,
        "operator": "clerk-07",
        "request_id": "r-1",
    }


async def test_only_the_roles_of_the_route_may_call_it(app: FastAPI, probe: httpx.AsyncClient) -> None:
    for role in Role:
        answer = await probe.get("/v1/probe", headers=await headers_of(app, role))

        if role in (Role.HOSPITAL, Role.AGENCY):
            assert answer.status_code == 200
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "access.forbidden")


async def test_without_a_token_the_answer_says_how_to_get_one(probe: httpx.AsyncClient) -> None:
    for sent in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "}):
        answer = await probe.get("/v1/probe", headers=sent | {"Accept-Language": "en"})

        assert (answer.status_code, answer.json()["code"]) == (401, "access.unauthenticated")
        assert answer.headers["www-authenticate"] == 'Bearer realm="onestop"'
        assert "/oauth/token" in answer.json()["detail"]


async def test_a_bad_token_is_told_from_none(probe: httpx.AsyncClient) -> None:
    answer = await probe.get("/v1/probe", headers=bearer("a.b.c"))

    assert (answer.status_code, answer.json()["code"]) == (401, "access.unauthenticated")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_strangers_are_turned_away_before_their_body_is_read(probe: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"{"

    read: list[bool] = []
    answer = await probe.post("/v1/probe", content=pieces(), headers={"Content-Type": "application/json"})

    assert answer.status_code == 401
    assert not read


async def test_the_wrong_role_is_refused_before_the_body_is_judged(app: FastAPI, probe: httpx.AsyncClient) -> None:
    headers = await headers_of(app, Role.AUDITOR)

    answer = await probe.post("/v1/probe", json={"nonsense": 1}, headers=headers)

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (b"clerk-07", "clerk-07"),
        (b"Li Lei", "Li Lei"),
        (b"%E5%BC%A0%E4%B8%89", "张三"),
        (b"UTF-8''%E5%BC%A0%E4%B8%89", "张三"),
        (b"utf-8'zh-CN'%E5%BC%A0%E4%B8%89", "张三"),
        ("张三".encode(), "张三"),
        (b"100%25", "100%"),
        (("张" * 64).encode(), "张" * 64),
    ],
)
def test_an_operator_may_have_a_chinese_name(sent: bytes, name: str) -> None:
    assert read_operator(sent.decode("latin-1")) == name


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"%",
        b"100%",
        b"%GG",
        b"%00",
        b"%0A",
        b"%E5",
        b"\xff",
        "张三".encode("gbk"),
        b"x" * 65,
        b"%20x",
        b"%E2%80%AE",
    ],
)
def test_an_operator_that_cannot_be_read_is_refused(sent: bytes) -> None:
    with pytest.raises(RequestInvalid):
        read_operator(sent.decode("latin-1"))


async def test_an_operator_comes_as_bytes_and_is_refused_with_its_place(app: FastAPI, probe: httpx.AsyncClient) -> None:
    headers = [(key.encode(), value.encode()) for key, value in (await headers_of(app, Role.AGENCY)).items()]

    known = await probe.get("/v1/probe", headers=[*headers, (b"X-Operator", "张三".encode())])
    refused = await probe.get("/v1/probe", headers=[*headers, (b"X-Operator", "张三".encode("gbk"))])

    assert known.json()["operator"] == "张三"
    assert (refused.status_code, refused.json()["code"]) == (422, "request.invalid")
    assert refused.json()["errors"][0]["pointer"] == "/X-Operator"
    assert refused.json()["errors"][0]["code"] == "access.operator_malformed"


def test_a_long_name_is_judged_by_its_characters_not_its_bytes() -> None:
    assert read_operator("%E5%BC%A0" * 64) == "张" * 64
    with pytest.raises(RequestInvalid):
        read_operator("%E5%BC%A0" * 65)


async def test_openapi_shows_who_may_call_and_how_it_is_refused(app: FastAPI, probe: httpx.AsyncClient) -> None:
    app.openapi_schema = None
    document = (await probe.get("/openapi.json")).json()
    operation = document["paths"]["/v1/probe"]["post"]

    assert operation["security"] == [{"oauth2": []}]
    assert operation["x-roles"] == ["agency", "hospital"]
    assert operation["description"].endswith("Roles: `agency`, `hospital`.")
    flows = document["components"]["securitySchemes"]["oauth2"]["flows"]
    assert flows["clientCredentials"]["tokenUrl"] == "/oauth/token"
    assert {"400", "401", "403", "413", "415", "422", "500", "503"} <= operation["responses"].keys()
    assert "X-Operator" in {parameter["name"] for parameter in operation["parameters"]}
