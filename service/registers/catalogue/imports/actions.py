"""What can be done with a catalogue in a file: preview it, apply it once."""

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from typing import BinaryIO, Final
from uuid import UUID

from service.ids import new_id
from service.registers.catalogue.imports import store
from service.registers.catalogue.imports.lines import Item, after_headings, item_of
from service.registers.catalogue.imports.refusals import (
    CatalogueImportRejectedRows,
    CatalogueImportStale,
    CatalogueImportUnknown,
)
from service.registers.catalogue.imports.store import Change, Counts, Import, Rejected
from service.registers.catalogue.store import ITEMS
from service.registers.dated import hold
from service.registers.desk import Desk
from service.registers.entries import CatalogueTerms
from service.registers.periods import ONE_DAY, Dated, Recorded, before, changed_from, correction, joined, since
from service.registers.rosters.model import Fault
from service.sheets.read import Row, rows

_AT_ONCE: Final = 500
_PIECE: Final = 1 << 20
_FULL: Final = "full"


@dataclass
class _Found:
    """What has been found of a file so far; only counts and codes stay in memory."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Counts.__dataclass_fields__, 0))
    codes: set[str] = field(default_factory=set)
    contradicted: frozenset[str] = frozenset()
    position: int = 0


async def preview(desk: Desk, source: BinaryIO, filename: str, kind: str, as_of: date) -> Import:
    """
    Read a catalogue and say what it would change. The same file with the same statement is the same import; it is
    compared with the catalogue anew until it is applied. Raises `SheetRefused` for the whole file.
    """
    await hold(desk.tx, "catalogue import", desk.county_code)
    content_hash = await asyncio.to_thread(_hash, source, kind, as_of)
    known = await store.find(desk.tx, desk.county_code, content_hash=content_hash)
    if known is not None and known.applied_at is not None:
        return known

    import_id = known.id if known else new_id(desk.now)
    found = _Found(contradicted=await asyncio.to_thread(_contradicted, source, filename, as_of))
    with closing(rows(source, filename)) as read:
        columns, header, left = await asyncio.to_thread(after_headings, read)
        by = desk.author().by
        made = Import(import_id, desk.county_code, kind, as_of, filename, header, Counts(), desk.now, by)
        await store.clear(desk.tx, desk.county_code, import_id)
        await store.keep(desk.tx, made, content_hash)
        while batch := await asyncio.to_thread(_read, left, columns, header, as_of):
            await _compare(desk, import_id, batch, found)
    if kind == _FULL:
        await _end_absent(desk, import_id, as_of, found)
    made = replace(made, counts=Counts(**found.counts))
    await store.keep(desk.tx, made, content_hash)
    await desk.note("catalogue.preview", subject=str(import_id))
    return made


def _hash(source: BinaryIO, kind: str, as_of: date) -> bytes:
    digest = hashlib.sha256(f"{kind}/{as_of}".encode())
    source.seek(0)
    while piece := source.read(_PIECE):
        digest.update(piece)
    source.seek(0)
    return digest.digest()


def _contradicted(source: BinaryIO, filename: str, as_of: date) -> frozenset[str]:
    """Items that stand twice with different terms: nobody can tell which row is right."""
    said: dict[str, Dated[CatalogueTerms] | None] = {}
    found = set()
    with closing(rows(source, filename)) as read:
        columns, header, left = after_headings(read)
        for item in (item_of(row, columns, header, as_of) for row in left):
            if item.item_code is not None and said.setdefault(item.item_code, item.fact) != item.fact:
                found.add(item.item_code)
    return frozenset(found)


def _read(left: Iterator[Row], columns: dict[str, int], header: list[str], as_of: date) -> list[Item]:
    return [item_of(row, columns, header, as_of) for row in islice(left, _AT_ONCE)]


async def _compare(desk: Desk, import_id: UUID, batch: Sequence[Item], found: _Found) -> None:
    items: dict[str, Item] = {}
    rejected = []
    for item in batch:
        faults = item.faults
        if item.item_code in found.codes or item.item_code in found.contradicted:
            faults = (*faults, Fault(None, "", "row.twice"))
        if item.item_code is not None:
            found.codes.add(item.item_code)
        if faults or item.item_code is None:
            rejected.append(Rejected(item.row_no, item.cells, list(faults)))
        else:
            items[item.item_code] = item
    await store.add_rejected(desk.tx, desk.county_code, import_id, rejected)
    found.counts["rows"] += len(batch)
    found.counts["rejected"] += len(rejected)
    found.counts["unidentified"] += sum(item.item_code is None for item in batch)

    known = await _known(desk, list(items))
    wanted = {code: _wanted(known[code], item) for code, item in items.items()}
    rows_of = {code: item.row_no for code, item in items.items()}
    await _keep(desk, import_id, known, wanted, rows_of, found)


def _wanted(known: Sequence[Recorded[CatalogueTerms]], item: Item) -> list[Dated[CatalogueTerms]]:
    """The known terms with the row's in place of theirs on the row's own days."""
    assert item.fact is not None
    facts = [each.fact for each in known]
    if item.fact.valid_to is None:
        return changed_from(facts, [item.fact], item.fact.first)
    return joined([*before(facts, item.fact.first), item.fact, *since(facts, item.fact.last + ONE_DAY)])


async def _end_absent(desk: Desk, import_id: UUID, as_of: date, found: _Found) -> None:
    """Items that a full catalogue does not name end on the day before; those in rejected rows stay."""
    codes = await store.absent(desk.tx, desk.county_code, as_of, sorted(found.codes))
    for start in range(0, len(codes), _AT_ONCE):
        known = await _known(desk, codes[start : start + _AT_ONCE])
        wanted = {code: before([each.fact for each in held], as_of) for code, held in known.items()}
        await _keep(desk, import_id, known, wanted, {}, found)


async def _known(desk: Desk, codes: Sequence[str]) -> dict[str, list[Recorded[CatalogueTerms]]]:
    return await ITEMS.current_of_many(desk.tx, {"county_code": desk.county_code}, "item_code", codes)


async def _keep(
    desk: Desk,
    import_id: UUID,
    known: dict[str, list[Recorded[CatalogueTerms]]],
    wanted: dict[str, list[Dated[CatalogueTerms]]],
    rows_of: dict[str, int],
    found: _Found,
) -> None:
    changes = []
    for code, facts in wanted.items():
        change = correction({each.row: each.fact for each in known[code]}, facts)
        if not change.superseded and not change.added:
            found.counts["unchanged"] += 1
            continue
        kind = "ended" if code not in rows_of else "changed" if known[code] else "added"
        found.counts[kind] += 1
        changes.append(Change(kind, code, rows_of.get(code), list(change.superseded), list(change.added)))
    await store.add_changes(desk.tx, desk.county_code, import_id, found.position, changes)
    found.position += len(changes)


async def apply(desk: Desk, import_id: UUID, *, accept_rejected: bool = False) -> Import:
    """
    Apply a previewed catalogue, whole or not at all; applied before: the same answer. Imports take turns.

    Raises `catalogue_import.stale` where an item has changed since the preview, and `catalogue_import.rejected_rows`
    where a full catalogue would end items although rows could not be read.
    """
    await hold(desk.tx, "catalogue import", desk.county_code)
    made = await known_import(desk, import_id)
    if made.applied_at is not None:
        return made
    if made.kind == _FULL and made.counts.unidentified and made.counts.ended and not accept_rejected:
        raise CatalogueImportRejectedRows
    author, after = desk.author(f"目录导入 {made.filename}（{made.id}）"), 0
    while changes := await store.changes_of(desk.tx, made, None, after, _AT_ONCE):
        after = changes[-1][0]
        known = await _known(desk, [change.item_code for _, change in changes])
        for _, change in changes:
            scope = {"county_code": desk.county_code, "item_code": change.item_code}
            rows_known = {each.row for each in known[change.item_code]}
            if not set(change.superseded) <= rows_known or (change.kind == "added" and rows_known):
                raise CatalogueImportStale
            await ITEMS.supersede(desk.tx, scope, change.superseded, author)
        facts = [
            ({"county_code": desk.county_code, "item_code": change.item_code}, fact)
            for _, change in changes
            for fact in change.added
        ]
        await ITEMS.add_many(desk.tx, facts, author)
    made = replace(made, applied_at=author.at, applied_by=author.by)
    await store.set_applied(desk.tx, made)
    await desk.note("catalogue.import", subject=str(import_id))
    return made


async def known_import(desk: Desk, import_id: UUID) -> Import:
    """An import of the caller's county. Raises `catalogue_import.unknown`."""
    made = await store.find(desk.tx, desk.county_code, id=import_id)
    if made is None:
        raise CatalogueImportUnknown
    return made
