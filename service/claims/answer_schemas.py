"""The settlement as it is answered (api.md, Settlement)."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from service.claims.model import Cause
from service.policy.conditions import VisitType
from service.wire.types import (
    CountyCode,
    Flag,
    Id,
    RatioOut,
    WireModel,
    YuanOut,
)


class SentenceOut(WireModel):
    zh: str
    en: str


class StepOut(WireModel):
    """One step of a layer's working: the rule, whether it fired, its clauses, and the amount it led to."""

    rule: str
    applied: Flag
    text: SentenceOut
    clauses: list[str] = Field(description="Founding text and clause of each value that was used.")
    demonstration: Flag = Field(description="A value was used that no founding text states.")
    amount: YuanOut


class LayerOut(WireModel):
    """A payer's part of one layer."""

    layer: str
    payer: str
    base: YuanOut
    deductible: YuanOut
    paid: YuanOut
    pay_to: Literal["hospital", "patient", "elsewhere"]
    decided: Flag
    expected: Flag
    steps: list[StepOut]


class AmountsOut(WireModel):
    """total = self_funded + over_ceiling + first_pay + in_scope."""

    total: YuanOut
    self_funded: YuanOut
    over_ceiling: YuanOut
    first_pay: YuanOut
    in_scope: YuanOut


class PolicyOut(WireModel):
    id: str
    hash: str


class TermsUsedOut(WireModel):
    """Line numbers by whose terms they were settled on: the fee catalogue's, or the caller's."""

    catalogue: list[int]
    caller: list[int]


class FindingOut(WireModel):
    code: str
    detail: str


class ExplanationOut(WireModel):
    zh: list[str]
    en: list[str]


class SettlementOut(WireModel):
    """total = paid_total + hospital_bears + patient_pays, to the fen."""

    id: Id | None = Field(description="null in a preview.")
    status: Literal["preview", "settled", "on_hold", "reversed", "superseded", "reversal"]
    version: int
    hospital_code: str
    visit_no: str
    interim_no: int
    visit_type: VisitType
    admitted_on: date | None
    discharged_on: date | None
    service_on: date | None
    disease_code: str | None
    referral_no: str | None
    invoice_no: str | None
    person_no: str
    county_code: CountyCode
    policy: PolicyOut
    identities: list[str]
    amounts: AmountsOut
    terms_used: TermsUsedOut
    layers: list[LayerOut]
    paid_total: YuanOut
    hospital_bears: YuanOut
    patient_pays: YuanOut
    paid_ratio: RatioOut
    hospital_advances: YuanOut
    owed_to_patient: YuanOut
    expected_aid: YuanOut
    held: YuanOut = Field(description="Computed, but paid to nobody until it is known who is liable for the injury.")
    due_at_discharge: YuanOut = Field(description="What the cashier asks for today.")
    to_collect: YuanOut = Field(description="What a patient has too much after a change: recorded, not collected.")
    findings: list[FindingOut]
    explanation: ExplanationOut
    query_code: str | None = Field(description="For hospital and agency, who print slips; null in a preview.")
    settled_at: datetime | None
    operator: str | None
    reversal_of: Id | None
    reversed_by: Id | None
    case_id: Id | None = Field(description="The first version's id, which all versions and the reversal share.")
    cause: Cause | None = Field(description="Why a later version was made; null for the first.")
    replaces: Id | None
    replaced_by: Id | None


class TraceOut(WireModel):
    """Everything read and decided, enough to decide it again. Whole numbers in the units that `units` names."""

    settlement_id: Id
    policy: PolicyOut
    order_no: int = Field(description="The settlement's place in the person's order.")
    units: dict[str, str]
    bill: list[dict[str, Any]]
    claim: dict[str, Any] | None = None
    awards: list[dict[str, Any]]
    entries: list[list[Any]]
    findings: list[list[Any]]
    facts: dict[str, Any] | None = None
    change: dict[str, Any] | None = Field(
        default=None, description="Of a later version: its cause, what it replaces, and who had laid the money out."
    )
    reversal_of: Id | None = None
    reason: str | None = Field(default=None, description="Of a reversal, which decides nothing and only gives back.")
