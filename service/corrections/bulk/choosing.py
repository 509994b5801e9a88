"""From a selection to settlements, as they are now."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims.chosen import Chosen, chosen
from service.claims.touched import touched_by
from service.corrections.bulk.model import Selection
from service.registers.rosters import effects
from service.registers.rosters import store as rosters


async def settlements_of(
    tx: AsyncConnection, county_code: str, selection: Selection, *, person_no: str | None = None
) -> list[tuple[UUID, str]]:
    """The live settlements that a selection means, and whose they are; with `person_no` those of this person alone."""
    if person_no is not None:
        selection = replace(selection, person_no=person_no)
    conditions = Chosen(
        selection.person_no, selection.hospital_code, selection.first, selection.last, selection.pack_hash
    )
    found = await chosen(tx, county_code, conditions)
    if selection.roster_id is None:
        return found
    touched = await _touched(tx, county_code, selection.roster_id, selection.person_no)
    return [each for each in found if each[0] in touched]


async def _touched(tx: AsyncConnection, county_code: str, roster_id: UUID, person_no: str | None) -> set[UUID]:
    roster = await rosters.roster(tx, county_code, roster_id)
    if roster is None:
        return set()
    changes = effects.changed_days(roster)
    if person_no is not None:
        changes = select(changes).where(changes.c.person_no == person_no).subquery("changes")
    return {each.settlement_id for each in await touched_by(tx, county_code, changes, after=None, rows=None)}
