"""All SQL on institutions, their secrets and the nonces they used."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.access.vault import Vault
from service.db import Direct
from service.nhsa.auth.tables import credentials, institutions
from service.nhsa.model import Auth, Institution

_COLUMNS: Final = (
    "fixmedins_code",
    "county_code",
    "hospital_code",
    "client_id",
    "profile",
    "open",
    "infcode",
    "amounts",
    "recorded",
)


def place(auth: str, account: str) -> str:
    """What a secret is sealed to."""
    return f"nhsa:{auth}:{account}"


async def add_institution(tx: AsyncConnection, institution: Institution, *, at: datetime) -> None:
    """Keep a new institution."""
    row = {name: getattr(institution, name) for name in _COLUMNS}
    await tx.execute(insert(institutions).values(row | {"created_at": at}))


async def add_credential(
    tx: AsyncConnection, vault: Vault, auth: Auth, account: str, fixmedins_code: str, secret: str, *, at: datetime
) -> None:
    """Keep what an institution proves itself with; a new secret replaces the one before."""
    sealed = vault.encrypt(secret, bound_to=place(auth, account))
    row = {
        "auth": auth.value,
        "account": account,
        "fixmedins_code": fixmedins_code,
        "secret_enc": sealed,
        "created_at": at,
    }
    statement = insert_or(credentials).values(row)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["auth", "account"], set_={"secret_enc": sealed, "created_at": at}
        )
    )


async def change_recording(tx: AsyncConnection, fixmedins_code: str, *, recorded: bool) -> None:
    """Keep an institution's envelopes from now on, or no more."""
    found = institutions.c.fixmedins_code == fixmedins_code
    await tx.execute(update(institutions).where(found).values(recorded=recorded))


async def disconnect(tx: AsyncConnection, fixmedins_code: str) -> bool:
    """An institution may call no more, and its secrets are gone; whether there was one. What it did stays."""
    statement = delete(institutions).where(institutions.c.fixmedins_code == fixmedins_code)
    return (await tx.execute(statement.returning(institutions.c.fixmedins_code))).first() is not None


async def account_of(tx: AsyncConnection, fixmedins_code: str) -> tuple[Auth, str] | None:
    """How an institution proves itself, and by which account; None where it need not."""
    c = credentials.c
    row = (await tx.execute(select(c.auth, c.account).where(c.fixmedins_code == fixmedins_code).limit(1))).one_or_none()
    return None if row is None else (Auth(row.auth), row.account)


async def institution(tx: AsyncConnection, fixmedins_code: str) -> Institution | None:
    """An institution by its code."""
    query = select(*(institutions.c[name] for name in _COLUMNS)).where(institutions.c.fixmedins_code == fixmedins_code)
    row: Any = (await tx.execute(query)).one_or_none()
    return None if row is None else Institution(**row._mapping)


async def secret(tx: AsyncConnection, vault: Vault, auth: Auth, account: str) -> tuple[str, str] | None:
    """The institution behind an account and its secret."""
    c = credentials.c
    query = select(c.fixmedins_code, c.secret_enc).where(c.auth == auth.value, c.account == account)
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        return None
    return row.fixmedins_code, vault.decrypt(row.secret_enc, bound_to=place(auth, account))


# As every signed message of this kind asks it before anything else, nobody waits for the disk: a nonce that a crash
# of the database forgets lets the very same message through once more, and that message still acts once.
_USE: Final = Direct("""
    WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS said)
    INSERT INTO nhsa_nonces AS known (account, nonce, body_hash, at)
    SELECT :account, :nonce, CAST(:body_hash AS bytea), CAST(:at AS timestamptz) FROM unhurried WHERE said IS NOT NULL
    ON CONFLICT (account, nonce) DO UPDATE SET body_hash = excluded.body_hash, at = excluded.at
    WHERE known.at < :forgotten OR known.body_hash = excluded.body_hash
    RETURNING true
""")


async def use_nonce(
    engine: AsyncEngine, account: str, nonce: str, body_hash: bytes, *, at: datetime, window: timedelta
) -> bool:
    """Whether a nonce is new, or names the very same body again; older ones than the window are forgotten."""
    row = {"account": account, "nonce": nonce, "body_hash": body_hash, "at": at, "forgotten": at - window}
    return await _USE.alone(engine, row)
