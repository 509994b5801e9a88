"""Everybody in the county: the people of the townships' households, and those named for trying things."""

from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Final

from service.demo.circumstances import fate
from service.demo.hospitals import TOWNSHIPS
from service.demo.households import Household, Member, households
from service.demo.known import BIRTH_CERTIFICATE, KNOWN, known_people
from service.demo.names import COUNTY, account, id_no, phone
from service.registers.entries import Payee, Person
from service.registers.model import ID_CARD, Sex
from service.registers.persons.bulk import NewPerson

# Sequence numbers 900 to 999 only: people whom a visitor makes up will hardly have them.
_FIRST_SEQUENCE: Final = 900
_SEQUENCES: Final = 50
_CARDS_SINCE: Final = date(2018, 1, 1)
_OWN_ACCOUNT_SINCE_BORN: Final = date(2002, 1, 1)


def people() -> list[NewPerson]:
    """Those named for trying things first, then household by household."""
    everybody = known_people(next(iter(TOWNSHIPS)))
    taken = {known.id_no for known in KNOWN}
    number = count(1)
    for household in households():
        everybody += _household(household, number, taken)
    return everybody


def _household(household: Household, number: Iterator[int], taken: set[str]) -> list[NewPerson]:
    heads: list[Person] = []
    made = []
    for member in household.members:
        new = _person(household, member, next(number), heads, taken)
        heads = heads or [new.person]
        made.append(new)
    return made


def _person(household: Household, member: Member, number: int, heads: list[Person], taken: set[str]) -> NewPerson:
    befell = fate(household, member)
    dice = member.dice
    newborn = member.born_on >= _CARDS_SINCE and dice.in_a_thousand(400, "has no identity card")
    own_account = account(member.name, len(KNOWN) + number) if member.born_on < _OWN_ACCOUNT_SINCE_BORN else None
    person = Person(
        county_code=COUNTY,
        person_no=f"DM-P{number:05}",
        name=member.name,
        township_code=household.township,
        household_no=household.household_no,
        id_type=BIRTH_CERTIFICATE if newborn else ID_CARD,
        id_no=f"DM-B{10 + number:06}" if newborn else _free_id_no(member, taken),
        social_card_no=None if newborn else f"DMS{number:06}",
        phone=phone(dice) if own_account else None,
        bank_account=own_account,
        payee=_payee(heads, heir=befell.died_on is not None) if heads and (befell.died_on or not own_account) else None,
        born_on=member.born_on,
        died_on=befell.died_on,
        sex=member.sex,
    )
    return NewPerson(person, befell.coverage)


def _payee(heads: list[Person], *, heir: bool) -> Payee:
    head = heads[0]
    return Payee(head.name, "继承人" if heir else "监护人", head.id_no, head.phone, head.bank_account)


def _free_id_no(member: Member, taken: set[str]) -> str:
    """Two people born on one day have two numbers."""
    start, odd = member.dice.below(_SEQUENCES, "sequence"), member.sex is Sex.MALE
    candidates = (
        id_no(member.born_on, _FIRST_SEQUENCE + 2 * ((start + step) % _SEQUENCES) + odd) for step in range(_SEQUENCES)
    )
    found = next(number for number in candidates if number not in taken)
    taken.add(found)
    return found
