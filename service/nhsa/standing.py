"""
What stands of what was settled on the wire. The agency reverses and decides anew by REST: what this interface keeps
beside a settlement follows the settlement, never the other way round.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from service.claims import courses
from service.claims.model import OrderedLine
from service.nhsa import settled
from service.nhsa.desk import Desk
from service.nhsa.sessions import Visit
from service.nhsa.settled import Settled, Standing


async def of_visit(desk: Desk, visit: Visit) -> list[Settled]:
    """
    What settled a visit, cancelled ones too, oldest first.

    The lines of what was reversed elsewhere are unsettled from here on.
    """
    kept = await settled.settled_of(desk.tx, visit)
    now = await _followed(desk, kept)
    for before, one in zip(kept, now, strict=True):
        if before.cancelled_at is None and one.cancelled_at is not None:
            assert one.reversal_id is not None
            await settled.cancel(desk.tx, visit, one, at=one.cancelled_at, msgid=None, reversal_id=one.reversal_id)
    return now


async def to_settle(desk: Desk, visit: Visit, batch: str | None) -> tuple[list[Standing], tuple[OrderedLine, ...]]:
    """What of a visit stands settled, and the lines that are not; without a question more where nothing was settled."""
    standing, lines = await settled.to_settle(desk.tx, visit, batch)
    if standing and len(standing) != sum(one.cancelled_at is None for one in await of_visit(desk, visit)):
        return await settled.to_settle(desk.tx, visit, batch)
    return standing, lines


async def between(desk: Desk, first: datetime, end: datetime, **equal: str) -> list[Settled]:
    """What of this institution was settled, changed or cancelled between two instants, the second not included."""
    changed = await courses.changed_between(desk.tx, desk.institution.hospital_code, first, end)
    return await _followed(desk, await settled.between(desk.tx, desk.institution, first, end, changed=changed, **equal))


async def by_setl_ids(desk: Desk, setl_ids: list[UUID]) -> list[Settled]:
    """Settlements of this institution by their setl_id, whenever they were made."""
    return await _followed(desk, await settled.by_setl_ids(desk.tx, desk.institution, setl_ids))


async def _followed(desk: Desk, kept: list[Settled]) -> list[Settled]:
    ids = [one.settlement_id for one in kept]
    found = await courses.changes(desk.tx, desk.institution.hospital_code, ids)
    return [_after(one, found.get(one.settlement_id, ())) for one in kept]


def _after(one: Settled, changes: tuple[courses.Changed, ...]) -> Settled:
    one = replace(one, versions=tuple(change for change in changes if not change.reverses))
    end = next((change for change in changes if change.reverses), None)
    if end is None or one.cancelled_at is not None:
        return one
    return replace(one, cancelled_at=end.at, reversal_id=end.id)
