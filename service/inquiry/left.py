"""
Sessions that were left: a token is signed and needs no row to be believed, so that leaving early needs one.

A patient who leaves the machine of a village clinic must not be let in again by the token that it still knows.
"""

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.vault import Vault
from service.inquiry.session import LIFETIME
from service.inquiry.tables import left_sessions


async def leave(tx: AsyncConnection, vault: Vault, token: str, *, at: datetime) -> None:
    """The token opens nothing from here on; `at` is the machine's own time. Rows of ended tokens are swept away."""
    await tx.execute(delete(left_sessions).where(left_sessions.c.until < at))
    row = {"token_hash": _hash(vault, token), "until": at + LIFETIME}
    await tx.execute(insert(left_sessions).values(row).on_conflict_do_nothing())


async def is_left(tx: AsyncConnection, vault: Vault, token: str) -> bool:
    """Whether the session of this token was left."""
    found: bool = (
        await tx.execute(select(exists().where(left_sessions.c.token_hash == _hash(vault, token))))
    ).scalar_one()
    return found


def _hash(vault: Vault, token: str) -> bytes:
    return vault.fingerprint("left patient session", token)
