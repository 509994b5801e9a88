"""From lines to staged rows: who is meant, is that the name we know, and the cells sealed. In batches, by COPY."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import orjson
from sqlalchemy import or_, select
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


@dataclass(frozen=True, slots=True)
class Known:
    """A person of the register, as far as a row is compared with them."""

    person_no: str
    name: str
    died_on: date | None


@dataclass(frozen=True, slots=True)
class Staging:
    """How rows of one list are staged. `may_register`: persons that nobody knows are entered when it is applied."""

    roster: Roster
    vault: Vault
    today: date
    may_register: bool

    async def stage(self, tx: AsyncConnection, lines: Sequence[Line]) -> None:
        hashes = {
            (line.row_no, line.part): person_key(self.vault, line.key_kind, line.number)
            for line in lines
            if line.key_kind is not None and line.number is not None
        }
        known = await self._known(tx, [key for _, key in hashes.values()])
        judged = []
        for line in lines:
            person = known.get(hashes.get((line.row_no, line.part), (None, None)))
            judged.append((self._judged(line, person), person))
        new = {
            line.row_no: described(self.roster.county_code, assigned(self.roster.county_code, line, key), line)
            for line, person in judged
            if person is None and not line.faults and (key := hashes[(line.row_no, line.part)][1])
        }
        faults = await self._not_registrable(tx, new)
        rows = []
        for line, person in judged:
            kind, key_hash = hashes.get((line.row_no, line.part), (None, None))
            whole = replace(line, faults=(*line.faults, *faults.get(line.row_no, ())))
            rows.append(self._row(whole, person, kind, key_hash))
        await store.copy_rows(tx, rows)

    async def _not_registrable(self, tx: AsyncConnection, new: Mapping[int, Person]) -> dict[int, list[Fault]]:
        """What keeps persons whom nobody knows from being registered, by row: a number of theirs is taken already."""
        keys = {row_no: keys_of(self.vault, person) for row_no, person in new.items()}
        hashes = {key for each in keys.values() for key in each.values()}
        query = select(person_keys.c.kind, person_keys.c.key_hash).where(
            person_keys.c.key_hash.in_(list(hashes)),
            # A person number is unique over all counties, the others within one.
            or_(person_keys.c.county_code == self.roster.county_code, person_keys.c.kind == KeyKind.PERSON_NO),
        )
        taken = {(row.kind, row.key_hash) for row in await tx.execute(query)}
        faults: dict[int, list[Fault]] = {}
        for row_no, person in new.items():
            found = [self._fault(kind, f"{kind}.taken") for kind, key in keys[row_no].items() if (kind, key) in taken]
            try:
                checked(person, self.today)
            except RequestInvalid as invalid:
                found += [self._fault("id_no", code_of_input(error)) for error in invalid.errors]
            faults[row_no] = found
        return faults

    async def _known(self, tx: AsyncConnection, keys: Sequence[bytes]) -> dict[tuple[str | None, bytes | None], Known]:
        k, p = person_keys.c, persons.c
        query = (
            select(k.kind, k.key_hash, p.person_no, p.name_enc, p.died_on)
            .join_from(person_keys, persons, (k.county_code == p.county_code) & (k.person_no == p.person_no))
            .where(k.county_code == self.roster.county_code, k.key_hash.in_(list(dict.fromkeys(keys))))
        )
        found = await tx.execute(query)
        return {
            (row["kind"], row["key_hash"]): Known(row["person_no"], name_of(self.vault, row), row["died_on"])
            for row in found.mappings()
        }

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
        }


def _has_ended(line: Line, day: date) -> bool:
    return line.action is Action.END or (line.valid_to is not None and line.valid_to < day)


def assigned(county_code: str, line: Line, key: bytes) -> str:
    """The number of a new person: their own where the row gives one, else one that follows from their key."""
    if line.person_no is not None:
        return line.person_no
    return f"P{county_code}{int.from_bytes(key) % 10**_ASSIGNED_DIGITS:0{_ASSIGNED_DIGITS}}"


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
