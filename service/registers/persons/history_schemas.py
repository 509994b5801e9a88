"""Persons as they were known, and entered twice, on the wire."""

from datetime import date, datetime
from typing import Self

from pydantic import Field

from service.clock import COUNTY_ZONE
from service.registers.persons.duplicates import Twice, Why
from service.registers.persons.history import AsKnown
from service.registers.persons.schemas import IdentityOut
from service.registers.persons.sealing import masked
from service.registers.schemas import PeriodOut, ReasonedPeriodOut
from service.wire.types import WireModel


class AsKnownOut(WireModel):
    """A person on a day as known at an instant."""

    person_no: str
    name: str
    township_code: str | None
    household_no: str | None
    died_on: date | None
    day: date
    known_at: datetime
    insured: list[PeriodOut] = Field(description="The period that held on the day; empty: not insured.")
    identities: list[IdentityOut]
    barred: list[ReasonedPeriodOut]

    @classmethod
    def of(cls, seen: AsKnown) -> Self:
        person = seen.person
        return cls(
            person_no=person.person_no,
            name=person.name,
            township_code=person.township_code,
            household_no=person.household_no,
            died_on=person.died_on,
            day=seen.day,
            known_at=seen.known_at.astimezone(COUNTY_ZONE),
            insured=[PeriodOut(from_=each.valid_from, to=each.valid_to) for each in seen.insured],
            identities=[IdentityOut.of(each) for each in seen.identities],
            barred=[
                ReasonedPeriodOut(from_=each.valid_from, to=each.valid_to, reason=each.what.cause)
                for each in seen.barred
            ],
        )


class EntryOut(WireModel):
    """One of two entries, masked."""

    person_no: str
    name: str
    id_type: str
    id_no: str | None
    born_on: date | None
    household_no: str | None


class TwiceOut(WireModel):
    """Two entries that are probably one person, and what they have in common."""

    one: EntryOut
    other: EntryOut
    why: list[Why]

    @classmethod
    def of(cls, found: Twice) -> Self:
        entries = []
        for person in (masked(found.one), masked(found.other)):
            entries.append(EntryOut(**{name: getattr(person, name) for name in EntryOut.model_fields}))
        return cls(one=entries[0], other=entries[1], why=list(found.why))
