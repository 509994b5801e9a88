"""Prove the settlements of a range of persons: each decided again, each person's order and sums."""

from sqlalchemy.ext.asyncio import AsyncConnection

from service.proof import store
from service.proof.law import Law, unproved
from service.proof.model import Wrong
from service.proof.persons import person_wrong
from service.proof.replay import settlement_wrong
from service.proof.store import Range


async def settlements_wrong(tx: AsyncConnection, law: Law, asked: Range) -> tuple[int, list[Wrong]]:
    """How many settlements were decided again, and what was wrong, person by person in their order."""
    kept, standing = await store.persons(tx, asked)
    found: list[Wrong] = []
    unknown: set[str] = set()
    checked = 0
    for person_no, stands in standing.items():
        rows = kept.get(person_no, [])
        for one in rows:
            pack = await law.pack(tx, one.row["pack_hash"])
            if pack is None:
                unknown.add(one.row["pack_hash"])
            else:
                found += settlement_wrong(one, pack)
                checked += 1
        found += person_wrong(person_no, rows, stands)
    return checked, [*map(unproved, sorted(unknown)), *found]
