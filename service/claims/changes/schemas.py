"""Reversal and re-adjudication on the wire (api.md, Settlement)."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from service.claims.answer_schemas import AmountsOut, PolicyOut, SentenceOut, SettlementOut
from service.claims.model import Cause
from service.claims.schemas import SettlementIn
from service.wire.types import Code, Flag, Id, Line, WireModel, YuanOut

AskedCause = Literal["identity", "policy_amendment", "catalogue", "hospital_correction", "appeal"]


class ReversalIn(WireModel):
    """Why a settlement is reversed, and whether what rests on it is decided anew with it."""

    reason: Line
    chain: Flag = False


class ReadjudicationIn(WireModel):
    """Why a settlement is decided anew; `request` is the corrected bill of a `hospital_correction`."""

    cause: AskedCause
    note: Line
    chain: Flag = False
    request: SettlementIn | None = None


class InvoiceIn(WireModel):
    invoice_no: Code


class SideLayerOut(WireModel):
    layer: str
    payer: str
    paid: YuanOut
    pay_to: Literal["hospital", "patient", "elsewhere"]


class SideOut(WireModel):
    """One version, short enough to stand beside another."""

    id: Id
    version: int
    policy: PolicyOut
    identities: list[str]
    amounts: AmountsOut
    layers: list[SideLayerOut]
    paid_total: YuanOut
    hospital_bears: YuanOut
    patient_pays: YuanOut
    hospital_advances: YuanOut
    owed_to_patient: YuanOut
    expected_aid: YuanOut
    held: YuanOut
    due_at_discharge: YuanOut
    to_collect: YuanOut


class DifferenceOut(WireModel):
    """What a payer owes a payee more than before; negative where it is less."""

    layer: str
    payer: str
    payee: Literal["hospital", "patient"]
    amount: YuanOut


class ComparedOut(WireModel):
    """Two versions side by side, what the ledger got, and one paragraph that says why and for whom."""

    before: SideOut
    after: SideOut
    differences: list[DifferenceOut]
    difference_explained: SentenceOut


class ChainedOut(ComparedOut):
    """A later settlement that was decided anew with the one that it rests on."""

    hospital_code: str
    visit_no: str
    interim_no: int


class ReversalOut(SettlementOut):
    """The reversal: the original's amounts with their signs turned."""

    differences: list[DifferenceOut]
    chain: list[ChainedOut]


class ReadjudicationOut(SettlementOut, ComparedOut):
    """The new version, beside the one that it replaces."""

    chain: list[ChainedOut]


class VersionOut(WireModel):
    """A version of a settlement, or its reversal, and what it changed of the one before."""

    status: Literal["settled", "on_hold", "reversed", "superseded", "reversal"]
    cause: Cause | None
    note: str | None = Field(description="What was said of the cause, or the reason of a reversal.")
    settled_at: datetime
    operator: str | None
    reversal_of: Id | None
    replaces: Id | None
    side: SideOut
    differences: list[DifferenceOut]
    difference_explained: SentenceOut | None


class VersionsOut(WireModel):
    """All versions of a settlement, the oldest first."""

    items: list[VersionOut]
