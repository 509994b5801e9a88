"""The token endpoint as RFC 6749 wants it: each way in, each way out."""

import asyncio
import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.access import actions
from service.access.model import Role
from service.access.oauth import FORM as FORM_TYPE
from service.access.oauth import OAuthRefusedError, read_request
from service.db import transaction_on
from tests.access.callers import make_client

FORM = {"grant_type": "client_credentials"}


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


async def test_a_client_gets_a_token_that_no_cache_keeps(app: FastAPI, client: httpx.AsyncClient) -> None:
    made, secret = await make_client(app, Role.HOSPITAL)

    answer = await client.post("/oauth/token", data=FORM | {"client_id": made.client_id, "client_secret": secret})

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 1800)
    assert await app.state.tokens.verify(body["access_token"]) == made


async def test_a_client_may_authenticate_in_the_header(app: FastAPI, client: httpx.AsyncClient) -> None:
    made, secret = await make_client(app, Role.AGENCY, client_id="agency 1:ä")

    answer = await client.post("/oauth/token", data=FORM, headers=basic("agency+1%3A%C3%A4", secret))

    assert answer.status_code == 200
    assert (await app.state.tokens.verify(answer.json()["access_token"])).client_id == made.client_id


REFUSED: Final[list[tuple[dict[str, str], dict[str, str], int, str]]] = [
    ({}, {}, 400, "invalid_request"),
    ({"client_id": "ID", "client_secret": "SECRET"}, {}, 400, "invalid_request"),
    ({"grant_type": "", "client_id": "ID", "client_secret": "SECRET"}, {}, 400, "invalid_request"),
    ({"grant_type": "password", "client_id": "ID", "client_secret": "SECRET"}, {}, 400, "unsupported_grant_type"),
    (FORM | {"client_id": "ID", "client_secret": "SECRET", "scope": "all"}, {}, 400, "invalid_scope"),
    (FORM | {"client_id": "ID", "client_secret": "SECRET"}, {"Authorization": "BASIC"}, 400, "invalid_request"),
    (FORM | {"client_id": "other"}, {"Authorization": "BASIC"}, 400, "invalid_request"),
    (FORM, {}, 401, "invalid_client"),
    (FORM | {"client_id": "ID"}, {}, 401, "invalid_client"),
    (FORM | {"client_secret": "SECRET"}, {}, 401, "invalid_client"),
    (FORM | {"client_id": "ID", "client_secret": "wrong"}, {}, 401, "invalid_client"),
    (FORM | {"client_id": "nobody", "client_secret": "SECRET"}, {}, 401, "invalid_client"),
    (FORM, {"Authorization": "Basic !!!"}, 401, "invalid_client"),
    (FORM, {"Authorization": "Basic " + base64.b64encode(b"no colon").decode()}, 401, "invalid_client"),
    (FORM, {"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()}, 401, "invalid_client"),
    (FORM, {"Authorization": "Basic " + base64.b64encode(b"%00:x").decode()}, 401, "invalid_client"),
    (FORM, {"Authorization": "Bearer something"}, 401, "invalid_client"),
]


async def test_each_wrong_request_gets_its_error(app: FastAPI, client: httpx.AsyncClient) -> None:
    made, secret = await make_client(app, Role.HOSPITAL)
    real = {"ID": made.client_id, "SECRET": secret, "BASIC": basic(made.client_id, secret)["Authorization"]}

    for form, headers, status, error in REFUSED:
        answer = await client.post(
            "/oauth/token",
            content=str(httpx.QueryParams({name: real.get(value, value) for name, value in form.items()})),
            headers={"Content-Type": "application/x-www-form-urlencoded"}
            | {name: real.get(value, value) for name, value in headers.items()},
        )

        assert (answer.status_code, answer.json()["error"]) == (status, error), (form, headers)
        assert answer.headers["cache-control"] == "no-store"
        assert ("www-authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"grant_type": "client_credentials"}', "application/json"),
        (b"grant_type=client_credentials", None),
        (b"grant_type=client_credentials&grant_type=client_credentials", FORM_TYPE),
        (b"grant_type=client_credentials&client_id=%00&client_secret=x", FORM_TYPE),
        (b"grant_type=%ff", FORM_TYPE),
        (b"\xff\xfe", FORM_TYPE),
        (b"&".join(b"f%d=x" % number for number in range(1000)), FORM_TYPE),
    ],
)
def test_a_form_that_cannot_be_read_is_an_invalid_request(content: bytes, content_type: str | None) -> None:
    with pytest.raises(OAuthRefusedError) as refused:
        read_request(content, content_type, None)

    assert (refused.value.status, refused.value.error) == (400, "invalid_request")


async def test_whoever_guesses_learns_nothing(app: FastAPI, client: httpx.AsyncClient) -> None:
    made, secret = await make_client(app, Role.HOSPITAL)
    disabled, its_secret = await make_client(app, Role.AGENCY)
    async with transaction_on(app.state.engine) as tx:
        await actions.disable_client(tx, disabled.client_id, at=app.state.clock.source())

    async def shape(client_id: str, secret: str) -> tuple[Any, ...]:
        answer = await client.post("/oauth/token", data=FORM | {"client_id": client_id, "client_secret": secret})
        headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
        return answer.status_code, answer.content, headers

    wrong_secret = await shape(made.client_id, "wrong")
    assert wrong_secret[0] == 401
    assert await shape("nobody", "wrong") == wrong_secret
    assert await shape(disabled.client_id, its_secret) == wrong_secret
    assert await shape(made.client_id, secret + "x") == wrong_secret


async def test_an_expired_secret_lets_nobody_in_and_two_may_live_at_once(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    made, secret = await make_client(app, Role.AGENCY)
    second = "another secret"
    now = app.state.clock.source()
    async with transaction_on(app.state.engine) as tx:
        await tx.execute(
            text("INSERT INTO client_secrets VALUES (:id, 2, :hash, :at, :until)"),
            {
                "id": made.client_id,
                "hash": app.state.vault.fingerprint("client_secret", second),
                "at": now,
                "until": now + timedelta(days=1),
            },
        )

    async def status(secret: str) -> int:
        form = FORM | {"client_id": made.client_id, "client_secret": secret}
        return (await client.post("/oauth/token", data=form)).status_code

    assert [await status(each) for each in (secret, second, "wrong")] == [200, 200, 401]

    async with transaction_on(app.state.engine) as tx:
        await tx.execute(text("UPDATE client_secrets SET expires_at = :now"), {"now": now})
    assert [await status(each) for each in (secret, second)] == [401, 401]


async def test_secrets_are_kept_as_hashes_only(app: FastAPI) -> None:
    _, secret = await make_client(app, Role.AGENCY)

    async with transaction_on(app.state.engine) as tx:
        stored = await tx.scalar(text("SELECT client_secrets::text FROM client_secrets"))
    assert len(secret) >= 43
    assert secret not in stored
    assert secret.encode().hex() not in stored


async def test_a_client_names_what_its_role_needs_and_nothing_else(app: FastAPI) -> None:
    wrong: list[tuple[Role, dict[str, Any]]] = [
        (Role.HOSPITAL, {"hospital_code": None}),
        (Role.AGENCY, {"hospital_code": "H1"}),
        (Role.PAYER, {"payers": frozenset()}),
        (Role.AUDITOR, {"payers": frozenset({"basic_fund"})}),
        (Role.TOWNSHIP, {"township_code": None}),
        (Role.AGENCY, {"township_code": "459901001"}),
    ]
    for role, details in wrong:
        with pytest.raises(IntegrityError, match="ck_clients_"):
            await make_client(app, role, **details)


async def test_several_processes_serve_tokens_that_all_of_them_accept(
    app: FastAPI, servers: Callable[[int], list[str]]
) -> None:
    made, secret = await make_client(app, Role.AGENCY)
    form = FORM | {"client_id": made.client_id, "client_secret": secret}
    urls = servers(2)

    async with httpx.AsyncClient() as caller:
        answers = await asyncio.gather(*(caller.post(f"{url}/oauth/token", data=form) for url in urls * 3))
        keys = [(await caller.get(f"{url}/.well-known/jwks.json")).json() for url in urls]

    assert [answer.status_code for answer in answers] == [200] * 6
    assert keys[0] == keys[1]
    assert len(keys[0]["keys"]) == 1
    for answer in answers:
        assert await app.state.tokens.verify(answer.json()["access_token"]) == made
