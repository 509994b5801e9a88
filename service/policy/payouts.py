"""Money that reaches patients beside the discharge: how a pack file says on what terms, and what it becomes."""

from pydantic import Field

from service.policy.to_patients import AidApplicationRules, BackpayRules, ManualClaimRules, ToPatients
from service.policy.values import Day, Shape, Sourced, source_of
from service.words import ClaimDocument


class ManualClaimsShape(Sourced):
    """`identity_documents` are needed beside the others where the person holds an identity."""

    decide_working_days: int = Field(ge=1, le=250, strict=True)
    documents: tuple[ClaimDocument, ...] = Field(min_length=1)
    identity_documents: tuple[ClaimDocument, ...] = ()


class AidApplicationsShape(Sourced):
    decide_working_days: int = Field(ge=1, le=250, strict=True)


class BackpayShape(Sourced):
    stays_from: Day
    payable_months: int = Field(ge=1, le=60, strict=True)


class ToPatientsShape(Shape):
    """What reaches patients beside the discharge; each is left out where the county has no such way."""

    manual_claims: ManualClaimsShape | None = None
    aid_applications: AidApplicationsShape | None = None
    backpay: BackpayShape | None = None


def compiled(shape: ToPatientsShape | None) -> ToPatients:
    """The rules as the model has them."""
    if shape is None:
        return ToPatients()
    manual, aid, back = shape.manual_claims, shape.aid_applications, shape.backpay
    return ToPatients(
        ManualClaimRules(manual.decide_working_days, manual.documents, manual.identity_documents, source_of(manual))
        if manual
        else None,
        AidApplicationRules(aid.decide_working_days, source_of(aid)) if aid else None,
        BackpayRules(back.stays_from, back.payable_months, source_of(back)) if back else None,
    )
