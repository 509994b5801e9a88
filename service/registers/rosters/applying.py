"""What an import changes: found, compared with what was previewed, and written. One transaction of the caller each."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.vault import Vault
from service.registers.constraints import constraints_answered
from service.registers.model import Author
from service.registers.persons.bulk import NewPerson, register_persons
from service.registers.persons.checks import checked
from service.registers.rosters import diff, effects, moves, store, twice
from service.registers.rosters.headings import Headings
from service.registers.rosters.lines import Reader
from service.registers.rosters.model import Counts, Roster, RosterState
from service.registers.rosters.said import pieces
from service.registers.rosters.staging import described
from service.sheets.read import Row

_AT_ONCE: Final = 2_000
_KINDS: Final = ("added", "changed", "ended", "conflicts", "unfounded", "interrupted", "new_persons")

_COUNT_ROWS: Final = """
SELECT count(*) FILTER (WHERE state = 'rejected') AS rejected,
    count(*) FILTER (WHERE state = 'duplicate') AS duplicates,
    count(*) FILTER (WHERE state = 'rejected' AND (k.person_no IS NULL OR faults @> '[{"code": "name.differs"}]'
        OR faults @> '[{"code": "person.differs"}]')) AS unidentified,
    count(*) FILTER (WHERE state = 'listed') AS listed, count(DISTINCT row_no) AS rows
FROM roster_rows r
LEFT JOIN person_keys k ON k.county_code = r.county_code AND k.kind = r.key_kind AND k.key_hash = r.key_hash
WHERE r.county_code = :county_code AND r.roster_id = :id
"""
_COUNT_CHANGES: Final = """
SELECT count(*) FILTER (WHERE kind = 'added') AS added, count(*) FILTER (WHERE kind = 'changed') AS changed,
    count(*) FILTER (WHERE kind = 'ended') AS ended, count(*) FILTER (WHERE kind = 'conflict') AS conflicts,
    count(*) FILTER (WHERE kind = 'unfounded') AS unfounded, count(*) FILTER (WHERE row_no IS NOT NULL) AS from_rows,
    count(DISTINCT person_no) FILTER (WHERE is_new) AS new_persons,
    count(*) FILTER (WHERE kind = 'interrupted') AS interrupted
FROM roster_changes WHERE county_code = :county_code AND roster_id = :id
"""
_COUNT_UNINSURED: Final = """
SELECT count(DISTINCT s.person_no) AS uninsured
FROM rosters l CROSS JOIN roster_said s
WHERE l.county_code = :county_code AND l.id = :id AND s.state = 'listed' AND s.person_no <> '' AND s.action <> 'end'
    AND NOT EXISTS (SELECT FROM insured_periods i WHERE i.county_code = l.county_code AND i.person_no = s.person_no
        AND i.superseded_at IS NULL AND i.valid @> l.as_of)
"""
_JUDGED_BY_ANOTHER: Final = """
SELECT EXISTS (
    SELECT FROM roster_said s
    LEFT JOIN persons p ON p.county_code = :county_code AND p.person_no = s.person_no AND NOT s.is_new
        AND p.person_no >= :first AND p.person_no < :next
    WHERE s.person_no >= :first AND s.person_no < :next AND s.has_number
        AND sha256(p.name_enc) IS DISTINCT FROM s.judged_as)
"""
_KEPT: Final = (diff.KEPT_DIGEST, moves.KEPT_DIGEST)
_NOW: Final = (diff.DIGEST, moves.DIGEST)
_NEW_PERSONS: Final = text("""
SELECT n.person_no, n.row_no, r.cells_enc FROM (
    SELECT DISTINCT ON (person_no) person_no, row_no FROM roster_changes
    WHERE county_code = :county_code AND roster_id = :id AND is_new AND kind = 'added'
    ORDER BY person_no, position
) n JOIN LATERAL (
    SELECT cells_enc FROM roster_rows
    WHERE county_code = :county_code AND roster_id = :id AND row_no = n.row_no ORDER BY part LIMIT 1
) r ON true
ORDER BY n.person_no
""")


def _named(roster: Roster) -> dict[str, Any]:
    return {"county_code": roster.county_code, "id": roster.id}


async def find_changes(tx: AsyncConnection, roster: Roster) -> Roster:
    """Compare the staged list with the register as it stands now, and keep what it would change."""
    await effects.forget(tx, roster)
    for column, statement in twice.NUMBERS.items():
        at = roster.columns.get(column)
        heading = "" if at is None else roster.header[at]
        await tx.execute(text(statement), _named(roster) | {"at": at, "heading": heading})
    await tx.execute(text(twice.PLACES), _named(roster))
    await tx.execute(text(twice.DUPLICATES), _named(roster))
    at = roster.columns.get("id_no")
    if at is not None:
        await tx.execute(text(twice.SUSPECT_ROUNDED), _named(roster) | {"at": at, "heading": roster.header[at]})
    await tx.execute(text(diff.MAKE_FOUND))
    async for piece in pieces(tx, roster):
        await tx.execute(text(diff.FIND), piece)
        await tx.execute(text(moves.KEEP_MOVES), piece)
    await tx.execute(text(diff.KEEP_FOUND), _named(roster))
    await tx.execute(text(diff.FORGET_FOUND))
    await store.analyze_found(tx)
    digest = _told([await _sums(tx, _KEPT, _named(roster))])
    counts = await _counts(tx, roster)
    return replace(roster, state=RosterState.PREVIEWED, counts=counts, digest=digest)


async def _sums(tx: AsyncConnection, statements: Sequence[str], values: dict[str, Any]) -> list[tuple[int, int]]:
    return [(row[0], int(row[1])) for row in [(await tx.execute(text(each), values)).one() for each in statements]]


def _told(sums: Sequence[Sequence[tuple[int, int]]]) -> str:
    """One text of the counts and sums of all pieces."""
    return "/".join(":".join(str(sum(part)) for part in zip(*of, strict=True)) for of in zip(*sums, strict=True))


async def _counts(tx: AsyncConnection, roster: Roster) -> Counts:
    rows = (await tx.execute(text(_COUNT_ROWS), _named(roster))).mappings().one()
    changes = (await tx.execute(text(_COUNT_CHANGES), _named(roster))).mappings().one()
    return Counts(
        unchanged=rows["listed"] - changes["from_rows"],
        **{name: rows[name] for name in ("rows", "rejected", "duplicates", "unidentified")},
        **{name: changes[name] for name in _KINDS},
        moved=await moves.count_moves(tx, roster),
        uninsured=int(await tx.scalar(text(_COUNT_UNINSURED), _named(roster)) or 0),
    )


async def is_stale(tx: AsyncConnection, roster: Roster) -> bool:
    """Whether the same list would now change something else than was previewed, or judge a row by another entry."""
    sums = [[(0, 0)] * len(_NOW)]
    async for piece in pieces(tx, roster):
        if await tx.scalar(text(_JUDGED_BY_ANOTHER), piece):
            return True
        sums.append(await _sums(tx, _NOW, piece))
    return _told(sums) != roster.digest


async def write_changes(tx: AsyncConnection, vault: Vault, roster: Roster, author: Author) -> bool:
    """
    Write what was previewed into the registers, while nobody else writes about persons of the county.

    False: somebody superseded all the same what this list supersedes; then the transaction must not go on.
    """
    values = _named(roster) | {"at": author.at, "by": author.by, "reason": author.reason}
    async for people in _new_persons(tx, vault, roster, author):
        await register_persons(tx, vault, people, author)
    with constraints_answered():
        superseded = await tx.execute(text(diff.SUPERSEDE), values)
        if superseded.rowcount != await tx.scalar(text(diff.SUPERSEDED_ROWS), values):
            return False
        await tx.execute(text(diff.ADD), values)
    await moves.write_moves(tx, roster, author)
    return True


async def _new_persons(
    tx: AsyncConnection, vault: Vault, roster: Roster, author: Author
) -> AsyncIterator[list[NewPerson]]:
    """
    The persons that only the list knows, as its rows describe them, some at a time.

    By number: each index of the register then grows page by page, where people in the order of the file would touch
    all of its pages again and again.
    """
    found = await tx.stream(_NEW_PERSONS, _named(roster))
    async for rows in found.mappings().partitions(_AT_ONCE):
        yield await asyncio.to_thread(_described, vault, roster, rows, author)


def _described(vault: Vault, roster: Roster, rows: Sequence[Any], author: Author) -> list[NewPerson]:
    reader = Reader(Headings(0, roster.columns, roster.header), roster.statement)
    people = []
    for row in rows:
        line = reader.lines(Row(row["row_no"], store.cells_of(vault, roster.id, row)))[0]
        people.append(NewPerson(checked(described(roster.county_code, row["person_no"], line), author.at.date())))
    return people
