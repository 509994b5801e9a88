"""Several settlements of one person decided anew at once, oldest first, each version once. Decides, writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Caller
from service.claims import records
from service.claims.actions import Desk
from service.claims.changes import anew
from service.claims.changes.anew import Place
from service.claims.changes.chain import differ, years_of
from service.claims.changes.making import is_unchanged, version_of, without_entries
from service.claims.changes.model import Change, Made
from service.claims.model import Cause, Record
from service.claims.records import View
from service.errors import Refusal
from service.ids import new_id


@dataclass
class Together:
    """What comes of it: the new versions in their order, those that stay as they are, and those that are refused."""

    made: list[Made] = field(default_factory=list)
    unchanged: list[Record] = field(default_factory=list)
    refused: list[tuple[Record, Refusal]] = field(default_factory=list)


async def several(
    tx: AsyncConnection,
    caller: Caller,
    chosen: Mapping[UUID, Change],
    desk: Desk,
    place: Place,
    county_code: str,
    now: datetime,
) -> Together:
    """
    Decide the chosen settlements of a person anew, and all that rests on what changes. The caller holds the turn.

    One that today's registers refuse stays under the facts and the law that it was decided on, and is named.
    """
    found = Together()
    years: set[str] = set()
    stays: set[tuple[str, str]] = set()
    for live in place.lives:
        rests = str(live.last_day.year) in years or live.stay in stays
        if live.settlement_id not in chosen and not rests:
            continue
        before = await records.find(tx, live.settlement_id, View(county_code))
        assert before is not None
        made = await _one(tx, caller, before, chosen.get(live.settlement_id), desk, place, found, now, rests=rests)
        if made is None:
            continue
        entries = [*live.entries, *made.record.settlement.entries]
        if rests or differ(before.settlement.entries, made.record.settlement.entries):
            found.made.append(made)
            years |= years_of(entries) | {str(live.last_day.year)}
            stays.add(live.stay)
        else:
            found.made.append(without_entries(made))
        place = place.with_version(live.settlement_id, made.record)
    return found


async def _one(
    tx: AsyncConnection,
    caller: Caller,
    before: Record,
    change: Change | None,
    desk: Desk,
    place: Place,
    found: Together,
    now: datetime,
    *,
    rests: bool,
) -> Made | None:
    version_id = new_id(now)
    if change is not None:
        try:
            decided = await anew.decided_anew(tx, caller, before, change, desk, place, version_id=version_id, now=now)
        except Refusal as refusal:
            found.refused.append((before, refusal))
        else:
            made = await version_of(tx, before, decided, change)
            if rests or not is_unchanged(made):
                return made
            found.unchanged.append(before)
            return None
    if not rests:
        return None
    sums = place.before(before)
    decided = await anew.on_sums(tx, caller, before, desk, sums, version_id=version_id, now=now)
    return await version_of(tx, before, decided, Change(Cause.CHAIN))
