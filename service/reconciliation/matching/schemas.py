"""Matches and differences on the wire."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from service.wire.types import Note, WireModel, YuanOut

Kind = Literal[
    "missing_here",
    "missing_there",
    "amount",
    "duplicate",
    "wrong_period",
    "wrong_payer",
    "reversed_one_side",
    "overpaid",
    "underpaid",
]
Resolution = Literal["accept_theirs", "keep_ours", "hold_back", "correct"]


class ResolutionIn(WireModel):
    """How a difference is settled."""

    resolution: Resolution = Field(
        description="`accept_theirs`: what we bill more is deducted. `hold_back`: the line rolls to the next "
        "statement. Both need a second person. `keep_ours`: ours stands, when the side that objected or the agency "
        "says so. `correct`: settled as soon as the re-adjudication that makes ours what theirs is is posted, with no "
        "second call; until then it stays open."
    )
    note: Note = ""


class StepOut(WireModel):
    status: Literal["open", "proposed", "resolved", "gone"]
    resolution: Resolution | None
    note: str
    client_id: str
    operator: str | None
    at: datetime


class DifferenceOut(WireModel):
    """What two sides do not agree on; amounts are null where a side has nothing."""

    id: UUID
    statement_id: UUID
    kind: Kind
    reference: str = Field(description="Our claim number, the file's own reference, or the bank's.")
    line_no: int | None
    row_no: int | None = Field(description="The row of the file, as a spreadsheet counts them.")
    ours: YuanOut | None
    theirs: YuanOut | None
    elsewhere: str | None = Field(description="The period or the payer under which we know the row.")
    owner: Literal["hospital", "payer", "agency"] = Field(description="Who has to act first.")
    status: Literal["open", "proposed", "resolved", "gone"]
    opened_on: date
    age_days: int
    history: list[StepOut]


class MatchOut(WireModel):
    """A file compared with a statement. `level`: not one line differs."""

    id: UUID
    statement_id: UUID
    filename: str
    format: Literal["table", "3202"]
    side: Literal["hospital", "payer"]
    row_count: int
    ours_total: YuanOut
    theirs_total: YuanOut
    level: bool
    differences: list[DifferenceOut]
    at: datetime
