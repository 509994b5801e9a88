"""What a pack says of money that reaches patients beside the discharge."""

from dataclasses import dataclass
from datetime import date

from service.policy.terms import Source
from service.words import ClaimDocument


@dataclass(frozen=True, slots=True)
class ManualClaimRules:
    """
    Within how many working days a manual claim is decided, and which papers it needs: `documents` always,
    `identity_documents` where the person holds an identity.
    """

    decide_working_days: int
    documents: tuple[ClaimDocument, ...]
    identity_documents: tuple[ClaimDocument, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class AidApplicationRules:
    """Within how many working days an application for expected aid is decided."""

    decide_working_days: int
    source: Source


@dataclass(frozen=True, slots=True)
class BackpayRules:
    """From which day stays before an agreement are raised, and within how many months of it that is paid."""

    stays_from: date
    payable_months: int
    source: Source


@dataclass(frozen=True, slots=True)
class ToPatients:
    """Each is None where the pack knows no such way."""

    manual_claims: ManualClaimRules | None = None
    aid_applications: AidApplicationRules | None = None
    backpay: BackpayRules | None = None
