"""What can be done about clients: create one, let it in, disable it."""

import secrets
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access import store
from service.access.model import Client, Role, Secret
from service.access.vault import Vault

_SECRET_BYTES: Final = 32
_KIND: Final = "client_secret"
_NOBODY: Final = Secret(bytes(32))


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
    at: datetime,
) -> str:
    """
    Make a client and give its secret: 256 random bits, shown this once, kept only as a keyed hash.

    A hospital names its code, a payer the payers it acts for, a township its code (checked by the database).
    """
    client = Client(client_id, role, county_code, hospital_code, payers, township_code)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    await store.add_client(tx, client, Secret(hashed(vault, secret)), at=at)
    return secret


async def disable_client(tx: AsyncConnection, client_id: str, *, at: datetime) -> bool:
    """
    Let a client in no more; its tokens stop working within 15 seconds (`tokens.REFRESH`).

    Returns False when there is no such client, or it was disabled before.
    """
    return await store.disable_client(tx, client_id, at=at)
