"""What can be done about persons: register, look up, list, change."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from service.access import audit
from service.access.model import Role
from service.registers.dated import DatedTable, hold
from service.registers.desk import Desk
from service.registers.entries import Coverage, Person
from service.registers.facts import find_person
from service.registers.keys import person_key
from service.registers.model import AID_CLASSES, ID_CARD, Author, KeyKind
from service.registers.periods import Dated, Recorded, changed_from
from service.registers.persons import store
from service.registers.persons.checks import checked, refuse_overlaps
from service.registers.persons.sealing import masked
from service.registers.persons.store import BARRED, IDENTITIES, INSURED, Filters
from service.registers.persons.turns import beside_others
from service.registers.refusals import OnlyAidIdentities, PersonExists, PersonUnknown

_ASSIGNED_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Change:
    """
    What to change of a person. `values` are plain fields; a list of `coverage` counts only where `lists` names it.

    `as_of` None: the lists are the whole truth; else they hold from that day on.
    """

    values: dict[str, Any]
    coverage: Coverage
    lists: frozenset[str]
    as_of: date | None
    reason: str | None


def assigned_person_no(county_code: str) -> str:
    """A number for a person who comes without one: the county and twelve random digits."""
    return f"P{county_code}{secrets.randbelow(10**_ASSIGNED_DIGITS):0{_ASSIGNED_DIGITS}}"


async def register(desk: Desk, person: Person, coverage: Coverage, reason: str | None) -> tuple[Person, Coverage]:
    """Enter a person who is not in the register yet."""
    person = checked(person, desk.today)
    refuse_overlaps(coverage)
    await beside_others(desk.tx, person.county_code)

    author = desk.author(reason)
    taken = await store.add_person(desk.tx, desk.vault, person, author)
    if taken is not None:
        raise PersonExists(f"/{taken}")
    scope = {"county_code": person.county_code, "person_no": person.person_no}
    await INSURED.add(desk.tx, scope, coverage.insured, author)
    await IDENTITIES.add(desk.tx, scope, coverage.identities, author)
    await BARRED.add(desk.tx, scope, coverage.barred, author)
    await desk.note("person.register", person_no=person.person_no)
    return await _seen(desk, person)


async def look_up(desk: Desk, person_no: str) -> tuple[Person, Coverage]:
    """One person, in full for the agency, masked for others; a township sees its own people."""
    person = await _known(desk, person_no)

    await desk.note("person.read", person_no=person_no)
    return await _seen(desk, person)


async def list_persons(
    desk: Desk, filters: Filters, *, after: tuple[Any, ...] | None, rows: int
) -> list[tuple[Person, Coverage]]:
    """Persons by number, masked. Whoever shows them leaves them in the audit trail (`note_shown`)."""
    if desk.caller.role is Role.TOWNSHIP:
        filters = replace(filters, township_code=desk.caller.township_code)
    found = await store.persons_of(desk.tx, desk.vault, desk.county_code, filters, after=after, rows=rows)
    coverage = await store.coverage_of(desk.tx, desk.county_code, [person.person_no for person in found])
    return [(masked(person), coverage[person.person_no]) for person in found]


async def change(desk: Desk, person_no: str, asked: Change) -> tuple[Person, Coverage]:
    """Correct a person's entry. What was believed before stays on record."""
    await beside_others(desk.tx, desk.county_code)
    person_no = (await _known(desk, person_no)).person_no
    await hold(desk.tx, "person", desk.county_code, person_no)
    known = await _known(desk, person_no)
    aid_only = desk.caller.role is Role.PAYER
    if aid_only:
        _refuse_beyond_aid(asked)

    after = checked(_amended(known, asked.values), desk.today) if asked.values else known
    refuse_overlaps(asked.coverage)

    author = desk.author(asked.reason)
    if after != known:
        taken = await store.replace_person(desk.tx, desk.vault, known, after, author)
        if taken is not None:
            raise PersonExists(f"/{taken}")
    await _correct_lists(desk, after, asked, author, aid_only=aid_only)
    await desk.note("person.change", person_no=person_no)
    return await _seen(desk, after)


async def accesses_to(
    desk: Desk, person_no: str, *, after: tuple[datetime, UUID] | None, rows: int
) -> list[audit.Access]:
    """Who looked at a person or changed something about them, newest first. Raises `person.unknown`."""
    person = await _known(desk, person_no)
    found = await audit.accesses(desk.tx, desk.county_code, person.person_no, after=after, rows=rows)
    await desk.note("person.accesses", person_no=person.person_no)
    return found


async def _known(desk: Desk, person_no: str) -> Person:
    # The number of an entry that was joined into another one leads there.
    found = await find_person(
        desk.tx, *person_key(desk.vault, KeyKind.PERSON_NO, person_no), county_code=desk.county_code
    )
    person = await store.person(desk.tx, desk.vault, *found) if found else None
    foreign = desk.caller.role is Role.TOWNSHIP and person and person.township_code != desk.caller.township_code
    if person is None or foreign:
        raise PersonUnknown
    return person


async def _seen(desk: Desk, person: Person) -> tuple[Person, Coverage]:
    coverage = await store.coverage_of(desk.tx, person.county_code, [person.person_no])
    shown = person if desk.caller.role is Role.AGENCY else masked(person)
    return shown, coverage[person.person_no]


def _amended(known: Person, values: dict[str, Any]) -> Person:
    """The person with other values; a new identity number says anew when they were born, and their sex."""
    if values.get("id_no") and values.get("id_type", known.id_type) == ID_CARD:
        values = {"born_on": None, "sex": None} | values
    return replace(known, **values)


def _refuse_beyond_aid(asked: Change) -> None:
    if asked.values or asked.lists != {"identities"}:
        raise OnlyAidIdentities
    for index, each in enumerate(asked.coverage.identities):
        if each.what.identity_class not in AID_CLASSES:
            raise OnlyAidIdentities(f"/identities/{index}/class")


async def _correct_lists(desk: Desk, person: Person, asked: Change, author: Author, *, aid_only: bool) -> None:
    scope = {"county_code": person.county_code, "person_no": person.person_no}

    async def correct(table: DatedTable[Any], wanted: Sequence[Dated[Any]]) -> None:
        known: list[Recorded[Any]] = await table.current(desk.tx, **scope)
        if aid_only:
            known = [each for each in known if each.fact.what.identity_class in AID_CLASSES]
        if asked.as_of is not None:
            wanted = changed_from([each.fact for each in known], wanted, asked.as_of)
        await table.correct(desk.tx, scope, known, wanted, author)

    for name, table in (("insured", INSURED), ("identities", IDENTITIES), ("barred", BARRED)):
        if name in asked.lists:
            await correct(table, getattr(asked.coverage, name))
