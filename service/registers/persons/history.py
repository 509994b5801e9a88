"""Who was this person on a day, as known on an instant?"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from service.access.model import Role
from service.registers.dated import DatedTable
from service.registers.desk import Desk
from service.registers.entries import Bar, Insured, Person, RosterIdentity
from service.registers.periods import Dated
from service.registers.persons import store
from service.registers.persons.sealing import masked
from service.registers.refusals import PersonUnknown


@dataclass(frozen=True, slots=True)
class AsKnown:
    """A person as the register had them at an instant, and what it held true of a day."""

    person: Person
    day: date
    known_at: datetime
    insured: tuple[Dated[Insured], ...]
    identities: tuple[Dated[RosterIdentity], ...]
    barred: tuple[Dated[Bar], ...]


async def as_known(desk: Desk, person_no: str, day: date, known_at: datetime) -> AsKnown:
    """
    The person on a day as known at an instant. Raises `person.unknown` where the register did not know them then.
    """
    person = await _entry_at(desk, person_no, known_at)
    scope = {"county_code": desk.county_code, "person_no": person_no}

    async def held(table: DatedTable[Any]) -> tuple[Any, ...]:
        known = await table.as_known(desk.tx, known_at, **scope)
        return tuple(each.fact for each in known if each.fact.holds_on(day))

    insured, identities, barred = await held(store.INSURED), await held(store.IDENTITIES), await held(store.BARRED)
    await desk.note("person.as_known", person_no=person_no)
    shown = person if desk.caller.role is Role.AGENCY else masked(person)
    return AsKnown(shown, day, known_at, insured, identities, barred)


async def _entry_at(desk: Desk, person_no: str, known_at: datetime) -> Person:
    """What the entry said then: the first version that was set aside after the instant, else the present one."""
    person = await store.person(desk.tx, desk.vault, desk.county_code, person_no)
    if person is None or await store.registered_at(desk.tx, desk.county_code, person_no) > known_at:
        raise PersonUnknown
    for ended_at, earlier in await store.versions_of(desk.tx, desk.vault, desk.county_code, person_no):
        if ended_at > known_at:
            return earlier
    return person
