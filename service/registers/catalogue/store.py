"""The county's fee catalogue: items with dated terms."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from service.registers.dated import DatedTable
from service.registers.entries import CatalogueTerms
from service.registers.periods import Dated
from service.registers.tables import catalogue_items

ITEMS: Final = DatedTable(catalogue_items, CatalogueTerms, ("county_code", "item_code"))


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of the catalogue may be narrowed to; `on`: in force that day."""

    item_code: str | None = None
    category: str | None = None
    grade: str | None = None
    on: date | None = None


async def items_of(
    tx: AsyncConnection, county_code: str, filters: Filters, *, after: tuple[Any, ...] | None, rows: int
) -> list[tuple[str, Dated[CatalogueTerms]]]:
    """Terms of a county's items by code and first day."""
    c = catalogue_items.c
    where = [c.county_code == county_code]
    for column, wanted in (
        (c.item_code, filters.item_code),
        (c.category, filters.category),
        (c.grade, filters.grade),
    ):
        if wanted is not None:
            where.append(column == wanted)
    if filters.on is not None:
        where.append(ITEMS.holds_on(filters.on))
    order = [c.item_code, ITEMS.first_day]
    found = await ITEMS.page(tx, where, order=order, after=after, rows=rows)
    return [(row["item_code"], each.fact) for row, each in found]
