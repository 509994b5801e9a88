"""How a client is let in: its secret is judged, as often as the limits allow, and from where it may come."""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from service.access import store
from service.access.actions import hashed
from service.access.guard import is_within
from service.access.limits import Limit, Limiter, Tried
from service.access.model import Client, Secret
from service.access.oauth import Credentials, invalid_client, invalid_scope, slow_down
from service.access.store import KnownClient
from service.access.vault import Vault
from service.db import transaction_on
from service.wire.address import Address, neighbourhood

_NOBODY: Final = Secret(bytes(32))

# Secrets are 256 random bits: nobody guesses one, and what matters is that nobody can lock a hospital out. So only what
# was wrong is counted, and whoever is right is let in, however many guess beside them, at them, or from their address.
WRONG_OF_CLIENT: Final = Limit("token.wrong_of_client", 10, timedelta(minutes=15))
WRONG_OF_ADDRESS: Final = Limit("token.wrong_of_address", 100, timedelta(minutes=15))
ISSUED_TO_CLIENT: Final = Limit("token.issued", 300, timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class Door:
    """What letting in works with, and who stands there: an address, at an instant."""

    engine: AsyncEngine
    vault: Vault
    limiter: Limiter
    address: Address | None
    at: datetime


async def log_in(door: Door, shown: Credentials) -> Client:
    """
    The client that shows these credentials, with no more scopes than it asks for.

    Raises `invalid_client`, in the same time and words, for an unknown client, a wrong or expired secret, a disabled
    client and one that may not come from here: whoever guesses learns nothing. `slow_down` instead, after too many
    wrong tries at one client or from one address.
    """
    async with transaction_on(door.engine) as tx:
        known = await store.find_client(tx, shown.client_id)
    client = _judged(door, shown, known)
    if client is None:
        where = neighbourhood(door.address)
        await _take(door, WRONG_OF_CLIENT.of(shown.client_id, where), WRONG_OF_ADDRESS.of(where))
        raise invalid_client()
    await _take(door, ISSUED_TO_CLIENT.of(client.client_id))
    if not shown.scopes:
        return client
    if client.scopes and not shown.scopes <= client.scopes:
        raise invalid_scope()
    return replace(client, scopes=shown.scopes)


def _judged(door: Door, shown: Credentials, known: KnownClient | None) -> Client | None:
    shown_hash = hashed(door.vault, shown.client_secret)
    live = [secret for secret in known.secrets if secret.is_live(door.at)] if known else []
    matches = [hmac.compare_digest(secret.secret_hash, shown_hash) for secret in (*live, _NOBODY, _NOBODY)[:2]]
    if known is None or known.terms.disabled or not any(matches) or not is_within(known.terms, door.address):
        return None
    return known.client


async def _take(door: Door, *tries: Tried) -> None:
    wait = await door.limiter.take(*tries, at=door.at)
    if wait is not None:
        raise slow_down(int(wait.total_seconds()))
