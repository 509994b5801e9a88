"""Lists name people who may have nothing to do with the county any more: their rows are kept for a while only."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from service.registers.rosters.purging import purge_rows
from service.rosters.office import Office


async def purge(tx: AsyncConnection, office: Office, days: int) -> int:
    """
    Delete what the rows of the county's lists literally say once they were uploaded more than so many days ago.

    What a list changed stays on record. One that was not applied is to be read anew from its file. Gives how many.
    """
    now = office.clock.now()
    purged = await purge_rows(tx, office.county_code, before=now - timedelta(days=days), at=now)
    for roster_id in purged:
        await office.note(tx, "roster.purge", str(roster_id), now)
    return len(purged)
