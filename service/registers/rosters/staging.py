"""From lines to staged rows: who is meant, is that the name we know, and the cells sealed. In batches, by COPY."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.vault import Vault
from service.registers.keys import person_key
from service.registers.model import KeyKind
from service.registers.persons.sealing import name_of
from service.registers.rosters import store
from service.registers.rosters.model import Action, Fault, Line, Roster, RowState
from service.registers.rosters.values import looks_rounded, same_name
from service.registers.tables import person_keys, persons

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
    may_register: bool

    async def stage(self, tx: AsyncConnection, lines: Sequence[Line]) -> None:
        hashes = {
            (line.row_no, line.part): person_key(self.vault, line.key_kind, line.number)
            for line in lines
            if line.key_kind is not None and line.number is not None
        }
        known = await self._known(tx, [key for _, key in hashes.values()])
        rows = []
        for line in lines:
            kind, key = hashes.get((line.row_no, line.part), (None, None))
            person = known.get((kind, key)) if kind is not None and key is not None else None
            rows.append(self._row(self._judged(line, person), person, kind, key))
        await store.copy_rows(tx, rows)

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
        if line.faults or line.number is None:
            return line
        columns, faults = self.roster.columns, []

        def fault(column: str, code: str) -> None:
            at = columns.get(column)
            faults.append(Fault(at, self.roster.header[at] if at is not None else "", code))

        if person is None:
            if not self.may_register or line.key_kind != KeyKind.ID_NO or line.action is Action.END:
                fault("id_no", "person.unknown")
        else:
            if line.name is not None and not same_name(line.name, person.name):
                fault("name", "name.differs")
            if line.person_no is not None and line.person_no != person.person_no:
                fault("person_no", "person.differs")
            day = self.roster.statement.as_of
            if person.died_on is not None and person.died_on < day and not _has_ended(line, day):
                fault("name", "person.died")
        return replace(line, faults=tuple(faults))

    def _row(self, line: Line, person: Known | None, kind: str | None, key: bytes | None) -> dict[str, Any]:
        cells = orjson.dumps(line.cells).decode()
        is_new = person is None and not line.faults
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


def _fault(fault: Fault) -> dict[str, Any]:
    return {"at": fault.at, "column": fault.column, "code": fault.code}
