"""Referrals on the wire."""

from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from service.registers.entries import Referral
from service.registers.periods import Dated
from service.registers.persons.schemas import PersonNo
from service.registers.referrals.actions import Kept
from service.registers.schemas import Reason, in_order
from service.wire.types import Code, Day, WireModel, code_of

ReferralNo = Annotated[str, code_of(64, "ZZ2018060001")]


class ReferralNew(WireModel):
    referral_no: ReferralNo
    person_no: PersonNo
    hospital_code: Code
    approved_on: Day = Field(description="The first day on which it holds.")
    valid_to: Day | None = Field(default=None, description="Last day, included; open where left out.")
    reason: Reason = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self.approved_on, self.valid_to)
        return self

    def kept(self) -> Kept:
        what = Referral(self.person_no, self.hospital_code)
        return Kept(self.referral_no, Dated(what, self.approved_on, self.valid_to))


class ReferralChange(WireModel):
    """What to change; fields that are left out stay. `valid_to: null` opens the end."""

    referral_no: ReferralNo | None = None
    person_no: PersonNo | None = None
    hospital_code: Code | None = None
    approved_on: Day | None = None
    valid_to: Day | None = None
    reason: Reason = None

    def what(self) -> dict[str, Any]:
        names = ("person_no", "hospital_code")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def days(self) -> dict[str, date | None]:
        first = {"valid_from": self.approved_on} if self.approved_on is not None else {}
        return first | ({"valid_to": self.valid_to} if "valid_to" in self.model_fields_set else {})


class ReferralOut(WireModel):
    referral_no: str
    county_code: str
    person_no: str
    hospital_code: str
    approved_on: date | None
    valid_to: date | None

    @classmethod
    def of(cls, kept: Kept, county_code: str) -> Self:
        return cls(
            referral_no=kept.referral_no,
            county_code=county_code,
            person_no=kept.fact.what.person_no,
            hospital_code=kept.fact.what.hospital_code,
            approved_on=kept.fact.valid_from,
            valid_to=kept.fact.valid_to,
        )
