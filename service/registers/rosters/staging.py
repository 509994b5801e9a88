"""From lines to staged rows: who is meant, is that the name we know, and the cells sealed. In batches, by COPY."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import orjson
from sqlalchemy import ARRAY, CollectionAggregate, LargeBinary, RowMapping, any_, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.vault import Vault
from service.registers.entries import Person
from service.registers.keys import person_key
from service.registers.model import KeyKind
from service.registers.persons.checks import checked
from service.registers.persons.sealing import keys_of, name_of
from service.registers.rosters import store
from service.registers.rosters.faults import code_of_input
from service.registers.rosters.model import Action, Fault, Line, Roster, RowState
from service.registers.rosters.values import looks_rounded, same_name
from service.registers.tables import person_keys, persons
from service.wire.refusals import RequestInvalid

_ASSIGNED_DIGITS: Final = 16

_Place = tuple[int, int]
_Key = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Known:
    """A person of the register, as far as a row is compared with them. `entry`: a hash that changes with the entry."""

    person_no: str
    name: str
    died_on: date | None
    entry: bytes


@dataclass(frozen=True, slots=True)
class Staging:
    """How rows of one list are staged. `may_register`: persons that nobody knows are entered when it is applied."""

    roster: Roster
    vault: Vault
    today: date
    may_register: bool

    async def stage(self, tx: AsyncConnection, lines: Sequence[Line]) -> None:
        """Keep rows as read and judged. What hashes, opens and seals runs beside the loop, which serves others."""
        hashes = await asyncio.to_thread(self._hashes, lines)
        entries = await self._entries(tx, hashes)
        judged = await asyncio.to_thread(self._compared, lines, hashes, entries)
        new = await asyncio.to_thread(self._new, judged, hashes)
        taken = await self._taken(tx, new)
        records = await asyncio.to_thread(self._records, judged, hashes, new, taken)
        await store.copy_rows(tx, records)

    def _hashes(self, lines: Sequence[Line]) -> dict[_Place, _Key]:
        return {
            (line.row_no, line.part): person_key(self.vault, line.key_kind, line.number)
            for line in lines
            if line.key_kind is not None and line.number is not None
        }

    async def _entries(self, tx: AsyncConnection, hashes: Mapping[_Place, _Key]) -> Sequence[RowMapping]:
        k, p = person_keys.c, persons.c
        query = (
            select(k.kind, k.key_hash, p.person_no, p.name_enc, p.died_on)
            .join_from(person_keys, persons, (k.county_code == p.county_code) & (k.person_no == p.person_no))
            .where(k.county_code == self.roster.county_code, k.key_hash == _one_of({key for _, key in hashes.values()}))
        )
        return (await tx.execute(query)).mappings().all()

    def _compared(
        self, lines: Sequence[Line], hashes: Mapping[_Place, _Key], entries: Sequence[RowMapping]
    ) -> list[tuple[Line, Known | None]]:
        """Each line with what the register has against it, and the person that it means."""
        known = {
            (row["kind"], row["key_hash"]): Known(
                row["person_no"], name_of(self.vault, row), row["died_on"], hashlib.sha256(row["name_enc"]).digest()
            )
            for row in entries
        }
        found = [(line, known.get(hashes.get((line.row_no, line.part), ("", b"")))) for line in lines]
        return [(self._judged(line, person), person) for line, person in found]

    def _new(
        self, judged: Sequence[tuple[Line, Known | None]], hashes: Mapping[_Place, _Key]
    ) -> dict[int, tuple[Person, dict[KeyKind, bytes]]]:
        """Persons whom nobody knows, as their rows describe them, with their numbers' hashes; by row."""
        county_code, new = self.roster.county_code, {}
        for line, person in judged:
            if person is None and not line.faults:
                key = hashes[line.row_no, line.part][1]
                entry = described(county_code, assigned(county_code, line, key), line)
                new[line.row_no] = (entry, keys_of(self.vault, entry))
        return new

    async def _taken(
        self, tx: AsyncConnection, new: Mapping[int, tuple[Person, dict[KeyKind, bytes]]]
    ) -> set[tuple[str, bytes]]:
        """The numbers of new persons that lead to somebody already."""
        if not new:
            return set()
        hashes = {key for _, keys in new.values() for key in keys.values()}
        query = select(person_keys.c.kind, person_keys.c.key_hash).where(
            person_keys.c.key_hash == _one_of(hashes),
            # A person number is unique over all counties, the others within one.
            or_(person_keys.c.county_code == self.roster.county_code, person_keys.c.kind == KeyKind.PERSON_NO),
        )
        return {(row.kind, row.key_hash) for row in await tx.execute(query)}

    def _not_registrable(
        self, person: Person, keys: Mapping[KeyKind, bytes], taken: set[tuple[str, bytes]]
    ) -> list[Fault]:
        found = [self._fault(kind, f"{kind}.taken") for kind, key in keys.items() if (kind, key) in taken]
        try:
            checked(person, self.today)
        except RequestInvalid as invalid:
            found += [self._fault("id_no", code_of_input(error)) for error in invalid.errors]
        return found

    def _records(
        self,
        judged: Sequence[tuple[Line, Known | None]],
        hashes: Mapping[_Place, _Key],
        new: Mapping[int, tuple[Person, dict[KeyKind, bytes]]],
        taken: set[tuple[str, bytes]],
    ) -> list[tuple[Any, ...]]:
        faults = {row_no: self._not_registrable(*each, taken) for row_no, each in new.items()}
        records = []
        for line, person in judged:
            kind, key_hash = hashes.get((line.row_no, line.part), (None, None))
            whole = replace(line, faults=(*line.faults, *faults.get(line.row_no, ())))
            row = self._row(whole, person, kind, key_hash)
            records.append(tuple([row[name] for name in store.COPIED]))
        return records

    def _judged(self, line: Line, person: Known | None) -> Line:
        """The line with what the register has against it."""
        if line.number is None:
            return line
        faults = list(line.faults)
        if person is None:
            may_be_new = self.may_register and line.key_kind == KeyKind.ID_NO and line.action is not Action.END
            if not line.faults and not may_be_new:
                faults.append(self._fault("id_no", "person.unknown"))
        else:
            if line.name is not None and not same_name(line.name, person.name):
                faults.append(self._fault("name", "name.differs"))
            if line.person_no is not None and line.person_no != person.person_no:
                faults.append(self._fault("person_no", "person.differs"))
            day = self.roster.statement.as_of
            if person.died_on is not None and person.died_on < day and not _has_ended(line, day):
                faults.append(self._fault("name", "person.died"))
        return replace(line, faults=tuple(faults))

    def _fault(self, column: str, code: str) -> Fault:
        at = self.roster.columns.get(column)
        return Fault(at, self.roster.header[at] if at is not None else "", code)

    def _row(self, line: Line, person: Known | None, kind: str | None, key: bytes | None) -> dict[str, Any]:
        cells = orjson.dumps(line.cells).decode()
        is_new, card = person is None and not line.faults, line.social_card_no
        return {
            "county_code": self.roster.county_code,
            "roster_id": self.roster.id,
            "row_no": line.row_no,
            "part": line.part,
            "state": RowState.REJECTED.value if line.faults else RowState.LISTED.value,
            "faults": orjson.dumps([_fault(each) for each in line.faults]).decode(),
            "cells_enc": self.vault.encrypt(cells, bound_to=store.place(self.roster.id, line.row_no)),
            "key_kind": kind,
            "key_hash": key,
            "card_hash": person_key(self.vault, KeyKind.SOCIAL_CARD_NO, card)[1] if card is not None else None,
            "person_no": assigned(self.roster.county_code, line, key) if is_new and key is not None else None,
            "is_new": is_new,
            "rounded": line.key_kind == KeyKind.ID_NO and looks_rounded(line.number or ""),
            "identity_class": line.identity_class,
            "action": line.action.value,
            "valid_from": line.valid_from,
            "valid_to": line.valid_to,
            "duplicate_of": None,
            "judged_as": person.entry if person is not None else None,
            "township_code": line.township_code,
            "household_no": line.household_no,
        }


def _one_of(hashes: Iterable[bytes]) -> CollectionAggregate[Any]:
    return any_(cast(list(hashes), ARRAY(LargeBinary)))


def _has_ended(line: Line, day: date) -> bool:
    return line.action is Action.END or (line.valid_to is not None and line.valid_to < day)


def assigned(county_code: str, line: Line, key: bytes) -> str:
    """
    The number of a new person: their own where the row gives one, else one that follows from their key.

    Numbers stand in the order of the keys, so that people who are entered by number touch one end of each index.
    """
    if line.person_no is not None:
        return line.person_no
    number = int.from_bytes(key[:8]) * 10**_ASSIGNED_DIGITS >> 64
    return f"P{county_code}{number:0{_ASSIGNED_DIGITS}}"


def described(county_code: str, person_no: str, line: Line) -> Person:
    """A person whom only the list knows, as its row describes them."""
    assert line.name is not None
    return Person(
        county_code,
        person_no,
        line.name,
        township_code=line.township_code,
        household_no=line.household_no,
        id_no=line.number,
        social_card_no=line.social_card_no,
        phone=line.phone,
    )


def _fault(fault: Fault) -> dict[str, Any]:
    return {"at": fault.at, "column": fault.column, "code": fault.code}
