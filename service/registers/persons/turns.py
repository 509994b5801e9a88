"""
Who waits for whom: corrections of single persons go on beside each other, a whole list goes alone.

Taken before anything is read that the change rests on, and held until the transaction ends.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from service.registers.dated import hold, hold_shared


async def beside_others(tx: AsyncConnection, county_code: str) -> None:
    """Before anything is written about persons of a county: waits for a list that is being applied."""
    await hold_shared(tx, "persons", county_code)


async def alone(tx: AsyncConnection, county_code: str) -> None:
    """Before a list is applied: waits for whoever writes about persons of the county, and makes others wait."""
    await hold(tx, "persons", county_code)
