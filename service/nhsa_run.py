"""`onestop nhsa`: connect a hospital to the national interface, and play an envelope for support."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.access.store import find_client
from service.access.vault import Vault
from service.clock import Clock
from service.config import Settings
from service.console import CommandRefused
from service.db import transaction_on
from service.errors import Refusal
from service.nhsa import recorder
from service.nhsa.auth import store
from service.nhsa.conversation import body_hash_of, converse
from service.nhsa.desk import Ground
from service.nhsa.model import Auth, Institution
from service.nhsa.profiles import profiles
from service.nhsa.reading import Body, decoded, envelope_of
from service.nhsa.registry import HANDLERS
from service.policy.library import law_of_today

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Connection:
    """How a hospital is connected. `public_key`: hex, 04 and 64 bytes, for SM2 signatures."""

    fixmedins_code: str
    client_id: str
    profile: str
    auth: Auth
    infcode: str | None
    amounts: str | None
    recorded: bool
    public_key: str | None


async def connect(engine: AsyncEngine, settings: Settings, asked: Connection) -> dict[str, Any]:
    """Make a hospital's client an institution of the interface; its new secret is told this once."""
    vault, at = Vault.from_settings(settings), Clock().now()
    if asked.profile not in profiles():
        raise CommandRefused(f"there is no profile {asked.profile}: {', '.join(sorted(profiles()))}")
    if (asked.auth == Auth.SM2) != (asked.public_key is not None):
        raise CommandRefused("authentication d needs --public-key, the others have none")
    async with transaction_on(engine) as tx:
        known = await find_client(tx, asked.client_id)
        if known is None or known.client.hospital_code is None:
            raise CommandRefused(f"{asked.client_id} is no client of a hospital")
        if await store.institution(tx, asked.fixmedins_code) is not None:
            raise CommandRefused(f"{asked.fixmedins_code} is connected already")
        made = Institution(
            asked.fixmedins_code,
            known.client.county_code,
            known.client.hospital_code,
            asked.client_id,
            asked.profile,
            asked.auth == Auth.NONE,
            asked.infcode,
            asked.amounts,
            asked.recorded,
        )
        await store.add_institution(tx, made, at=at)
        told = {"fixmedins_code": asked.fixmedins_code, "profile": asked.profile, "auth": asked.auth.value}
        if asked.auth == Auth.NONE:
            return told
        account = asked.fixmedins_code
        secret = asked.public_key or secrets.token_urlsafe(_SECRET_BYTES)
        await store.add_credential(tx, vault, asked.auth, account, account, secret, at=at)
    return told | {"account": account, "secret": secret}


async def new_key(
    engine: AsyncEngine, settings: Settings, fixmedins_code: str, public_key: str | None
) -> dict[str, Any]:
    """Replace what an institution proves itself with. The old one works half a minute longer, the new one at once."""
    vault = Vault.from_settings(settings)
    async with transaction_on(engine) as tx:
        await _connected(tx, fixmedins_code)
        found = await store.account_of(tx, fixmedins_code)
        if found is None:
            raise CommandRefused(f"{fixmedins_code} need not prove who it is: disconnect it and connect it anew")
        auth, account = found
        if (auth == Auth.SM2) != (public_key is not None):
            raise CommandRefused("authentication d needs --public-key, the others have none")
        secret = public_key or secrets.token_urlsafe(_SECRET_BYTES)
        await store.add_credential(tx, vault, auth, account, fixmedins_code, secret, at=Clock().now())
    return {"fixmedins_code": fixmedins_code, "auth": auth.value, "account": account, "secret": secret}


async def disconnect(engine: AsyncEngine, fixmedins_code: str) -> dict[str, Any]:
    """An institution may call no more; what it settled stays. Server processes know within half a minute."""
    async with transaction_on(engine) as tx:
        if not await store.disconnect(tx, fixmedins_code):
            raise _not_connected(fixmedins_code)
    return {"fixmedins_code": fixmedins_code, "connected": False}


async def change_recording(engine: AsyncEngine, fixmedins_code: str, *, recorded: bool) -> dict[str, Any]:
    """Keep an institution's envelopes, masked, from now on, or no more."""
    async with transaction_on(engine) as tx:
        await _connected(tx, fixmedins_code)
        await store.change_recording(tx, fixmedins_code, recorded=recorded)
    return {"fixmedins_code": fixmedins_code, "recorded": recorded}


async def recorded(engine: AsyncEngine, fixmedins_code: str, msgid: str | None, most: int) -> dict[str, Any]:
    """The envelopes kept of an institution, newest first."""
    async with transaction_on(engine) as tx:
        return {"items": await recorder.found(tx, await _connected(tx, fixmedins_code), msgid, most)}


async def _connected(tx: AsyncConnection, fixmedins_code: str) -> Institution:
    institution = await store.institution(tx, fixmedins_code)
    if institution is None:
        raise _not_connected(fixmedins_code)
    return institution


def _not_connected(fixmedins_code: str) -> CommandRefused:
    return CommandRefused(f"{fixmedins_code!r} is not connected: see `onestop nhsa connect`")


async def try_envelope(engine: AsyncEngine, settings: Settings, sent: bytes, *, keep: bool) -> dict[str, Any]:
    """
    Do what an envelope asks, as its institution and without the gateway's proof; gives the answer.

    What would change something is done only with `keep`. Raises CommandRefused where it cannot be understood.
    """
    law = await law_of_today(engine, settings.packs_dir)
    ground = Ground(engine, Vault.from_settings(settings), Clock(), law, law.packs)
    try:
        envelope = envelope_of(Body(decoded(sent)), None)
    except Refusal as refusal:
        raise CommandRefused(f"{refusal.detail.en}\n{refusal.detail.zh}") from refusal
    handler = HANDLERS.get(envelope.infno)
    if handler is not None and handler.keeps and not keep:
        raise CommandRefused(f"{envelope.infno} changes something: add --keep to do it in this database")
    async with transaction_on(engine) as tx:
        institution = await _connected(tx, envelope.fixmedins_code)
    hashed = body_hash_of(ground, envelope)
    answer = await converse(ground, institution, envelope, body_hash=hashed, request_id="cli")
    if answer.is_file:
        return {"file_bytes": len(answer.body)}
    found: dict[str, Any] = json.loads(answer.body)
    return found
