"""Chronic cards on the wire."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from service.clock import COUNTY_ZONE
from service.errors import Text
from service.registers.cards.actions import Kept, Renewal
from service.registers.entries import ChronicCard
from service.registers.model import CardStatus
from service.registers.periods import Dated
from service.registers.persons.schemas import PersonNo
from service.registers.schemas import Reason, in_order
from service.wire.types import Code, Day, Line, Spelled, WireModel, invalid

DiseaseCode = Annotated[
    str, Spelled(r"CD[0-9]{2}", "应为病种编码 CD01 至 CD29", "must be a disease code, CD01 to CD29", ("CD02",))
]

_REASON_MISSING = Text("不予批准时须说明理由。", "A refusal must give its reason.")


class CertificateIn(WireModel):
    hospital_code: Code = Field(description="Who issued it: of a level that the policy accepts.")
    issued_on: Day = Field(description="Within the months before the application that the policy allows.")


class CardNew(WireModel):
    person_no: PersonNo
    disease_code: DiseaseCode
    certificate: CertificateIn
    applied_on: Day | None = Field(default=None, description="Today where left out.")
    valid_from: Day | None = Field(default=None, description="The day of application where left out.")
    valid_to: Day | None = Field(default=None, description="Last day, included; open where left out.")
    reason: Reason = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self.valid_from or self.applied_on, self.valid_to)
        return self

    def fact(self, today: date) -> Dated[ChronicCard]:
        applied_on = self.applied_on or today
        what = ChronicCard(
            self.person_no,
            self.disease_code,
            self.certificate.hospital_code,
            self.certificate.issued_on,
            applied_on,
        )
        return Dated(what, self.valid_from or applied_on, self.valid_to)


class RenewalIn(WireModel):
    """A new certificate. The renewed card begins the day after the old one ends, or today where that has passed."""

    certificate: CertificateIn
    applied_on: Day | None = Field(default=None, description="Today where left out.")
    valid_to: Day | None = Field(default=None, description="Last day, included; open where left out.")
    reason: Reason = None

    def renewal(self, today: date) -> Renewal:
        certificate = self.certificate
        return Renewal(
            certificate.hospital_code, certificate.issued_on, self.applied_on or today, self.valid_to, self.reason
        )


class CardChange(WireModel):
    """What to change; fields that are left out stay. Once decided, only the days of validity may change."""

    person_no: PersonNo | None = None
    disease_code: DiseaseCode | None = None
    certificate: CertificateIn | None = None
    applied_on: Day | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    reason: Reason = None

    def what(self) -> dict[str, Any]:
        names = ("person_no", "disease_code", "applied_on")
        given: dict[str, Any] = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        if self.certificate is not None:
            given["certificate_hospital_code"] = self.certificate.hospital_code
            given["certificate_issued_on"] = self.certificate.issued_on
        return given

    def days(self) -> dict[str, date | None]:
        first = {"valid_from": self.valid_from} if self.valid_from is not None else {}
        return first | ({"valid_to": self.valid_to} if "valid_to" in self.model_fields_set else {})


class Verdict(StrEnum):
    APPROVE = "approve"
    REFUSE = "refuse"

    @property
    def status(self) -> CardStatus:
        return CardStatus.APPROVED if self is Verdict.APPROVE else CardStatus.REFUSED


class DecisionIn(WireModel):
    decision: Verdict
    reason: Line | None = Field(default=None, description="Needed for a refusal.", examples=["材料不全"])

    @model_validator(mode="after")
    def _with_reason(self) -> Self:
        if self.decision is Verdict.REFUSE and self.reason is None:
            raise invalid("card.reason_missing", _REASON_MISSING)
        return self


class CertificateOut(WireModel):
    hospital_code: str
    issued_on: date


class CardDecisionOut(WireModel):
    reason: str | None
    decided_at: datetime
    decided_by: str


class CardOut(WireModel):
    id: UUID
    county_code: str
    person_no: str
    disease_code: str
    certificate: CertificateOut
    applied_on: date
    status: CardStatus
    decision: CardDecisionOut | None
    valid_from: date | None
    valid_to: date | None

    @classmethod
    def of(cls, kept: Kept, county_code: str) -> Self:
        card = kept.fact.what
        decision = None
        if card.decided_at is not None:
            decision = CardDecisionOut(
                reason=card.decision_reason,
                decided_at=card.decided_at.astimezone(COUNTY_ZONE),
                decided_by=card.decided_by or "",
            )
        return cls(
            id=kept.id,
            county_code=county_code,
            person_no=card.person_no,
            disease_code=card.disease_code,
            certificate=CertificateOut(
                hospital_code=card.certificate_hospital_code, issued_on=card.certificate_issued_on
            ),
            applied_on=card.applied_on,
            status=CardStatus(card.status),
            decision=decision,
            valid_from=kept.fact.valid_from,
            valid_to=kept.fact.valid_to,
        )
