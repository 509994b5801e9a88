"""
What other packages may ask of the registers' tables, and how they fill them.

Questions take the day they are asked of and, where the past of our knowledge matters, the instant as known on.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from service.registers.agreements.store import AGREEMENTS
from service.registers.cards.store import CARDS
from service.registers.catalogue.store import ITEMS
from service.registers.dated import DatedTable
from service.registers.entries import CatalogueTerms, RosterIdentity
from service.registers.hospitals.store import SEEN_FROM, SUSPENSIONS, TERMS, add_hospital
from service.registers.model import Author
from service.registers.periods import Dated, Recorded
from service.registers.persons.bulk import NewPerson, register_persons
from service.registers.persons.store import BARRED, IDENTITIES, INSURED
from service.registers.referrals.store import REFERRALS

_ITEMS_AT_ONCE = 500


async def identities_on(
    tx: AsyncConnection, county_code: str, person_no: str, day: date, known_at: datetime
) -> list[Recorded[RosterIdentity]]:
    """Who was this person on a day, as known on an instant?"""
    return await _held_on(IDENTITIES, tx, county_code, person_no, day, known_at)


async def insured_on(tx: AsyncConnection, county_code: str, person_no: str, day: date, known_at: datetime) -> bool:
    """Was this person insured on a day, as known on an instant?"""
    return bool(await _held_on(INSURED, tx, county_code, person_no, day, known_at))


async def _held_on(
    table: DatedTable[Any], tx: AsyncConnection, county_code: str, person_no: str, day: date, known_at: datetime
) -> list[Recorded[Any]]:
    known = await table.as_known(tx, known_at, county_code=county_code, person_no=person_no)
    return [each for each in known if each.fact.holds_on(day)]


async def insert_many_items(
    tx: AsyncConnection, county_code: str, items: Mapping[str, Dated[CatalogueTerms]], author: Author
) -> None:
    """Enter many catalogue items of a county, by code. Raises `catalogue.overlap`."""
    facts = [({"county_code": county_code, "item_code": code}, fact) for code, fact in items.items()]
    for start in range(0, len(facts), _ITEMS_AT_ONCE):
        await ITEMS.add_many(tx, facts[start : start + _ITEMS_AT_ONCE], author)


__all__ = [
    "AGREEMENTS",
    "BARRED",
    "CARDS",
    "IDENTITIES",
    "INSURED",
    "ITEMS",
    "REFERRALS",
    "SEEN_FROM",
    "SUSPENSIONS",
    "TERMS",
    "NewPerson",
    "add_hospital",
    "identities_on",
    "insert_many_items",
    "insured_on",
    "register_persons",
]
