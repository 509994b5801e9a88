"""Prove the settlements of a range of persons: each decided again, each person's order and sums."""

from collections.abc import Iterator

from sqlalchemy.ext.asyncio import AsyncConnection

from service.policy.model import Pack
from service.proof import store
from service.proof.changed import reversal_wrong, version_wrong
from service.proof.law import Law, unproved
from service.proof.model import Wrong, wrong
from service.proof.persons import ends, is_first, person_wrong
from service.proof.replay import UNREADABLE, Kept, settlement_wrong
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
                found += _read(one.id, _row_wrong(one, rows, pack))
                checked += 1
        found += _read(person_no, person_wrong(person_no, rows, stands))
    return checked, [*map(unproved, sorted(unknown)), *found]


def _read(key: str, look: Iterator[Wrong]) -> list[Wrong]:
    """What a look finds wrong; what cannot even be read is wrong too, and stops no other."""
    try:
        return list(look)
    except UNREADABLE as error:
        said = f"{type(error).__name__}: {error}"
        return [wrong("settlement_documents", key, None, said, "documents that can be read")]


def _row_wrong(one: Kept, rows: list[Kept], pack: Pack) -> Iterator[Wrong]:
    if is_first(one):
        return settlement_wrong(one, pack)
    earlier = [row for row in rows if row.row["case_id"] == one.row["case_id"] and row.row["kind"] == "settlement"]
    earlier = sorted((row for row in earlier if _made_before(row, one)), key=lambda row: int(row.row["version"]))
    if not earlier or earlier[-1].id != ends(one):
        column = "reversal_of" if one.row["kind"] == "reversal" else "replaces"
        last = earlier[-1].id if earlier else "a version before it"
        return iter([wrong("settlements", one.id, column, ends(one), last)])
    return reversal_wrong(one, earlier) if one.row["kind"] == "reversal" else version_wrong(one, earlier, pack)


def _made_before(row: Kept, one: Kept) -> bool:
    version, own = row.row["version"], one.row["version"]
    return bool(version < own or (one.row["kind"] == "reversal" and version == own))
