"""Every statement about clients and signing keys. Values in, values out; nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from itertools import groupby
from typing import Any

from sqlalchemy import Row, any_, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Client, Network, Role, Secret, Terms
from service.access.tables import client_secrets, clients, signing_keys

# Any number, as long as nobody else locks it: the last letters of a name.
_SIGNING_KEYS_LOCK = int.from_bytes(b"signing")


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client with what is needed to let it in."""

    client: Client
    secrets: tuple[Secret, ...]
    terms: Terms


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A signing key as stored: the public half raw (32 bytes), the private half sealed by the vault."""

    kid: str
    public_key: bytes
    private_key_enc: bytes
    created_at: datetime


async def add_client(
    tx: AsyncConnection, client: Client, secret: Secret, *, networks: Sequence[Network] = (), at: datetime
) -> None:
    """Keep a new client with its first secret."""
    await tx.execute(
        insert(clients).values(
            client_id=client.client_id,
            county_code=client.county_code,
            role=client.role.value,
            hospital_code=client.hospital_code,
            payers=sorted(client.payers),
            township_code=client.township_code,
            scopes=sorted(client.scopes),
            networks=[str(network) for network in networks],
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
    return _known(list(rows)) if rows else None


def _known(rows: Sequence[Row[Any]]) -> KnownClient:
    first = rows[0]
    client = Client(
        client_id=first.client_id,
        role=Role(first.role),
        county_code=first.county_code,
        hospital_code=first.hospital_code,
        payers=frozenset(first.payers),
        township_code=first.township_code,
        scopes=frozenset(first.scopes),
    )
    secrets = tuple(Secret(row.secret_hash, row.expires_at) for row in rows if row.secret_hash is not None)
    return KnownClient(client, secrets, _terms(first))


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


async def enable_client(tx: AsyncConnection, client_id: str, *, at: datetime) -> bool:
    """Let a disabled client in again; tokens of before stay ended. Returns False when there is no such disabled one."""
    statement = (
        update(clients)
        .where(clients.c.client_id == client_id, clients.c.disabled_at.is_not(None))
        .values(disabled_at=None, tokens_after=at)
    )
    return (await tx.execute(statement)).rowcount == 1


async def lock_client(tx: AsyncConnection, client_id: str) -> bool:
    """Until this transaction ends, nobody else changes this client. False: there is none."""
    query = select(clients.c.client_id).where(clients.c.client_id == client_id).with_for_update()
    return await tx.scalar(query) is not None


async def secret_slots(tx: AsyncConnection, client_id: str) -> list[tuple[int, Secret]]:
    """A client's secrets by slot, the older one first."""
    c = client_secrets.c
    query = select(c.slot, c.secret_hash, c.expires_at).where(c.client_id == client_id).order_by(c.created_at, c.slot)
    return [(row.slot, Secret(row.secret_hash, row.expires_at)) for row in await tx.execute(query)]


async def put_secret(tx: AsyncConnection, client_id: str, slot: int, secret: Secret, *, at: datetime) -> None:
    """Keep a secret in a slot, in place of what was there."""
    values = {"secret_hash": secret.secret_hash, "created_at": at, "expires_at": secret.expires_at}
    statement = insert_or(client_secrets).values(client_id=client_id, slot=slot, **values)
    await tx.execute(statement.on_conflict_do_update(constraint="pk_client_secrets", set_=values))


async def end_secrets(tx: AsyncConnection, client_id: str, *, at: datetime) -> None:
    """Let a client's secrets work no longer than until an instant."""
    c = client_secrets.c
    ends = func.least(func.coalesce(c.expires_at, at), at)
    await tx.execute(update(client_secrets).where(c.client_id == client_id).values(expires_at=ends))


async def change_client(tx: AsyncConnection, client_id: str, **values: Any) -> bool:
    """Set columns of a client. False: there is none."""
    statement = update(clients).where(clients.c.client_id == client_id).values(**values)
    return (await tx.execute(statement)).rowcount == 1


async def all_clients(tx: AsyncConnection) -> list[KnownClient]:
    """Every client by id."""
    query = (
        select(clients, client_secrets.c.secret_hash, client_secrets.c.expires_at)
        .join_from(clients, client_secrets, isouter=True)
        .order_by(clients.c.client_id, client_secrets.c.created_at)
    )
    rows = (await tx.execute(query)).all()
    return [_known(list(group)) for _, group in groupby(rows, key=lambda row: row.client_id)]


async def counties(tx: AsyncConnection) -> list[str]:
    """Every county that somebody works for."""
    return list(await tx.scalars(select(clients.c.county_code).distinct().order_by(clients.c.county_code)))


async def client_terms(tx: AsyncConnection, since: datetime) -> dict[str, Terms]:
    """
    The terms of every client that has other than the usual ones, or that was disabled after an instant: older tokens
    than that have expired anyway.
    """
    c = clients.c
    query = select(c.client_id, c.disabled_at, c.networks, c.tokens_after, c.operator_key_enc, c.operator_signed).where(
        or_(
            c.disabled_at > since,
            c.tokens_after > since,
            func.cardinality(c.networks) > 0,
            c.operator_key_enc.is_not(None),
        )
    )
    return {row.client_id: _terms(row) for row in await tx.execute(query)}


def _terms(row: Any) -> Terms:
    return Terms(
        disabled=row.disabled_at is not None,
        networks=tuple(ip_network(str(network)) for network in row.networks),
        tokens_after=row.tokens_after,
        operator_key_enc=row.operator_key_enc,
        operator_signed=row.operator_signed,
    )


async def live_signing_keys(tx: AsyncConnection, at: datetime) -> Sequence[SigningKey]:
    """The keys whose tokens are accepted at an instant, newest first: the first one signs."""
    query = (
        select(
            signing_keys.c.kid,
            signing_keys.c.public_key,
            signing_keys.c.private_key_enc,
            signing_keys.c.created_at,
        )
        .where(or_(signing_keys.c.retired_at.is_(None), signing_keys.c.retired_at > at))
        .order_by(signing_keys.c.created_at.desc(), signing_keys.c.kid)
    )
    return [SigningKey(*row) for row in await tx.execute(query)]


async def public_key(tx: AsyncConnection, kid: str) -> bytes | None:
    """The public half (32 bytes) of a key that signs or has signed; None where there is none of this id."""
    found: bytes | None = await tx.scalar(select(signing_keys.c.public_key).where(signing_keys.c.kid == kid))
    return found


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


async def retire_signing_keys(tx: AsyncConnection, *, at: datetime) -> None:
    """Let the keys there are be accepted no longer than until an instant."""
    await tx.execute(update(signing_keys).where(signing_keys.c.retired_at.is_(None)).values(retired_at=at))
