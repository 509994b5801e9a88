"""
Access tokens: JWTs signed with Ed25519, checked against fixed algorithm, issuer, audience and expiry.

A token is checked by signature once and remembered until it expires. Every 5 seconds (`REFRESH`), with the next
request, a process reads anew which signing keys are live and on what terms clients are let in: so the tokens of a
client that is disabled, revoked or bound to other networks stop working in every process within 5 seconds.

A new signing key signs at once; the one before stays published and accepted until its last token has expired.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.access import store
from service.access.model import Client, Role, Terms
from service.access.refusals import Unauthenticated
from service.access.signatures import Signature, said_for
from service.access.vault import Vault
from service.clock import Clock
from service.db import transaction_on

ISSUER: Final = "onestop"
AUDIENCE: Final = "onestop-api"
ALGORITHM: Final = "EdDSA"
REFRESH: Final = timedelta(seconds=5)

_REQUIRED: Final = ["iss", "aud", "sub", "iat", "exp", "jti", "role", "county"]
_LONGEST_TOKEN: Final = 4096
_REMEMBERED: Final = 4096
_SKEW: Final = timedelta(seconds=60)
_UNKNOWN_KEYS_PER_REFRESH: Final = 10
_USUAL: Final = Terms()


@dataclass(frozen=True, slots=True)
class _Live:
    """What the database said at the last look."""

    keys: Mapping[str, Ed25519PublicKey]
    signing: store.SigningKey | None
    terms: Mapping[str, Terms]
    read_at: datetime


@dataclass(frozen=True, slots=True)
class _Verified:
    kid: str
    client: Client
    issued_at: datetime
    expires_at: datetime


class Tokens:
    """Issues and verifies the access tokens of one server process."""

    def __init__(self, engine: AsyncEngine, vault: Vault, clock: Clock, *, lifetime: timedelta) -> None:
        self._engine = engine
        self._vault = vault
        # A sandbox's clock is shifted; tokens live in the machine's own time, as other machines check them.
        self._now = clock.source
        self.lifetime = lifetime
        self._live: _Live | None = None
        self._looking = asyncio.Lock()
        self._looks_left = _UNKNOWN_KEYS_PER_REFRESH
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()

    async def issue(self, client: Client) -> str:
        """A new token for this client, valid for `lifetime`."""
        signing = await self._signing_key()
        now = self._now()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": client.client_id,
            # To the microsecond: a token issued just after a revocation is not one of those revoked.
            "iat": now.timestamp(),
            "exp": int((now + self.lifetime).timestamp()),
            "jti": uuid4().hex,
            "role": client.role.value,
            "county": client.county_code,
            "hospital_code": client.hospital_code,
            "payers": sorted(client.payers),
            "township_code": client.township_code,
            "scope": " ".join(sorted(client.scopes)),
        }
        return jwt.encode(claims, self._private(signing), algorithm=ALGORITHM, headers={"kid": signing.kid})

    async def sign(self, purpose: str, message: bytes) -> Signature:
        """
        Sign what is to be shown outside, with the key that signs tokens (its public half is at the JWKS address).

        What is signed begins with the purpose and a zero byte, which no token does: neither passes for the other.
        """
        signing = await self._signing_key()
        signature = self._private(signing).sign(said_for(purpose, message))
        return Signature(signing.kid, signing.public_key, signature)

    def _private(self, signing: store.SigningKey) -> Ed25519PrivateKey:
        sealed = self._vault.decrypt(signing.private_key_enc, bound_to=signing_key_place(signing.kid))
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(sealed))

    async def verify(self, token: str) -> Client:
        """The client that a token stands for. Raises `access.unauthenticated`."""
        live = await self._look()
        digest = hashlib.sha256(token.encode()).digest()
        verified = self._verified.get(digest)
        if verified is None:
            verified = await self._check(token, live)
            self._remember(digest, verified)
            live = await self._look()
        terms = live.terms.get(verified.client.client_id, _USUAL)
        is_revoked = terms.disabled or (terms.tokens_after is not None and verified.issued_at < terms.tokens_after)
        if verified.kid not in live.keys or is_revoked or self._now() >= verified.expires_at:
            raise Unauthenticated.invalid()
        return verified.client

    async def terms_of(self, client_id: str) -> Terms:
        """On what terms this client is let in."""
        return (await self._look()).terms.get(client_id, _USUAL)

    async def jwks(self) -> dict[str, Any]:
        """The public keys as a JSON Web Key Set (RFC 7517)."""
        live = await self._look()
        return {"keys": [_as_jwk(kid, key) for kid, key in live.keys.items()]}

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        self._verified[digest] = verified
        if len(self._verified) > _REMEMBERED:
            self._verified.popitem(last=False)

    async def _check(self, token: str, live: _Live) -> _Verified:
        if len(token) > _LONGEST_TOKEN:
            raise Unauthenticated.invalid()
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = await self._key(kid, live) if isinstance(kid, str) else None
            if key is None:
                raise Unauthenticated.invalid()
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            return self._read(str(kid), claims)
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
            raise Unauthenticated.invalid() from None

    def _read(self, kid: str, claims: dict[str, Any]) -> _Verified:
        issued_at = datetime.fromtimestamp(claims["iat"], UTC)
        if issued_at > self._now() + _SKEW:
            raise ValueError("issued in the future")
        client = Client(
            client_id=claims["sub"],
            role=Role(claims["role"]),
            county_code=claims["county"],
            hospital_code=claims.get("hospital_code"),
            payers=frozenset(claims.get("payers") or ()),
            township_code=claims.get("township_code"),
            scopes=frozenset(claims.get("scope", "").split()),
        )
        return _Verified(kid, client, issued_at, datetime.fromtimestamp(claims["exp"], UTC))

    async def _key(self, kid: str, live: _Live) -> Ed25519PublicKey | None:
        """
        The public key of this id.

        An unknown one may be new, made by another process: then look again, but only so often, because
        anybody can send made-up ids.
        """
        if kid not in live.keys and self._looks_left > 0:
            self._looks_left -= 1
            live = await self._look(anew=True)
        return live.keys.get(kid)

    async def _look(self, *, anew: bool = False) -> _Live:
        live = self._live
        if live is not None and not anew and self._is_fresh(live):
            return live
        async with self._looking:
            if not anew and self._live is not None and self._live is not live:
                return self._live
            now = self._now()
            async with transaction_on(self._engine) as tx:
                keys = await store.live_signing_keys(tx, now)
                terms = await store.client_terms(tx, now - self.lifetime - _SKEW)
            if not anew:
                self._looks_left = _UNKNOWN_KEYS_PER_REFRESH
            public = {key.kid: Ed25519PublicKey.from_public_bytes(key.public_key) for key in keys}
            self._live = _Live(public, keys[0] if keys else None, terms, now)
            return self._live

    def _is_fresh(self, live: _Live) -> bool:
        return timedelta() <= self._now() - live.read_at < REFRESH

    async def _signing_key(self) -> store.SigningKey:
        """The key that signs; made on first need. Several processes may need it at once: one makes it."""
        live = await self._look()
        if live.signing is not None:
            return live.signing
        async with transaction_on(self._engine) as tx:
            await store.lock_signing_keys(tx)
            known = await store.live_signing_keys(tx, self._now())
            signing = known[0] if known else new_signing_key(self._vault, self._now())
            if not known:
                await store.add_signing_key(tx, signing)
        await self._look(anew=True)
        return signing


def new_signing_key(vault: Vault, at: datetime) -> store.SigningKey:
    """A new key to sign tokens with, its private half sealed."""
    private, kid = Ed25519PrivateKey.generate(), uuid4().hex
    sealed = vault.encrypt(private.private_bytes_raw().hex(), bound_to=signing_key_place(kid))
    return store.SigningKey(kid, private.public_key().public_bytes_raw(), sealed, at)


async def rotate_signing_key(tx: AsyncConnection, vault: Vault, *, lifetime: timedelta, at: datetime) -> str:
    """
    Sign with a new key from now on; those before are accepted until the last token signed with them has expired.

    Gives the new key's id. Processes learn of it with their next look, so the old keys may sign a little longer.
    """
    await store.lock_signing_keys(tx)
    await store.retire_signing_keys(tx, at=at + REFRESH + lifetime + _SKEW)
    key = new_signing_key(vault, at)
    await store.add_signing_key(tx, key)
    return key.kid


def signing_key_place(kid: str) -> str:
    """What a sealed private key is bound to."""
    return f"signing_keys:{kid}"


def _as_jwk(kid: str, key: Ed25519PublicKey) -> dict[str, Any]:
    jwk: dict[str, Any] = jwt.get_algorithm_by_name(ALGORITHM).to_jwk(key, as_dict=True)
    return jwk | {"kid": kid, "use": "sig", "alg": ALGORITHM}
