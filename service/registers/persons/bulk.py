"""Many persons at once, in a handful of statements: for a demo county and, later, for rosters."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ARRAY, Date, Insert, Table, bindparam, cast, column, func, insert, select
from sqlalchemy.dialects.postgresql import DATERANGE
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import TableValuedAlias

from service.access.vault import Vault
from service.registers.constraints import constraints_answered
from service.registers.entries import Coverage, Person
from service.registers.model import Author
from service.registers.periods import Dated
from service.registers.persons.sealing import keys_of, sealed
from service.registers.persons.turns import beside_others
from service.registers.tables import barred_periods, identities, insured_periods, person_keys, persons

_PERIOD: Final = ("county_code", "person_no", "valid_from", "valid_to")
_RECORDED: Final = ("recorded_at", "recorded_by", "reason")


def _unnested(types: dict[str, Any]) -> TableValuedAlias:
    """Parallel arrays, one parameter per column, as rows."""
    arrays = (cast(bindparam(name), ARRAY(kind)) for name, kind in types.items())
    names = (column(name, kind) for name, kind in types.items())
    return func.unnest(*arrays).table_valued(*names, name="given").render_derived()


def _types(table: Table, names: Iterable[str]) -> dict[str, Any]:
    return {name: table.c[name].type if name in table.c else Date() for name in names}


def _signed(table: Table) -> list[Any]:
    return [cast(bindparam(f"author_{name}"), table.c[name].type) for name in _RECORDED]


def _plain_insert(table: Table, names: Sequence[str], *, signed: bool) -> Insert:
    given = _unnested(_types(table, names))
    author = _signed(table) if signed else []
    columns = [*names, *(_RECORDED if signed else ())]
    return insert(table).from_select(columns, select(*(given.c[name] for name in names), *author))


def _period_insert(table: Table, more: Sequence[str] = ()) -> Insert:
    given = _unnested(_types(table, (*_PERIOD, *more)))
    plain = ("county_code", "person_no", *more)
    valid = func.daterange(given.c.valid_from, given.c.valid_to, "[]", type_=DATERANGE)
    return insert(table).from_select(
        [*plain, "valid", *_RECORDED], select(*(given.c[name] for name in plain), valid, *_signed(table))
    )


_PERSON_COLUMNS: Final = [each.name for each in persons.c if each.name not in _RECORDED]
_KEY_COLUMNS: Final = [each.name for each in person_keys.c]
_PERSONS: Final = _plain_insert(persons, _PERSON_COLUMNS, signed=True)
_KEYS: Final = _plain_insert(person_keys, _KEY_COLUMNS, signed=False)
_COVERAGE: Final = (
    ("insured", _period_insert(insured_periods), ()),
    ("identities", _period_insert(identities, ("identity_class", "source")), ("identity_class", "source")),
    ("barred", _period_insert(barred_periods, ("cause",)), ("cause",)),
)


@dataclass(frozen=True, slots=True)
class NewPerson:
    person: Person
    coverage: Coverage = field(default_factory=Coverage)


async def register_persons(tx: AsyncConnection, vault: Vault, people: Sequence[NewPerson], author: Author) -> None:
    """
    Enter many persons, of any counties, with their coverage: five statements however many they are.

    The caller has checked them (`checks.checked`). Raises what one person's registration would (`person.exists`,
    overlaps), without saying which; then nothing is entered. A few thousand at a time is a good size.
    """
    if not people:
        return
    signed = {
        "author_recorded_at": author.at,
        "author_recorded_by": author.by,
        "author_reason": author.reason,
    }
    for county_code in sorted({each.person.county_code for each in people}):
        await beside_others(tx, county_code)
    rows, keys = await asyncio.to_thread(_sealed, vault, people)
    with constraints_answered():
        await tx.execute(_PERSONS, _arrays(rows, _PERSON_COLUMNS) | signed)
        await tx.execute(_KEYS, _arrays(keys, _KEY_COLUMNS))
        for name, statement, columns in _COVERAGE:
            facts = [(new.person, fact) for new in people for fact in getattr(new.coverage, name)]
            if facts:
                await tx.execute(statement, _period_arrays(facts, columns) | signed)


def _sealed(vault: Vault, people: Sequence[NewPerson]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of the persons and of their keys."""
    rows = [sealed(vault, each.person) for each in people]
    keys = [
        {"kind": kind.value, "key_hash": key_hash, "county_code": each.county_code, "person_no": each.person_no}
        for each in (new.person for new in people)
        for kind, key_hash in keys_of(vault, each).items()
    ]
    return rows, keys


def _arrays(rows: Sequence[dict[str, Any]], columns: Iterable[str]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in columns}


def _period_arrays(facts: Sequence[tuple[Person, Dated[Any]]], columns: Iterable[str]) -> dict[str, list[Any]]:
    return {
        "county_code": [person.county_code for person, _ in facts],
        "person_no": [person.person_no for person, _ in facts],
        "valid_from": [fact.valid_from for _, fact in facts],
        "valid_to": [fact.valid_to for _, fact in facts],
        **{name: [getattr(fact.what, name) for _, fact in facts] for name in columns},
    }
