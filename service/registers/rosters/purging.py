"""What lists literally say is deleted in time; what they changed stays."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.registers.rosters.model import RosterState
from service.registers.rosters.tables import roster_rows, rosters


async def purge_rows(tx: AsyncConnection, county_code: str, *, before: datetime, at: datetime) -> list[UUID]:
    """Delete the rows of lists uploaded before an instant; those that were not applied begin anew when sent again."""
    c, r = rosters.c, roster_rows.c
    old = (c.county_code == county_code, c.uploaded_at < before, c.purged_at.is_(None))
    found = (await tx.execute(update(rosters).where(*old).values(purged_at=at).returning(c.id, c.state))).all()
    purged = [row.id for row in found]
    await tx.execute(delete(roster_rows).where(r.county_code == county_code, r.roster_id.in_(purged)))
    unapplied = [row.id for row in found if row.state != RosterState.APPLIED]
    begun = update(rosters).where(c.county_code == county_code, c.id.in_(unapplied))
    await tx.execute(begun.values(state=RosterState.READING, rows_read=0))
    return [UUID(bytes=each.bytes) for each in purged]
