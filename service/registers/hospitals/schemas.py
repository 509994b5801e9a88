"""Hospitals on the wire."""

from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field

from service.access.vault import Vault
from service.registers.entries import Bar, HospitalTerms, SeenFrom
from service.registers.hospitals.actions import Change, opened_account, sealed_account
from service.registers.hospitals.store import Hospital
from service.registers.model import AidMode
from service.registers.periods import Dated
from service.registers.persons.sealing import masked_account
from service.registers.schemas import (
    BankAccountIn,
    BankAccountOut,
    LongestList,
    Reason,
    ReasonedPeriodIn,
    ReasonedPeriodOut,
)
from service.wire.types import Code, CountyCode, Day, Flag, Name, WireModel
from service.words import HospitalLevel, Location

_LOCATION = "Seen from the county that registers the hospital."
_LOCATIONS = "Where it lies seen from other counties; where nothing is given, the division codes tell."


class LocationIn(WireModel):
    county_code: CountyCode
    location: Location


class _Lists(WireModel):
    locations: Annotated[list[LocationIn] | None, LongestList] = Field(default=None, description=_LOCATIONS)
    suspended: Annotated[list[ReasonedPeriodIn] | None, LongestList] = None
    bank_account: BankAccountIn | None = None
    reason: Reason = None

    def seen_from(self) -> tuple[SeenFrom, ...] | None:
        if self.locations is None:
            return None
        return tuple(SeenFrom(each.county_code, each.location) for each in self.locations)

    def suspensions(self) -> tuple[Dated[Bar], ...] | None:
        return None if self.suspended is None else tuple(each.dated(Bar(each.reason)) for each in self.suspended)


class HospitalNew(_Lists):
    """A hospital to register. What is given here holds from ever on; changes are dated."""

    hospital_code: Code
    name: Name = Field(examples=["县人民医院"])
    county_code: CountyCode | None = Field(default=None, description="Your own county; may be left out.")
    level: HospitalLevel
    location: Location = Field(default=Location.COUNTY, description=_LOCATION)
    specialist: Flag = False
    connected: Flag = Field(default=True, description="Whether it settles at discharge.")
    aid: AidMode = AidMode.ON_THE_SPOT

    def terms(self, vault: Vault) -> HospitalTerms:
        account = self.bank_account.account() if self.bank_account else None
        return HospitalTerms(
            self.name,
            self.level,
            self.location,
            self.specialist,
            self.connected,
            self.aid,
            sealed_account(vault, self.hospital_code, account),
        )


class HospitalChange(_Lists):
    """What to change of a hospital from `as_of` on; fields that are left out stay."""

    hospital_code: Code | None = None
    county_code: CountyCode | None = None
    name: Name | None = Field(default=None, examples=["县人民医院"])
    level: HospitalLevel | None = None
    location: Location | None = Field(default=None, description=_LOCATION)
    specialist: Flag | None = None
    connected: Flag | None = None
    aid: AidMode | None = None
    as_of: Day | None = Field(default=None, description="From which day; today where left out.")

    def change(self, vault: Vault, hospital_code: str) -> Change:
        names = ("name", "level", "location", "specialist", "connected", "aid")
        values: dict[str, Any] = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        if "bank_account" in self.model_fields_set:
            account = self.bank_account.account() if self.bank_account else None
            values["bank_account_enc"] = sealed_account(vault, hospital_code, account)
        return Change(values, self.seen_from(), self.suspensions(), self.as_of, self.reason)


class LocationOut(WireModel):
    county_code: str
    location: str
    valid_from: date | None
    valid_to: date | None


class TermsOut(WireModel):
    """A hospital's terms over some time; null is open."""

    valid_from: date | None
    valid_to: date | None
    name: str
    level: str
    location: str
    specialist: bool
    connected: bool
    aid: str


class HospitalOut(WireModel):
    """A hospital: the terms of today, and as `history` all that are now believed, by day."""

    hospital_code: str
    county_code: str
    name: str
    level: str
    location: str
    locations: list[LocationOut]
    specialist: bool
    connected: bool
    aid: str
    suspended: list[ReasonedPeriodOut]
    bank_account: BankAccountOut | None
    history: list[TermsOut]

    @classmethod
    def of(cls, hospital: Hospital, vault: Vault, today: date, *, in_full: bool) -> Self:
        terms = [each.fact for each in hospital.terms]
        now = next(each.what for each in terms if each.holds_on(today))
        account = opened_account(vault, hospital.hospital_code, now.bank_account_enc)
        return cls(
            hospital_code=hospital.hospital_code,
            county_code=hospital.county_code,
            **_plain(now),
            locations=[
                LocationOut(
                    county_code=each.what.county_code,
                    location=each.what.location,
                    valid_from=each.valid_from,
                    valid_to=each.valid_to,
                )
                for each in (seen.fact for seen in hospital.seen_from)
            ],
            suspended=[
                ReasonedPeriodOut(from_=each.valid_from, to=each.valid_to, reason=each.what.cause)
                for each in (bar.fact for bar in hospital.suspended)
            ],
            bank_account=BankAccountOut.of(account if in_full else masked_account(account)),
            history=[TermsOut(valid_from=t.valid_from, valid_to=t.valid_to, **_plain(t.what)) for t in terms],
        )


def _plain(terms: HospitalTerms) -> dict[str, Any]:
    names = ("name", "level", "location", "specialist", "connected", "aid")
    return {name: getattr(terms, name) for name in names}
