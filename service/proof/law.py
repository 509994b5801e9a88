"""The packs that decided, rebuilt from what was kept with the settlements: never the ones that are loaded today."""

from sqlalchemy.ext.asyncio import AsyncConnection

from service.policy.library import kept_packs
from service.policy.load import content_hash, rebuilt
from service.policy.model import Pack
from service.proof.model import Wrong, wrong
from service.proof.replay import UNREADABLE


class Law:
    """The kept packs of one process, by hash; None for one that is missing or is not what its hash says."""

    def __init__(self) -> None:
        self._packs: dict[str, Pack | None] = {}

    async def pack(self, tx: AsyncConnection, hash_: str) -> Pack | None:
        if hash_ not in self._packs:
            self._packs[hash_] = await _kept(tx, hash_)
        return self._packs[hash_]


async def _kept(tx: AsyncConnection, hash_: str) -> Pack | None:
    try:
        kept = [pack.document for pack in await kept_packs(tx, hash_) if content_hash(pack.document) == hash_]
    except UNREADABLE:
        return None
    return rebuilt(kept[0]) if kept else None


async def packs_wrong(tx: AsyncConnection) -> tuple[int, list[Wrong]]:
    """How many packs are kept, and those whose content is not what their hash or their name says."""
    packs = await kept_packs(tx)
    found: list[Wrong] = []
    for pack in packs:
        if (computed := content_hash(pack.document)) != pack.hash:
            found.append(wrong("policy_packs", pack.hash, "document", pack.hash, computed))
        elif pack.document["id"] != pack.pack_id:
            found.append(wrong("policy_packs", pack.hash, "pack_id", pack.pack_id, pack.document["id"]))
    return len(packs), found


def unproved(hash_: str) -> Wrong:
    """The pack without which settlements cannot be decided again."""
    return wrong("policy_packs", hash_, None, "missing or altered", "the pack that settlements were decided by")
