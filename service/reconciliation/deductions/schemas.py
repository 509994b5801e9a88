"""Deductions on the wire."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from service.errors import InputError, Text
from service.reconciliation.deductions.actions import Asked
from service.wire.refusals import RequestInvalid
from service.wire.types import Count, Line, Name, WireModel, YuanNotNegative, YuanOut

_NOTHING = Text("金额应大于零。", "The amount must be above zero.")
_DOCUMENT = Text("追回须注明文书编号。", "A recovery names the inspection's document.")


class DeductionIn(WireModel):
    """What settles part of a statement beside payment."""

    kind: Literal["retention", "prepayment_offset", "refusal", "recovery"]
    amount: YuanNotNegative
    lines: list[Count] = Field(
        default=[], max_length=10_000, description="Line numbers it is taken from; empty: the lines in their order."
    )
    document_no: Name | None = Field(default=None, description="Needed for a recovery.")
    reason: Line

    def to_asked(self) -> Asked:
        """The deduction. Raises request.invalid where the amount is zero or a recovery has no document."""
        errors = []
        if not self.amount:
            errors.append(InputError("/amount", "request.amount", _NOTHING))
        if self.kind == "recovery" and self.document_no is None:
            errors.append(InputError("/document_no", "request.missing", _DOCUMENT))
        if errors:
            raise RequestInvalid.at(*errors)
        return Asked(self.kind, self.amount, tuple(dict.fromkeys(self.lines)), self.document_no, self.reason)


class ReleaseIn(WireModel):
    """Why a retention is owed again."""

    reason: Line


class DeductionOut(WireModel):
    """
    A deduction; `difference` is one that was accepted from the other side's file. A recovery stands with its whole
    amount on every statement that it is offset against.
    """

    id: UUID
    statement_id: UUID
    kind: Literal["retention", "prepayment_offset", "refusal", "recovery", "difference"]
    amount: YuanOut
    lines: list[int]
    document_no: str | None
    reason: str
    released: bool
    taken: YuanOut = Field(description="What was taken of this statement.")
    left: YuanOut = Field(description="What is left of a recovery, to be offset against later statements.")
    at: datetime


class DeductionsOut(WireModel):
    items: list[DeductionOut]
