"""Who guesses is locked out, on every process and after a restart; nobody else is."""

import asyncio
from collections.abc import Callable
from ipaddress import ip_network

import httpx
import pytest
from fastapi import FastAPI, Request

from service.access import door
from service.access.limits import Limit
from service.access.model import Role
from service.access.pace import Pace
from service.access.refusals import TooManyRequests
from service.config import Settings
from service.wire.address import address_of
from tests.access.callers import headers_of, make_client

FORM = {"grant_type": "client_credentials"}


async def ask(caller: httpx.AsyncClient, url: str, client_id: str, secret: str, **headers: str) -> httpx.Response:
    form = FORM | {"client_id": client_id, "client_secret": secret}
    return await caller.post(f"{url}/oauth/token", data=form, headers=headers)


async def test_guessing_ends_on_every_process_and_across_a_restart(
    app: FastAPI, servers: Callable[[int], list[str]]
) -> None:
    made, secret = await make_client(app, Role.AGENCY)
    _, others = await make_client(app, Role.AUDITOR)
    urls = servers(2)
    async with httpx.AsyncClient(timeout=60) as caller:
        guesses = [ask(caller, urls[n % 2], made.client_id, f"guess-{n}") for n in range(40)]
        answered = [answer.status_code for answer in await asyncio.gather(*guesses)]
        assert sorted(set(answered)) == [401, 429]
        assert answered.count(401) == door.WRONG_OF_CLIENT.most

        [restarted] = servers(1)
        for url in (*urls, restarted):
            refused = await ask(caller, url, made.client_id, "one more")
            assert (refused.status_code, refused.json()["error"]) == (429, "slow_down")
            assert 0 < int(refused.headers["retry-after"]) <= 15 * 60
            # Whoever has the secret gets in all the same: who guesses at a hospital must not lock it out.
            assert (await ask(caller, url, made.client_id, secret)).status_code == 200
        # Another client behind the same address goes on, and nobody gets round it by saying to be elsewhere.
        assert (await ask(caller, urls[0], "test-auditor", others)).status_code == 200
        spoofed = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Real-IP": "203.0.113.9"}
        assert (await ask(caller, urls[0], made.client_id, "guess", **spoofed)).status_code == 429


@pytest.fixture
def settings(database_url: str, settings: Settings) -> Settings:
    return settings.model_copy(update={"trusted_proxies": (ip_network("10.0.0.0/8"),)})


def caller_from(app: FastAPI, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 40000))
    return httpx.AsyncClient(transport=transport, base_url="http://onestop.test")


async def test_right_secrets_that_come_at_once_are_all_right(
    app: FastAPI, client: httpx.AsyncClient, servers: Callable[[int], list[str]]
) -> None:
    made, secret = await make_client(app, Role.HOSPITAL)
    [url] = servers(1)
    async with httpx.AsyncClient(timeout=60) as caller:
        answers = await asyncio.gather(*(ask(caller, url, made.client_id, secret) for _ in range(30)))

    assert [answer.status_code for answer in answers] == [200] * 30


async def test_a_client_that_somebody_guesses_at_gets_in_from_everywhere(app: FastAPI) -> None:
    made, secret = await make_client(app, Role.AGENCY)
    async with caller_from(app, "203.0.113.1") as guesser, caller_from(app, "203.0.113.2") as owner:
        for n in range(12):
            await ask(guesser, "", made.client_id, f"guess-{n}")

        assert (await ask(guesser, "", made.client_id, "guess-13")).status_code == 429
        assert (await ask(guesser, "", made.client_id, secret)).status_code == 200
        assert (await ask(owner, "", made.client_id, secret)).status_code == 200


async def test_who_guesses_at_everybody_is_slowed_down_and_their_neighbours_are_served(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "WRONG_OF_ADDRESS", Limit("token.wrong_of_address", 12, door.WRONG_OF_ADDRESS.window))
    made, secret = await make_client(app, Role.AGENCY)
    async with caller_from(app, "2001:db8::1") as guesser, caller_from(app, "2001:db8::2:1") as beside:
        assert [(await ask(guesser, "", f"nobody-{n}", "x")).status_code for n in range(13)] == [401] * 12 + [429]
        # Of IPv6 a subscriber has a whole /64.
        assert (await ask(beside, "", "nobody-14", "x")).status_code == 429
        assert (await ask(beside, "", made.client_id, secret)).status_code == 200


async def test_who_is_right_is_counted_only_against_asking_too_often(
    app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, secret = await make_client(app, Role.AGENCY)
    for _ in range(2 * door.WRONG_OF_CLIENT.most):
        assert (await ask(client, "", made.client_id, secret)).status_code == 200
    monkeypatch.setattr(door, "ISSUED_TO_CLIENT", Limit("token.issued", 20, door.ISSUED_TO_CLIENT.window))

    assert (await ask(client, "", made.client_id, secret)).status_code == 429


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.1", [], "203.0.113.1"),
        ("203.0.113.1", ["198.51.100.1"], "203.0.113.1"),
        ("10.0.0.5", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", ["192.0.2.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", ["192.0.2.1, 198.51.100.1, 10.1.1.1"], "198.51.100.1"),
        ("10.0.0.5", ["192.0.2.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", ["nonsense"], "10.0.0.5"),
        ("10.0.0.5", [], "10.0.0.5"),
        ("::ffff:10.0.0.5", ["2001:db8::1"], "2001:db8::1"),
    ],
)
async def test_only_our_own_proxies_are_believed(app: FastAPI, peer: str, forwarded: list[str], address: str) -> None:
    seen: list[str] = []

    @app.get("/probe")
    async def probe(request: Request) -> None:
        seen.append(str(address_of(request)))

    async with caller_from(app, peer) as caller:
        await caller.get("/probe", headers=[("X-Forwarded-For", each) for each in forwarded])

    assert seen == [address]


async def test_one_client_cannot_take_all_the_time_of_a_process(app: FastAPI, client: httpx.AsyncClient) -> None:
    headers, others = await headers_of(app, Role.AGENCY), await headers_of(app, Role.AUDITOR)
    seconds = 0.0
    app.state.pace = Pace(10, lambda: seconds)

    statuses = [(await client.get("/v1/policies", headers=headers)).status_code for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    refused = await client.get("/v1/policies", headers=headers)
    assert (refused.json()["code"], refused.headers["retry-after"]) == ("access.too_many_requests", "1")
    assert (await client.get("/v1/policies", headers=others)).status_code == 200
    seconds = 0.2
    statuses = [(await client.get("/v1/policies", headers=headers)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_no_pace_is_no_limit() -> None:
    free, slow = Pace(0), Pace(1, lambda: 0.0)
    for _ in range(5000):
        free.step("a")
    slow.step("a")
    with pytest.raises(TooManyRequests):
        slow.step("a")
