"""What an uploaded catalogue means for settlements that were made on the terms before it."""

from uuid import UUID

from service.claims.items import ItemsTouched, count_touched_by_items, touched_by_items
from service.registers.catalogue.imports.actions import known_import
from service.registers.catalogue.imports.store import Import, changed_terms
from service.registers.desk import Desk


async def list_touched(desk: Desk, import_id: UUID, *, after: UUID | None, rows: int) -> list[ItemsTouched]:
    """
    The settlements with a line that the catalogue gives other terms on its day of charge, by the file previewed or
    applied. Found when asked. Raises `catalogue_import.unknown`.
    """
    made = await known_import(desk, import_id)
    found = await touched_by_items(desk.tx, made.county_code, changed_terms(made), after=after, rows=rows)
    await desk.note("catalogue.touched", subject=str(import_id))
    return found


async def count_touched(desk: Desk, made: Import) -> int:
    """How many settlements that are."""
    return await count_touched_by_items(desk.tx, made.county_code, changed_terms(made))
