"""`onestop client` and `onestop keys`, as an operator calls them, while server processes work."""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from service.access.operators import signature
from service.cli import app
from service.clock import system_time
from service.config import Settings
from tests.conftest import KEYS

FORM = {"grant_type": "client_credentials"}
SECONDS = 12
"""By then a process has looked again (`tokens.REFRESH`), whatever else the machine has to do."""


async def onestop(settings: Settings, *arguments: str, keys: str = KEYS, code: int = 0) -> Any:
    environment = {"ONESTOP_DATABASE_URL": settings.database_url or "", "ONESTOP_KEYS": keys}
    # In a thread, because a command has an event loop of its own.
    ran = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=environment)
    assert ran.exit_code == code, ran.output
    return json.loads(ran.stdout) if "--json" in arguments and code == 0 else ran.output


async def created(settings: Settings, *more: str, client_id: str = "his-1") -> dict[str, str]:
    asked = ("create", client_id, "--role", "agency", "--county", "459901", "--json", *more)
    return {**FORM, **await onestop(settings, "client", *asked)}


async def until_status(wanted: int, caller: httpx.AsyncClient, url: str, headers: dict[str, str]) -> None:
    """Come back when asking there is answered with this status."""
    async with asyncio.timeout(SECONDS):
        while (await caller.get(url, headers=headers)).status_code != wanted:
            continue


@pytest.fixture
def url(servers: Callable[[int], list[str]]) -> list[str]:
    return servers(2)


async def token(caller: httpx.AsyncClient, url: str, form: dict[str, str], **more: Any) -> httpx.Response:
    return await caller.post(f"{url}/oauth/token", data=form, **more)


async def test_a_client_is_made_rotated_and_disabled_and_every_process_knows(
    settings: Settings, url: list[str]
) -> None:
    first = await created(settings)
    async with httpx.AsyncClient() as caller:
        got = await token(caller, url[0], first)
        headers = {"Authorization": f"Bearer {got.json()['access_token']}"}
        assert [(await caller.get(f"{each}/v1/policies", headers=headers)).status_code for each in url] == [200, 200]

        second = FORM | await onestop(settings, "client", "rotate", "his-1", "--json")
        assert [(await token(caller, url[1], form)).status_code for form in (first, second)] == [200, 200]
        third = FORM | await onestop(settings, "client", "rotate", "his-1", "--json")
        # Two at most: the third took the place of the first.
        tried = [(await token(caller, url[0], form)).status_code for form in (first, second, third)]
        assert tried == [401, 200, 200]

        await onestop(settings, "client", "rotate", "his-1", "--now")
        assert [(await token(caller, url[0], form)).status_code for form in (second, third)] == [401, 401]
        for each in url:
            await until_status(401, caller, f"{each}/v1/policies", headers)

        fourth = FORM | await onestop(settings, "client", "rotate", "his-1", "--json")
        live = {"Authorization": f"Bearer {(await token(caller, url[0], fourth)).json()['access_token']}"}
        for each in url:
            await until_status(200, caller, f"{each}/v1/policies", live)
        await onestop(settings, "client", "disable", "his-1")
        assert (await token(caller, url[0], fourth)).status_code == 401
        for each in url:
            await until_status(401, caller, f"{each}/v1/policies", live)

        await onestop(settings, "client", "enable", "his-1")
        again = {"Authorization": f"Bearer {(await token(caller, url[0], fourth)).json()['access_token']}"}
        for each in url:
            await until_status(200, caller, f"{each}/v1/policies", again)
            # A token of before is not let in again with the client.
            assert (await caller.get(f"{each}/v1/policies", headers=live)).status_code == 401
        await onestop(settings, "client", "disable", "his-1")
    (told,) = (await onestop(settings, "client", "list", "--json"))["clients"]
    assert (told["client_id"], told["disabled"], told["role"]) == ("his-1", True, "agency")
    assert not {first["client_secret"], fourth["client_secret"]} & set(json.dumps(told).split('"'))


async def test_a_client_calls_only_from_its_networks_and_within_its_scopes(settings: Settings, url: list[str]) -> None:
    near = await created(settings, "--network", "127.0.0.0/8", "--scope", "policies:read", "--scope", "persons:read")
    far = await created(settings, "--network", "10.1.0.0/16", client_id="his-2")
    async with httpx.AsyncClient() as caller:
        assert (await token(caller, url[0], far)).json()["error"] == "invalid_client"
        # No proxy of ours says so: whatever the header claims, the peer counts.
        assert (await token(caller, url[0], far, headers={"X-Forwarded-For": "10.1.0.7"})).status_code == 401

        got = (await token(caller, url[0], near)).json()
        assert got["scope"] == "persons:read policies:read"
        narrow = (await token(caller, url[0], near | {"scope": "policies:read"})).json()
        assert narrow["scope"] == "policies:read"
        assert (await token(caller, url[0], near | {"scope": "rosters:read"})).json()["error"] == "invalid_scope"

        async def asked(method: str, path: str, access_token: str) -> tuple[int, str | None]:
            headers = {"Authorization": f"Bearer {access_token}"}
            answer = await caller.request(method, f"{url[0]}{path}", headers=headers)
            return answer.status_code, answer.json().get("code")

        assert await asked("GET", "/v1/persons", got["access_token"]) == (200, None)
        assert await asked("GET", "/v1/persons", narrow["access_token"]) == (403, "access.scope")
        assert await asked("POST", "/v1/persons", got["access_token"]) == (403, "access.scope")
        await onestop(settings, "client", "bind", "his-1", "--network", "10.2.0.0/16")
        held = {"Authorization": f"Bearer {got['access_token']}"}
        await until_status(401, caller, f"{url[0]}/v1/persons", held)


async def test_an_operator_is_signed_for_and_the_trail_says_so(settings: Settings, url: list[str]) -> None:
    made = await created(settings)
    issued = await onestop(settings, "client", "operator-key", "his-1", "--required", "--json")
    key = issued["operator_key"]
    person = {"county_code": "459901", "township_code": "459901001", "name": "测试甲", "id_no": "459901195003070005"}
    body = json.dumps(person).encode()

    async with httpx.AsyncClient() as caller:
        access_token = (await token(caller, url[0], made)).json()["access_token"]

        async def enter(**more: str) -> tuple[int, str | None]:
            headers = {"Authorization": f"Bearer {access_token}", "Content-Type": "application/json", **more}
            answer = await caller.post(f"{url[0]}/v1/persons", content=body, headers=headers)
            return answer.status_code, answer.json().get("code")

        def signed(key: str = key, operator: str = "clerk-07", **changed: Any) -> dict[str, str]:
            said: dict[str, Any] = {"client_id": "his-1", "at": system_time(), "method": "POST", "body": body}
            said |= {"target": "/v1/persons", "operator": operator} | changed
            return {"X-Operator": "clerk-07", "X-Operator-Signature": signature(key, **said)}

        assert await enter() == (403, "access.operator_unsigned")
        assert await enter(**{"X-Operator": "clerk-07"}) == (403, "access.operator_unsigned")
        old = system_time().replace(year=2020)
        for wrong in (
            signed(key="another"),
            signed(operator="clerk-08"),
            signed(body=b"{}"),
            signed(method="PUT"),
            signed(target="/v1/hospitals"),
            signed(client_id="his-2"),
            signed(at=old),
            signed() | {"X-Operator-Signature": "nonsense"},
            # Instants that no calendar has.
            *[
                signed() | {"X-Operator-Signature": f"t={seconds},v1={'0' * 64}"}
                for seconds in ("253402300800", "99999999999", "0")
            ],
        ):
            assert await enter(**wrong) == (403, "access.operator_signature")
        assert await enter(**signed(), **{"X-Purpose": "roster-2018"}) == (201, None)


async def test_what_cannot_be_done_is_said_plainly(settings: Settings) -> None:
    await created(settings)
    for arguments, said in (
        (("create", "his-1", "--role", "agency", "--county", "459901"), "there is a client his-1 already"),
        (("create", "his-2", "--role", "hospital", "--county", "459901"), "a hospital names --hospital"),
        (("create", "a b", "--role", "agency", "--county", "459901"), "a client's id is"),
        (("create", "x", "--role", "agency", "--county", "459901", "--scope", "all"), "all is no scope"),
        (
            ("create", "x", "--role", "agency", "--county", "459901", "--scope", "persns:read"),
            "persns:read is no scope",
        ),
        (("create", "x", "--role", "agency", "--county", "459901", "--network", "10.1"), "10.1"),
        (("rotate", "nobody"), "there is no client nobody"),
        (("bind", "nobody"), "there is no client nobody"),
        (("operator-key", "nobody"), "there is no client nobody"),
        (("disable", "nobody"), "there is no client nobody"),
        (("enable", "nobody"), "there is no client nobody"),
        (("enable", "his-1"), "there is no client his-1 that is disabled"),
    ):
        assert said in await onestop(settings, "client", *arguments, code=1)


async def test_a_new_signing_key_signs_and_the_old_tokens_stay_good(settings: Settings, url: list[str]) -> None:
    made = await created(settings)
    async with httpx.AsyncClient() as caller:
        old = {"Authorization": f"Bearer {(await token(caller, url[0], made)).json()['access_token']}"}
        before = (await caller.get(f"{url[0]}/.well-known/jwks.json")).json()["keys"]

        kid = (await onestop(settings, "keys", "signing", "--json"))["kid"]

        async def signed_with() -> str:
            access_token = (await token(caller, url[0], made)).json()["access_token"]
            return str(json.loads(base64.urlsafe_b64decode(access_token.split(".")[0] + "=="))["kid"])

        async with asyncio.timeout(SECONDS):
            signing = ""
            while signing != kid:
                signing = await signed_with()
                # So many tokens a minute are issued to a client, and a process looks for new keys every few seconds.
                for _ in range(20):
                    await caller.get(f"{url[0]}/.well-known/jwks.json")
        for each in url:
            assert (await caller.get(f"{each}/v1/policies", headers=old)).status_code == 200
        after = (await caller.get(f"{url[0]}/.well-known/jwks.json")).json()["keys"]
        assert {each["kid"] for each in after} == {kid, *(each["kid"] for each in before)}
