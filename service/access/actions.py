"""What can be done about clients: create one, give it another secret, bind it, disable it."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access import store
from service.access.model import Client, Network, Role, Secret
from service.access.operators import new_operator_key, operator_key_place
from service.access.vault import Vault

_SECRET_BYTES: Final = 32
_KIND: Final = "client_secret"
_SLOTS: Final = (1, 2)


def hashed(vault: Vault, secret: str) -> bytes:
    """The form in which a client's secret is kept: a keyed hash. Secrets are random, so it need not be slow."""
    return vault.fingerprint(_KIND, secret)


async def create_client(
    tx: AsyncConnection,
    vault: Vault,
    *,
    client_id: str,
    role: Role,
    county_code: str,
    hospital_code: str | None = None,
    payers: frozenset[str] = frozenset(),
    township_code: str | None = None,
    scopes: frozenset[str] = frozenset(),
    networks: Sequence[Network] = (),
    expires_at: datetime | None = None,
    at: datetime,
) -> str:
    """
    Make a client and give its secret: 256 random bits, shown this once, kept only as a keyed hash.

    A hospital names its code, a payer the payers it acts for, a township its code (checked by the database).
    """
    client = Client(client_id, role, county_code, hospital_code, payers, township_code, scopes)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    await store.add_client(tx, client, Secret(hashed(vault, secret), expires_at), networks=networks, at=at)
    return secret


async def rotate_secret(
    tx: AsyncConnection,
    vault: Vault,
    client_id: str,
    *,
    old_until: datetime,
    expires_at: datetime | None = None,
    at: datetime,
) -> str | None:
    """
    Give a client another secret; the one before works until `old_until`, and the one before that no more.

    With `old_until` not after `at` the old secret is taken for lost: the tokens it got stop working too. None: there is
    no such client.
    """
    if not await store.lock_client(tx, client_id):
        return None
    slots = await store.secret_slots(tx, client_id)
    ended = [slot for slot, secret in slots if not secret.is_live(at)]
    free = [slot for slot in _SLOTS if slot not in dict(slots)] + ended + [slot for slot, _ in slots]
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    await store.end_secrets(tx, client_id, at=old_until)
    await store.put_secret(tx, client_id, free[0], Secret(hashed(vault, secret), expires_at), at=at)
    if old_until <= at:
        await store.change_client(tx, client_id, tokens_after=at)
    return secret


async def issue_operator_key(tx: AsyncConnection, vault: Vault, client_id: str, *, required: bool) -> str | None:
    """
    Give a client a key to sign operators with (`access.operators`), in place of any before; sealed at rest.

    `required`: every change must then be signed for. None: there is no such client.
    """
    key = new_operator_key()
    sealed = vault.encrypt(key, bound_to=operator_key_place(client_id))
    changed = await store.change_client(tx, client_id, operator_key_enc=sealed, operator_signed=required)
    return key if changed else None


async def bind_to_networks(tx: AsyncConnection, client_id: str, networks: Sequence[Network]) -> bool:
    """Let a client in from these networks only; none: from anywhere. Its tokens too, within seconds."""
    return await store.change_client(tx, client_id, networks=[str(network) for network in networks])


async def disable_client(tx: AsyncConnection, client_id: str, *, at: datetime) -> bool:
    """
    Let a client in no more; its tokens stop working within 5 seconds (`tokens.REFRESH`).

    Returns False when there is no such client, or it was disabled before.
    """
    return await store.disable_client(tx, client_id, at=at)


async def enable_client(tx: AsyncConnection, client_id: str, *, at: datetime) -> bool:
    """
    Let a disabled client in again, with the secrets it has; it must ask for a new token.

    Returns False when there is no such client, or it is not disabled.
    """
    return await store.enable_client(tx, client_id, at=at)
