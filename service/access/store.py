"""Every statement about clients and signing keys. Values in, values out; nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import any_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Client, Role, Secret
from service.access.tables import client_secrets, clients, signing_keys

# Any number, as long as nobody else locks it: the last letters of a name.
_SIGNING_KEYS_LOCK = int.from_bytes(b"signing")


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client with what is needed to let it in."""

    client: Client
    secrets: tuple[Secret, ...]
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A signing key as stored: the public half raw (32 bytes), the private half sealed by the vault."""

    kid: str
    public_key: bytes
    private_key_enc: bytes
    created_at: datetime


async def add_client(tx: AsyncConnection, client: Client, secret: Secret, *, at: datetime) -> None:
    """Keep a new client with its first secret."""
    await tx.execute(
        insert(clients).values(
            client_id=client.client_id,
            county_code=client.county_code,
            role=client.role.value,
            hospital_code=client.hospital_code,
            payers=sorted(client.payers),
            township_code=client.township_code,
            created_at=at,
        )
    )
    await tx.execute(
        insert(client_secrets).values(
            client_id=client.client_id,
            slot=1,
            secret_hash=secret.secret_hash,
            created_at=at,
            expires_at=secret.expires_at,
        )
    )


async def find_client(tx: AsyncConnection, client_id: str) -> KnownClient | None:
    """A client by its id, with its secrets."""
    query = (
        select(clients, client_secrets.c.secret_hash, client_secrets.c.expires_at)
        .join_from(clients, client_secrets, isouter=True)
        .where(clients.c.client_id == client_id)
    )
    rows = (await tx.execute(query)).all()
    if not rows:
        return None
    first = rows[0]
    client = Client(
        client_id=first.client_id,
        role=Role(first.role),
        county_code=first.county_code,
        hospital_code=first.hospital_code,
        payers=frozenset(first.payers),
        township_code=first.township_code,
    )
    secrets = tuple(Secret(row.secret_hash, row.expires_at) for row in rows if row.secret_hash is not None)
    return KnownClient(client, secrets, first.disabled_at)


async def payer_has_client(tx: AsyncConnection, county_code: str, payer: str) -> bool:
    """Whether a payer of a county acts for itself: some client of its own is not disabled."""
    c = clients.c
    own = select(c.client_id).where(
        c.county_code == county_code, c.role == Role.PAYER.value, any_(c.payers) == payer, c.disabled_at.is_(None)
    )
    return bool(await tx.scalar(select(own.exists())))


async def disable_client(tx: AsyncConnection, client_id: str, *, at: datetime) -> bool:
    """Disable a client. Returns False when there is none, or it was disabled before."""
    statement = (
        update(clients).where(clients.c.client_id == client_id, clients.c.disabled_at.is_(None)).values(disabled_at=at)
    )
    return (await tx.execute(statement)).rowcount == 1


async def clients_disabled_since(tx: AsyncConnection, since: datetime) -> frozenset[str]:
    """The clients disabled after an instant: older tokens than that have expired anyway."""
    query = select(clients.c.client_id).where(clients.c.disabled_at > since)
    return frozenset(await tx.scalars(query))


async def live_signing_keys(tx: AsyncConnection) -> Sequence[SigningKey]:
    """The keys whose tokens are accepted, newest first: the first one signs."""
    query = (
        select(
            signing_keys.c.kid,
            signing_keys.c.public_key,
            signing_keys.c.private_key_enc,
            signing_keys.c.created_at,
        )
        .where(signing_keys.c.retired_at.is_(None))
        .order_by(signing_keys.c.created_at.desc(), signing_keys.c.kid)
    )
    return [SigningKey(*row) for row in await tx.execute(query)]


async def lock_signing_keys(tx: AsyncConnection) -> None:
    """Until this transaction ends, no other process makes a signing key."""
    await tx.execute(select(func.pg_advisory_xact_lock(_SIGNING_KEYS_LOCK)))


async def add_signing_key(tx: AsyncConnection, key: SigningKey) -> None:
    """Keep a new signing key."""
    await tx.execute(
        insert(signing_keys).values(
            kid=key.kid,
            public_key=key.public_key,
            private_key_enc=key.private_key_enc,
            created_at=key.created_at,
        )
    )
