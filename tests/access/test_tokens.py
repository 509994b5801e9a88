"""Tokens: one algorithm, one issuer, one audience, one lifetime; everything else is nobody."""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access import actions, store
from service.access.model import Client, Role
from service.access.refusals import Unauthenticated
from service.access.tokens import AUDIENCE, ISSUER, REFRESH, Tokens
from service.access.vault import Vault, new_key, parse_keys
from service.clock import Clock
from service.db import transaction_on

HOSPITAL = Client("h1", Role.HOSPITAL, "459901", hospital_code="H1")
PAYER = Client("p1", Role.PAYER, "459901", payers=frozenset({"serious_insurer", "top_up_insurer"}))
VAULT = Vault(parse_keys(new_key("test")))


@dataclass
class Watch:
    """A time that a test can move."""

    now: datetime = field(default=datetime(2026, 3, 1, 8, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def process(engine: AsyncEngine, watch: Watch) -> Callable[[], Tokens]:
    """Makes what one server process has; each call is another process on the same database."""
    return lambda: Tokens(engine, VAULT, Clock(source=watch), lifetime=timedelta(minutes=30))


@pytest.fixture
def tokens(process: Callable[[], Tokens]) -> Tokens:
    return process()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, payload = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    return header, payload


async def signing_key(engine: AsyncEngine) -> tuple[str, Ed25519PrivateKey]:
    """The real signing key: what only the service has."""
    async with transaction_on(engine) as tx:
        key = (await store.live_signing_keys(tx, datetime(2026, 3, 1, tzinfo=UTC)))[0]
    raw = bytes.fromhex(VAULT.decrypt(key.private_key_enc, bound_to=f"signing_keys:{key.kid}"))
    return key.kid, Ed25519PrivateKey.from_private_bytes(raw)


@pytest.mark.parametrize("client", [HOSPITAL, PAYER])
async def test_a_token_stands_for_the_client_it_was_issued_to(tokens: Tokens, client: Client) -> None:
    assert await tokens.verify(await tokens.issue(client)) == client


async def test_a_token_says_who_issued_it_to_whom_and_until_when(tokens: Tokens, watch: Watch) -> None:
    header, claims = parts(await tokens.issue(PAYER))

    assert header["alg"] == "EdDSA"
    assert {name: claims[name] for name in ("iss", "aud", "sub", "role", "county")} == {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "p1",
        "role": "payer",
        "county": "459901",
    }
    assert claims["payers"] == ["serious_insurer", "top_up_insurer"]
    assert claims["exp"] - claims["iat"] == 30 * 60
    assert claims["iat"] == int(watch.now.timestamp())
    assert parts(await tokens.issue(PAYER))[1]["jti"] != claims["jti"]


async def test_a_token_works_until_it_expires_and_not_a_second_longer(tokens: Tokens, watch: Watch) -> None:
    token = await tokens.issue(HOSPITAL)

    watch.now += timedelta(minutes=30) - timedelta(seconds=1)
    assert await tokens.verify(token) == HOSPITAL

    watch.now += timedelta(seconds=1)
    with pytest.raises(Unauthenticated):
        await tokens.verify(token)


WRONG_CLAIMS: list[dict[str, Any]] = [
    {"aud": "another-api"},
    {"iss": "another-issuer"},
    {"exp": None},
    {"exp": "tomorrow"},
    {"exp": 10**30},
    {"iat": 4102444800},
    {"sub": None},
    {"sub": 7},
    {"jti": None},
    {"role": "admin"},
    {"role": None},
    {"county": None},
]


async def test_a_rightly_signed_token_with_wrong_claims_is_refused(tokens: Tokens, engine: AsyncEngine) -> None:
    _, right = parts(await tokens.issue(HOSPITAL))
    kid, private = await signing_key(engine)

    def signed(claims: dict[str, Any]) -> str:
        content = json.dumps({name: value for name, value in claims.items() if value is not None})
        return jwt.api_jws.encode(content.encode(), private, algorithm="EdDSA", headers={"kid": kid})

    assert await tokens.verify(signed(right)) == HOSPITAL
    for change in WRONG_CLAIMS:
        with pytest.raises(Unauthenticated):
            await tokens.verify(signed(right | change))


async def test_a_token_without_signature_is_refused(tokens: Tokens) -> None:
    header, claims = parts(await tokens.issue(HOSPITAL))

    for algorithm in ("none", "None", "NONE"):
        forged = _unsigned(header | {"alg": algorithm}, claims)
        for token in (forged, forged + "AAAA"):
            with pytest.raises(Unauthenticated):
                await tokens.verify(token)


def _unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))
    return ".".join([*encoded, ""])


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_the_public_key_does_not_work_as_a_shared_secret(tokens: Tokens, engine: AsyncEngine) -> None:
    _, claims = parts(await tokens.issue(HOSPITAL))
    kid, private = await signing_key(engine)

    for secret in (
        private.public_key().public_bytes_raw(),
        base64.urlsafe_b64encode(private.public_key().public_bytes_raw()),
    ):
        forged = jwt.encode(claims, secret, algorithm="HS256", headers={"kid": kid})
        with pytest.raises(Unauthenticated):
            await tokens.verify(forged)


async def test_a_token_signed_by_another_key_is_refused(tokens: Tokens) -> None:
    header, claims = parts(await tokens.issue(HOSPITAL))

    forged = jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": header["kid"]})
    with pytest.raises(Unauthenticated):
        await tokens.verify(forged)


async def test_junk_is_refused(tokens: Tokens) -> None:
    for junk in ("", "x", "a.b.c", "é.é.é", "...", "a" * 10_000, "\x00"):
        with pytest.raises(Unauthenticated):
            await tokens.verify(junk)


async def test_a_changed_letter_is_noticed(tokens: Tokens) -> None:
    token = await tokens.issue(HOSPITAL)
    assert await tokens.verify(token) == HOSPITAL
    for position in (5, len(token) // 2, len(token) - 5):
        letter = "A" if token[position] != "A" else "B"
        with pytest.raises(Unauthenticated):
            await tokens.verify(token[:position] + letter + token[position + 1 :])


async def test_a_disabled_clients_token_stops_within_five_seconds(
    tokens: Tokens, engine: AsyncEngine, watch: Watch
) -> None:
    async with transaction_on(engine) as tx:
        await actions.create_client(
            tx, VAULT, client_id="h1", role=Role.HOSPITAL, county_code="459901", hospital_code="H1", at=watch.now
        )
    token = await tokens.issue(HOSPITAL)
    assert await tokens.verify(token) == HOSPITAL

    async with transaction_on(engine) as tx:
        assert await actions.disable_client(tx, "h1", at=watch.now)
    watch.now += REFRESH

    assert timedelta(seconds=5) >= REFRESH
    with pytest.raises(Unauthenticated):
        await tokens.verify(token)


async def test_verifying_costs_the_database_nothing_between_two_looks(
    tokens: Tokens, engine: AsyncEngine, watch: Watch
) -> None:
    issued = [await tokens.issue(HOSPITAL) for _ in range(3)]
    statements: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    for token in issued * 5:
        await tokens.verify(token)
    assert statements == []

    watch.now += REFRESH
    for token in issued * 5:
        await tokens.verify(token)
    assert len(statements) == 2


async def test_a_signature_is_checked_once(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    token = await tokens.issue(HOSPITAL)
    await tokens.verify(token)

    monkeypatch.setattr(jwt, "decode", lambda *_, **__: pytest.fail("checked again"))
    assert await tokens.verify(token) == HOSPITAL


async def test_a_key_made_by_another_process_is_learned_at_once(process: Callable[[], Tokens]) -> None:
    one, other = process(), process()
    assert await other.jwks() == {"keys": []}

    assert await other.verify(await one.issue(HOSPITAL)) == HOSPITAL


async def test_made_up_key_ids_cannot_make_the_database_work(tokens: Tokens, engine: AsyncEngine) -> None:
    _, claims = parts(await tokens.issue(HOSPITAL))
    statements: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    for number in range(100):
        forged = jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": f"k{number}"})
        with pytest.raises(Unauthenticated):
            await tokens.verify(forged)
    assert len(statements) <= 2 * 10


async def test_many_processes_at_once_make_one_signing_key(process: Callable[[], Tokens], engine: AsyncEngine) -> None:
    processes = [process() for _ in range(6)]
    issued = await asyncio.gather(*(each.issue(HOSPITAL) for each in processes))

    async with transaction_on(engine) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM signing_keys")) == 1
    for each in processes:
        for token in issued:
            assert await each.verify(token) == HOSPITAL


async def test_the_private_key_is_sealed_in_the_database(tokens: Tokens, engine: AsyncEngine) -> None:
    await tokens.issue(HOSPITAL)
    _, private = await signing_key(engine)

    async with transaction_on(engine) as tx:
        stored = await tx.scalar(text("SELECT private_key_enc FROM signing_keys"))
    assert private.private_bytes_raw() not in stored
    assert private.private_bytes_raw().hex().encode() not in stored


async def test_a_retired_key_is_accepted_no_more(tokens: Tokens, engine: AsyncEngine, watch: Watch) -> None:
    token = await tokens.issue(HOSPITAL)
    async with transaction_on(engine) as tx:
        await tx.execute(text("UPDATE signing_keys SET retired_at = :at"), {"at": watch.now})
    watch.now += REFRESH

    with pytest.raises(Unauthenticated):
        await tokens.verify(token)
    assert await tokens.verify(await tokens.issue(HOSPITAL)) == HOSPITAL


async def test_the_published_keys_check_the_tokens(tokens: Tokens) -> None:
    token = await tokens.issue(HOSPITAL)
    (published,) = (await tokens.jwks())["keys"]

    key = jwt.PyJWK(published)
    claims = jwt.decode(
        token, key, algorithms=["EdDSA"], audience=AUDIENCE, options={"verify_exp": False, "verify_iat": False}
    )
    assert claims["sub"] == "h1"
    assert "d" not in published
