"""Manual claims on the wire."""

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from service.claims.schemas import SettlementIn
from service.errors import Text
from service.payouts.manual.model import ManualClaim, RouteReason, State
from service.wire.types import Flag, Line, WireModel, invalid
from service.words import ClaimDocument

Kept = Literal["registered", "incomplete", "under_review", "approved", "refused"]
"""The states that people bring about; `approved` is also that of claims that are paid or returned."""


class ManualClaimIn(WireModel):
    """A visit that was not settled at the hospital: the same body as a settlement's, with its invoice number."""

    reason: RouteReason = Field(description="Why the visit was not settled at the hospital.")
    visit: SettlementIn

    @model_validator(mode="after")
    def _invoiced(self) -> Self:
        if self.visit.invoice_no is None:
            zh, en = "手工报销须填写发票号（visit.invoice_no）。", "A manual claim needs `visit.invoice_no`."
            raise invalid("request.missing", Text(zh, en))
        return self


class HandInIn(WireModel):
    kind: ClaimDocument = Field(description="Which paper of the checklist it is.")


class MissingIn(WireModel):
    reason: Line = Field(description="What is missing, in words that the claimant reads.")


class DecisionIn(WireModel):
    outcome: Literal["approve", "refuse"]
    reason: Line = Field(description="Why, in words that the claimant reads.")


class EncounterOut(WireModel):
    person_no: str
    hospital_code: str
    visit_no: str
    interim_no: int
    visit_type: Literal["inpatient", "chronic_outpatient"]
    disease_code: str | None
    admitted_on: date
    last_day: date
    invoice_no: str


class StepOut(WireModel):
    state: State
    at: datetime
    operator: str | None
    reason: str | None


class DocumentOut(WireModel):
    id: UUID
    kind: ClaimDocument
    name: str
    media_type: Literal["application/pdf", "image/jpeg", "image/png"]
    size: int = Field(description="Bytes.")
    at: datetime


class ManualClaimOut(WireModel):
    """A manual claim, its papers, and everything done about it."""

    id: UUID
    state: State
    reason: RouteReason
    encounter: EncounterOut
    documents_needed: list[ClaimDocument]
    documents_missing: list[ClaimDocument]
    documents: list[DocumentOut]
    registered_at: datetime
    due_on: date = Field(description="The last working day for the decision.")
    overdue: Flag
    settlement_id: UUID | None = Field(description="The settlement that its approval made.")
    steps: list[StepOut]

    @classmethod
    def of(cls, claim: ManualClaim, today: date) -> Self:
        return cls(
            id=claim.id,
            state=claim.state,
            reason=claim.reason,
            encounter=EncounterOut(**{name: getattr(claim.encounter, name) for name in EncounterOut.model_fields}),
            documents_needed=list(claim.needed),
            documents_missing=list(claim.missing),
            documents=[
                DocumentOut(**{name: getattr(paper, name) for name in DocumentOut.model_fields})
                for paper in claim.papers
            ],
            registered_at=claim.at,
            due_on=claim.due_on,
            overdue=claim.is_overdue(today),
            settlement_id=claim.settlement_id,
            steps=[StepOut(**{name: getattr(step, name) for name in StepOut.model_fields}) for step in claim.steps],
        )
