"""Statements on the wire (api.md, Advances and statements)."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from service.wire.types import Code, Count, CountyCode, Flag, Line, WireModel, YuanOut

Status = Literal["draft", "issued", "confirmed", "paid", "closed"]
LineKind = Literal["advance", "reversal", "adjustment"]


class RunIn(WireModel):
    """Which payer's period to bill."""

    payer: Code
    period: Code = Field(description='A month, "2018-06", or a quarter, "2018-Q2", by the payer\'s calendar.')
    dry_run: Flag = False


class ConfirmIn(WireModel):
    """Why the agency confirms for a payer that could do it itself; nobody else needs a body."""

    reason: Line | None = None


class StatementOut(WireModel):
    """What a payer owes a hospital for a period, and what became of it."""

    id: UUID
    county_code: CountyCode
    payer: str
    hospital_code: str
    period: str
    status: Status
    total: YuanOut = Field(description="Of its lines and what was carried forward: what is to be paid.")
    lines_total: YuanOut
    carried_forward: YuanOut = Field(description="What earlier negative statements left; zero or negative.")
    paid: YuanOut
    deducted: YuanOut
    held: YuanOut = Field(description="Lines held back: they stand on a later statement.")
    outstanding: YuanOut
    line_count: Count
    due_on: date
    overdue: bool
    deemed_confirmed_on: date | None = Field(description="Confirmed after this day unless something is objected to.")
    hospital_confirmed_at: datetime | None
    payer_confirmed_at: datetime | None
    open_differences: int
    carried_into: UUID | None
    issued_at: datetime | None


class StatementWithLayersOut(StatementOut):
    """A statement with what it bills by layer."""

    layers: dict[str, YuanOut]


class FailureOut(WireModel):
    """A hospital that could not be billed, and why; the others were."""

    hospital_code: str
    code: str
    detail: str


class RunOut(WireModel):
    payer: str
    period: str
    dry_run: bool
    items: list[StatementOut]
    failed: list[FailureOut]


class EarlierLayerOut(WireModel):
    layer: str
    payer: str
    paid: YuanOut


class LineOut(WireModel):
    """A line of a statement, with what the payer needs to open the case."""

    line_no: int
    kind: LineKind
    settlement_id: UUID
    visit_no: str
    interim_no: int
    person_no: str
    admitted_on: date | None
    discharged_on: date | None
    service_on: date | None
    settled_on: date
    total: YuanOut
    earlier_layers: list[EarlierLayerOut]
    identities: list[str]
    amount: YuanOut
    original_line: str | None = Field(description="The claim number of the line that this one corrects.")
    payer_claim_no: str


class SampleOut(WireModel):
    """Lines drawn for an audit; the same seed draws the same lines."""

    seed: str
    size: int
    items: list[LineOut]
