"""Chronic cards and applications for them, of a county."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.registers.dated import DatedTable
from service.registers.entries import ChronicCard
from service.registers.periods import Recorded
from service.registers.tables import chronic_cards

CARDS: Final = DatedTable(chronic_cards, ChronicCard, ("county_code", "card_id"))


async def card(tx: AsyncConnection, county_code: str, card_id: UUID) -> Recorded[ChronicCard] | None:
    """A card as now believed."""
    found = await CARDS.current(tx, county_code=county_code, card_id=card_id)
    return found[0] if found else None


async def cards_of(
    tx: AsyncConnection,
    county_code: str,
    *,
    person_no: str | None,
    status: str | None,
    on: date | None,
    ends: tuple[date, date] | None = None,
    after: tuple[Any, ...] | None,
    rows: int,
) -> list[tuple[UUID, Recorded[ChronicCard]]]:
    """Cards of a county by id; `on`: valid that day; `ends`: the last day lies between these two, both included."""
    c = chronic_cards.c
    where = [c.county_code == county_code]
    if person_no is not None:
        where.append(c.person_no == person_no)
    if status is not None:
        where.append(c.status == status)
    if on is not None:
        where.append(CARDS.holds_on(on))
    if ends is not None:
        where.append(CARDS.ends_between(*ends))
    # asyncpg answers with a UUID class of its own, which no cursor can be written from.
    found = await CARDS.page(tx, where, order=[c.card_id], after=after, rows=rows)
    return [(UUID(bytes=row["card_id"].bytes), each) for row, each in found]
