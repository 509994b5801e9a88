"""Requests for a statement on the wire."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from service.wire.types import CountyCode, Line, WireModel, YuanOut


class RequestPartOut(WireModel):
    """A payer who owes the hospital something of these days."""

    payer: str
    statement_id: UUID | None = Field(description="The statement that bills it; null where none does yet.")
    period: str | None = Field(description="That statement's period.")


class StatementRequestOut(WireModel):
    """A hospital's request to be billed for and paid, and what became of it."""

    id: UUID
    county_code: CountyCode
    hospital_code: str
    clr_type: str = Field(description="Which kind of visits, by the national code list (清算类别).")
    from_: date = Field(alias="from", description="First day of settlement.")
    to: date = Field(description="Last day of settlement.")
    visits: int = Field(description="How many visits, those taken back counted off.")
    total: YuanOut = Field(description="What they cost.")
    amount: YuanOut = Field(description="What the funds pay of it by the settlements.")
    status: Literal["requested", "partly_issued", "issued", "withdrawn", "refused"] = Field(
        description="`issued`: statements bill all that payers owe of these days."
    )
    reason: str | None = Field(description="Why it was refused.")
    requested_at: datetime
    parts: list[RequestPartOut] = Field(description="Who owes something of these days: a payer sees itself.")


class RefusalIn(WireModel):
    """Why a request is sent back."""

    reason: Line
