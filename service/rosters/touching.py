"""Which settlements a list touches, and what each would be: the registers' days meet the claims' last days here."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims import touched as claims
from service.claims.model import Record
from service.policy.model import Packs
from service.registers.rosters import effects
from service.registers.rosters.model import Roster, RosterState
from service.registers.store import identities_on


@dataclass(frozen=True, slots=True)
class TouchedSeen:
    """A settlement that a list touches: with which identities it was settled, and with which it would be."""

    settlement_id: UUID
    record: Record
    identities_after: list[str]
    expected: list[claims.Difference] | None


async def count_touched(tx: AsyncConnection, roster: Roster) -> int:
    """How many live settlements a list touches, as they are now."""
    return await claims.count_touched(tx, roster.county_code, effects.changed_days(roster))


async def touched_page(
    tx: AsyncConnection, roster: Roster, packs: Packs, now: datetime, *, after: UUID | None, rows: int
) -> list[TouchedSeen]:
    """
    The settlements that a list touches, each decided again with the identities that the list leaves.

    Found when asked: one that was under way while the list was applied is among them once it is there, and one that
    already knows what the list says is not.
    """
    found = await claims.touched_by(tx, roster.county_code, effects.changed_days(roster), after=after, rows=rows)
    persons = list({person_no for _, person_no, _ in found})
    changes = await effects.changed_classes(tx, roster, persons) if persons else []
    seen = []
    for settlement_id, person_no, day in found:
        record = await claims.kept(tx, roster.county_code, settlement_id)
        assert record is not None
        held = await identities_on(tx, roster.county_code, person_no, day, now)
        classes = {each.fact.what.identity_class for each in held}
        if roster.state is not RosterState.APPLIED:
            classes ^= {name for person, name, days in changes if person == person_no and _among(day, days)}
        expected = claims.with_identities(record, frozenset(classes), packs)
        seen.append(TouchedSeen(settlement_id, record, sorted(classes), expected))
    return seen


def _among(day: date, days: list[tuple[date | None, date | None]]) -> bool:
    return any((first or date.min) <= day <= (last or date.max) for first, last in days)
