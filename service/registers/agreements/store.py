"""Agreements between insurers and hospitals, of a county."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.registers.dated import DatedTable
from service.registers.entries import Agreement
from service.registers.periods import Recorded
from service.registers.tables import agreements

AGREEMENTS: Final = DatedTable(agreements, Agreement, ("county_code", "agreement_id"))


async def agreement(tx: AsyncConnection, county_code: str, agreement_id: UUID) -> Recorded[Agreement] | None:
    """An agreement as now believed."""
    found = await AGREEMENTS.current(tx, county_code=county_code, agreement_id=agreement_id)
    return found[0] if found else None


async def agreements_of(
    tx: AsyncConnection,
    county_code: str,
    *,
    hospital_code: str | None,
    insurer: str | None,
    on: date | None,
    ends: tuple[date, date] | None = None,
    after: tuple[Any, ...] | None,
    rows: int,
) -> list[tuple[UUID, Recorded[Agreement]]]:
    """Agreements of a county by id; `on`: in force that day; `ends`: the last day lies between these, both included."""
    c = agreements.c
    where = [c.county_code == county_code]
    if hospital_code is not None:
        where.append(c.hospital_code == hospital_code)
    if insurer is not None:
        where.append(c.insurer == insurer)
    if on is not None:
        where.append(AGREEMENTS.holds_on(on))
    if ends is not None:
        where.append(AGREEMENTS.ends_between(*ends))
    # asyncpg answers with a UUID class of its own, which no cursor can be written from.
    found = await AGREEMENTS.page(tx, where, order=[c.agreement_id], after=after, rows=rows)
    return [(UUID(bytes=row["agreement_id"].bytes), each) for row, each in found]
