"""All SQL on hospitals. A hospital belongs to the county that registers it; its code is unique over all counties."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import exists, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.registers.constraints import constraints_answered
from service.registers.dated import DatedTable
from service.registers.entries import Bar, HospitalTerms, SeenFrom
from service.registers.model import Author
from service.registers.periods import Recorded
from service.registers.tables import hospital_locations, hospital_suspensions, hospital_terms, hospitals

TERMS: Final = DatedTable(hospital_terms, HospitalTerms, ("hospital_code",))
SEEN_FROM: Final = DatedTable(hospital_locations, SeenFrom, ("hospital_code",))
SUSPENSIONS: Final = DatedTable(hospital_suspensions, Bar, ("hospital_code",))


@dataclass(frozen=True, slots=True)
class Hospital:
    """A hospital and everything now believed of it."""

    hospital_code: str
    county_code: str
    terms: tuple[Recorded[HospitalTerms], ...]
    seen_from: tuple[Recorded[SeenFrom], ...]
    suspended: tuple[Recorded[Bar], ...]


async def add_hospital(tx: AsyncConnection, hospital_code: str, county_code: str, author: Author) -> None:
    """Add a hospital; its code may be registered once."""
    row = {
        "hospital_code": hospital_code,
        "county_code": county_code,
        "recorded_at": author.at,
        "recorded_by": author.by,
        "reason": author.reason,
    }
    with constraints_answered():
        await tx.execute(insert(hospitals).values(row))


async def hospital(tx: AsyncConnection, county_code: str, hospital_code: str) -> Hospital | None:
    """A hospital of this county's register."""
    query = select(hospitals.c.hospital_code).where(
        hospitals.c.county_code == county_code, hospitals.c.hospital_code == hospital_code
    )
    if await tx.scalar(query) is None:
        return None
    return (await _with_facts(tx, county_code, [hospital_code]))[0]


async def hospitals_of(
    tx: AsyncConnection,
    county_code: str,
    *,
    level: str | None,
    day: date,
    after: tuple[Any, ...] | None,
    rows: int,
) -> list[Hospital]:
    """Hospitals of a county's register by code; `level` is the one they have on `day`."""
    query = (
        select(hospitals.c.hospital_code)
        .where(hospitals.c.county_code == county_code)
        .order_by(hospitals.c.hospital_code)
        .limit(rows)
    )
    if level is not None:
        t = hospital_terms.c
        query = query.where(
            exists().where(
                t.hospital_code == hospitals.c.hospital_code,
                t.level == level,
                t.superseded_at.is_(None),
                TERMS.holds_on(day),
            )
        )
    if after is not None:
        query = query.where(tuple_(hospitals.c.hospital_code) > tuple_(*after))
    return await _with_facts(tx, county_code, list(await tx.scalars(query)))


async def level_on(tx: AsyncConnection, hospital_code: str, day: date) -> str | None:
    """A hospital's level on a day, in whichever county's register; None where unknown."""
    t = hospital_terms.c
    query = select(t.level).where(t.hospital_code == hospital_code, t.superseded_at.is_(None), TERMS.holds_on(day))
    level: str | None = await tx.scalar(query)
    return level


async def terms_on(tx: AsyncConnection, hospital_code: str, day: date) -> HospitalTerms | None:
    """What is known of a hospital on a day, in whichever county's register; None where unknown."""
    current = await TERMS.current(tx, hospital_code=hospital_code)
    return next((each.fact.what for each in current if each.fact.holds_on(day)), None)


async def _with_facts(tx: AsyncConnection, county_code: str, codes: Sequence[str]) -> list[Hospital]:
    terms = await TERMS.current_of_many(tx, {}, "hospital_code", codes)
    seen_from = await SEEN_FROM.current_of_many(tx, {}, "hospital_code", codes)
    suspended = await SUSPENSIONS.current_of_many(tx, {}, "hospital_code", codes)
    return [
        Hospital(code, county_code, tuple(terms[code]), tuple(seen_from[code]), tuple(suspended[code]))
        for code in codes
    ]
