"""From a row of the file to what it says of a person, or to every fault in it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from service.registers.model import KeyKind
from service.registers.rosters import values
from service.registers.rosters.headings import PERSON_COLUMNS, Headings
from service.registers.rosters.model import Action, Fault, Line, Statement
from service.registers.rosters.values import Unreadable
from service.sheets.read import Row

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads rows under these headings. `allowed`: the classes that the caller may list, None for all."""

    headings: Headings
    statement: Statement
    allowed: frozenset[str] | None = None

    def lines(self, row: Row) -> list[Line]:
        """What a row says: one line for each class it names; one rejected line where anything is wrong."""
        faults: list[Fault] = [
            Fault(fault.column, self._heading(fault.column), fault.code)
            for fault in row.faults
            if fault.column in self.headings.columns.values()
        ]
        at_fault = {fault.at for fault in faults}

        def read(column: str, meaning: Callable[[str], T], *, otherwise: T | None = None) -> T | None:
            at = self.headings.columns.get(column)
            if at is None or at in at_fault:
                return otherwise
            try:
                return meaning(row.cells[at] if at < len(row.cells) else "")
            except Unreadable as unreadable:
                faults.append(Fault(at, self._heading(at), unreadable.code))
                return otherwise

        said = self._said(read)
        kind, number = said.pop("key")
        if number is None and not any(fault.code.startswith("id_no") for fault in faults):
            first_key = next(at for name, at in self.headings.columns.items() if name in PERSON_COLUMNS)
            faults.append(Fault(first_key, self._heading(first_key), "id_no.missing"))
        first, last = said["valid_from"], said["valid_to"]
        if first and last and last < first:
            faults.append(Fault(self.headings.columns["valid_to"], self._heading_of("valid_to"), "dates.order"))
        classes = self._classes(read, faults)
        common = said | {"row_no": row.number, "cells": row.cells, "key_kind": kind, "number": number}
        if faults:
            one = classes[0] if len(classes) == 1 else None
            return [Line(**common, part=0, identity_class=one, faults=tuple(faults))]
        return [Line(**common, part=part, identity_class=each) for part, each in enumerate(classes)]

    def _said(self, read: Callable[..., Any]) -> dict[str, Any]:
        columns = self.headings.columns
        wrong_id_no = object()
        id_no = read("id_no", values.id_no_or_none, otherwise=wrong_id_no) if "id_no" in columns else None
        person_no, card = read("person_no", values.code_of), read("social_card_no", values.code_of)
        keys = ((KeyKind.ID_NO, id_no), (KeyKind.PERSON_NO, person_no), (KeyKind.SOCIAL_CARD_NO, card))
        # A number that cannot be read is not replaced by another one.
        usable = () if id_no is wrong_id_no else keys
        return {
            "key": next(((kind.value, number) for kind, number in usable if number), (None, None)),
            "person_no": person_no,
            "social_card_no": card,
            "name": read("name", values.name_of),
            "action": Action(read("action", values.action_of, otherwise="add") or "add"),
            "valid_from": read("valid_from", values.first_day_of),
            "valid_to": read("valid_to", values.last_day_of),
            "township_code": read("township_code", values.township_of) or self.statement.township_code,
            "household_no": read("household_no", values.text_of),
            "phone": read("phone", values.code_of),
        }

    def _classes(self, read: Callable[..., Any], faults: list[Fault]) -> list[str]:
        stated, at = self.statement.identity_class, self.headings.columns.get("class")
        if at is None:
            return [stated] if stated is not None else []
        found: list[str] = read("class", lambda cell: values.classes_of(cell, stated), otherwise=[])
        if stated is not None and found and found != [stated]:
            faults.append(Fault(at, self._heading(at), "class.differs"))
        if self.allowed is not None and not set(found) <= self.allowed:
            faults.append(Fault(at, self._heading(at), "class.not_yours"))
        return found

    def _heading(self, at: int) -> str:
        return self.headings.header[at] if at < len(self.headings.header) else ""

    def _heading_of(self, column: str) -> str:
        return self._heading(self.headings.columns[column])
