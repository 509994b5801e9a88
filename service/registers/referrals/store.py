"""Approved referrals, of a county."""

from datetime import date
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from service.db import Direct
from service.registers.dated import DatedTable
from service.registers.entries import Referral
from service.registers.periods import Recorded
from service.registers.tables import referrals

REFERRALS: Final = DatedTable(referrals, Referral, ("county_code", "referral_no"))


async def referral(tx: AsyncConnection, county_code: str, referral_no: str) -> Recorded[Referral] | None:
    """A referral as now believed."""
    found = await REFERRALS.current(tx, county_code=county_code, referral_no=referral_no)
    return found[0] if found else None


_LATEST_ON: Final = Direct("""
    SELECT referral_no FROM referrals
    WHERE county_code = :county_code AND person_no = :person_no AND hospital_code = :hospital_code
        AND superseded_at IS NULL AND holds_on(valid, CAST(:on_day AS date))
    ORDER BY referral_no DESC LIMIT 1
""")


async def latest_on(tx: AsyncConnection, county_code: str, person_no: str, hospital_code: str, on: date) -> str | None:
    """The number of the person's referral to a hospital that is in force on a day, the last of several."""
    asked = {"county_code": county_code, "person_no": person_no, "hospital_code": hospital_code, "on_day": on}
    found: str | None = await _LATEST_ON.scalar(tx, asked)
    return found


async def referrals_of(
    tx: AsyncConnection,
    county_code: str,
    *,
    person_no: str | None,
    hospital_code: str | None,
    on: date | None,
    after: tuple[Any, ...] | None,
    rows: int,
) -> list[tuple[str, Recorded[Referral]]]:
    """Referrals of a county by number; `on`: in force that day."""
    c = referrals.c
    where = [c.county_code == county_code]
    if person_no is not None:
        where.append(c.person_no == person_no)
    if hospital_code is not None:
        where.append(c.hospital_code == hospital_code)
    if on is not None:
        where.append(REFERRALS.holds_on(on))
    found = await REFERRALS.page(tx, where, order=[c.referral_no], after=after, rows=rows)
    return [(row["referral_no"], each) for row, each in found]
