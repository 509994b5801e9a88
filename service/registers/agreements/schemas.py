"""Agreements on the wire."""

from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from service.registers.agreements.actions import Kept
from service.registers.entries import Agreement
from service.registers.periods import Dated
from service.registers.schemas import Reason, in_order
from service.wire.types import Code, Day, WireModel


class AgreementNew(WireModel):
    insurer: Code = Field(examples=["top_up_insurer"])
    hospital_code: Code
    policy_no: Code = Field(examples=["FP2018-001"])
    valid_from: Day
    valid_to: Day | None = Field(default=None, description="Last day, included; open where left out.")
    reason: Reason = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self.valid_from, self.valid_to)
        return self

    def fact(self) -> Dated[Agreement]:
        return Dated(Agreement(self.insurer, self.hospital_code, self.policy_no), self.valid_from, self.valid_to)


class AgreementChange(WireModel):
    """What to change; fields that are left out stay. `valid_to: null` opens the end."""

    insurer: Code | None = Field(default=None, examples=["top_up_insurer"])
    hospital_code: Code | None = None
    policy_no: Code | None = Field(default=None, examples=["FP2018-001"])
    valid_from: Day | None = None
    valid_to: Day | None = None
    reason: Reason = None

    def what(self) -> dict[str, Any]:
        names = ("insurer", "hospital_code", "policy_no")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def days(self) -> dict[str, date | None]:
        first = {"valid_from": self.valid_from} if self.valid_from is not None else {}
        return first | ({"valid_to": self.valid_to} if "valid_to" in self.model_fields_set else {})


class AgreementOut(WireModel):
    id: UUID
    county_code: str
    insurer: str
    hospital_code: str
    policy_no: str
    valid_from: date | None
    valid_to: date | None

    @classmethod
    def of(cls, kept: Kept, county_code: str) -> Self:
        what = kept.fact.what
        return cls(
            id=kept.id,
            county_code=county_code,
            insurer=what.insurer,
            hospital_code=what.hospital_code,
            policy_no=what.policy_no,
            valid_from=kept.fact.valid_from,
            valid_to=kept.fact.valid_to,
        )
