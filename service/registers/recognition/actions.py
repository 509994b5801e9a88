"""What the admission desk needs to know, in one call."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from service.access.model import Role
from service.registers.cards import store as cards
from service.registers.desk import Desk
from service.registers.entries import Bar, ChronicCard, Insured, Person, RosterIdentity
from service.registers.facts import find_person
from service.registers.keys import person_key
from service.registers.model import CardStatus, KeyKind
from service.registers.periods import Dated
from service.registers.persons import store as persons
from service.registers.persons.sealing import masked
from service.registers.refusals import PersonUnknown

_MANY = 100


@dataclass(frozen=True, slots=True)
class Recognised:
    """A person, masked, and what holds of them on a day. `cards` are approved ones, by id."""

    person: Person
    on: date
    insured: Dated[Insured] | None
    bar: Dated[Bar] | None
    identities: tuple[Dated[RosterIdentity], ...]
    cards: tuple[tuple[Any, Dated[ChronicCard]], ...]
    deposit_waived: bool


async def recognise(desk: Desk, kind: KeyKind, number: str) -> Recognised:
    """
    The person behind a number, as of today. Hospitals treat people of every county; others see their own.

    Of several counties that know the number, the one that insured the person last answers.
    """
    own = None if desk.caller.role is Role.HOSPITAL else desk.county_code
    found = await find_person(desk.tx, *person_key(desk.vault, kind, number), county_code=own)
    person = await persons.person(desk.tx, desk.vault, *found) if found else None
    if person is None:
        raise PersonUnknown
    county_code, person_no, today = person.county_code, person.person_no, desk.today
    coverage = (await persons.coverage_of(desk.tx, county_code, [person_no]))[person_no]
    approved = await cards.cards_of(
        desk.tx, county_code, person_no=person_no, status=CardStatus.APPROVED, on=today, after=None, rows=_MANY
    )

    insured = next((each for each in coverage.insured if each.holds_on(today)), None)
    bar = next((each for each in coverage.barred if each.holds_on(today)), None)
    held = tuple(each for each in coverage.identities if each.holds_on(today))
    waiving = desk.law.deposit_waived(county_code, today)
    waived = insured is not None and bar is None and any(each.what.identity_class in waiving for each in held)

    await desk.note("person.recognise", person_no=person_no)
    found_cards = tuple((number, each.fact) for number, each in approved)
    return Recognised(masked(person), today, insured, bar, held, found_cards, waived)
