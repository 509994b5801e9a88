"""
The law in force and the law of the past: the packs that are loaded, and every pack that ever decided a settlement.

A county edits a pack, and what was decided under the old text must still be read, explained and proved. So the text
is kept with the first settlement that rests on it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.db import transaction_on
from service.policy.amendments import Amended, approved
from service.policy.load import load_packs, rebuilt
from service.policy.model import Amendment, Pack, Packs
from service.policy.tables import policy_packs


class Library:
    """The packs of one server process, and through the database those of every other time."""

    def __init__(self, packs: Packs) -> None:
        self.packs = packs
        self._kept: set[str] = set()
        self._past: dict[str, Pack] = {}

    async def with_amendments(self, tx: AsyncConnection, *, trying: Sequence[Amended] = ()) -> "Library":
        """This law with every amendment that is approved by now, and some that are only being tried."""
        amendments = [
            Amendment(each.county_code, each.replaces, each.first, await self.by_hash(tx, each.hash))
            for each in (*await approved(tx), *trying)
        ]
        other = Library(replace(self.packs, amendments=tuple(amendments)))
        other._kept, other._past = self._kept, self._past
        return other

    async def renew(self, tx: AsyncConnection) -> bool:
        """Read which amendments are approved; whether they are others than were known."""
        known = [(each.county_code, each.replaces, each.first, each.pack.hash) for each in self.packs.amendments]
        if [(each.county_code, each.replaces, each.first, each.hash) for each in await approved(tx)] == known:
            return False
        self.packs = (await self.with_amendments(tx)).packs
        return True

    async def keep(self, tx: AsyncConnection, pack: Pack, *, at: datetime) -> None:
        """Keep a pack in the caller's transaction. Costs nothing once it has been found there."""
        if pack.hash in self._kept:
            return
        row = {"hash": pack.hash, "pack_id": pack.id, "document": dict(pack.document), "kept_at": at}
        is_new = insert(policy_packs).values(row).on_conflict_do_nothing().returning(policy_packs.c.hash)
        if await tx.scalar(is_new) is None:
            # Only what was there before counts: this transaction may yet be rolled back.
            self._kept.add(pack.hash)

    async def by_hash(self, tx: AsyncConnection, content_hash: str) -> Pack:
        """The pack with this content: one that is loaded, or one that was kept with a settlement."""
        pack = self.packs.by_hash(content_hash) or self._past.get(content_hash)
        if pack is None:
            query = select(policy_packs.c.document).where(policy_packs.c.hash == content_hash)
            pack = rebuilt((await tx.execute(query)).scalar_one())
            assert pack.hash == content_hash, "a kept pack was altered"
            self._past[content_hash] = pack
        return pack


async def law_of_today(engine: AsyncEngine, packs_dir: Path | None) -> Library:
    """The packs of a folder with every amendment that is approved by now: the law that a command works under."""
    async with transaction_on(engine) as tx:
        return await Library(load_packs(packs_dir)).with_amendments(tx)


class KeptPack(NamedTuple):
    """A pack as it was written with the first settlement that rests on it, under the hash that it had."""

    hash: str
    pack_id: str
    document: dict[str, Any]


async def kept_packs(tx: AsyncConnection, content_hash: str | None = None) -> list[KeptPack]:
    """The packs kept with settlements: one, or all. That they are what their hash says is for the reader to prove."""
    query = select(policy_packs.c.hash, policy_packs.c.pack_id, policy_packs.c.document).order_by(policy_packs.c.hash)
    if content_hash is not None:
        query = query.where(policy_packs.c.hash == content_hash)
    return [KeptPack(*row) for row in await tx.execute(query)]
