"""Rosters on the wire."""

from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from service.registers.rosters.faults import texts
from service.registers.rosters.model import (
    Counts,
    Roster,
    RosterKind,
    RosterState,
    RowSeen,
    Statement,
)
from service.rosters.change_schemas import ChangeOut, MoveOut
from service.rosters.touching import TouchedSeen
from service.wire.pages import Page
from service.wire.types import Code, Day, Flag, Line, WireModel, YuanOut
from service.words import IdentityClass


class StatementIn(WireModel):
    """What is said of the whole file."""

    kind: RosterKind = Field(description="`full`: who is absent has ended; `changes`: only what the rows say.")
    source: Line = Field(description="The office that the list comes from.", examples=["扶贫办"])
    as_of: Day = Field(description="From which day the list holds.")
    class_: IdentityClass | None = Field(
        default=None, alias="class", description="The class of everybody listed; or the file has a column for it."
    )
    township_code: Code | None = Field(default=None, description="A full list of this township only.")
    again: bool = Field(
        default=False,
        description="Send an applied list once more, as a new roster, after another list of its source was applied; "
        "where none was, it is the same roster as before.",
    )

    def statement(self) -> Statement:
        return Statement(
            self.kind, self.source, self.as_of, self.class_.value if self.class_ else None, self.township_code
        )


class ApplyIn(WireModel):
    accept_rejected: Flag = Field(
        default=False, description="Let a full list end people although rows could not be read whoever they are of."
    )
    accept_older: Flag = Field(
        default=False, description="Apply the list although one of its source that holds from a later day is applied."
    )


class CountsOut(WireModel):
    rows: int
    unchanged: int
    added: int
    changed: int
    ended: int
    conflicts: int
    unfounded: int
    rejected: int
    unidentified: int = Field(description="Rejected rows whose person is not sure.")
    duplicates: int
    new_persons: int
    touched: int = Field(
        description="Settlements whose last day lies among the days that change for their person. In a list of rosters "
        "as of the preview or the application, else as of now."
    )
    interrupted: int = Field(
        description="Rows whose first day lies before days on which the identity had ended: they stay as they are."
    )
    moved: int = Field(description="People who live elsewhere by the list's columns than by the register.")
    uninsured: int = Field(description="People listed who have no insured period on `as_of`; a list gives them none.")

    @classmethod
    def of(cls, counts: Counts) -> Self:
        return cls(**{name: getattr(counts, name) for name in cls.model_fields})


class RosterOut(WireModel):
    id: UUID
    county_code: str
    kind: RosterKind
    source: str
    as_of: date
    class_: str | None = Field(serialization_alias="class")
    township_code: str | None
    filename: str
    state: RosterState = Field(description="`reading`: send the same file again to go on where it stopped.")
    rows_read: int
    counts: CountsOut
    uploaded_at: datetime
    uploaded_by: str
    applied_at: datetime | None
    applied_by: str | None
    round: int = Field(description="How often the same list was applied before and is sent again knowingly.")
    purged_at: datetime | None = Field(description="When its rows were deleted; what it changes stays listed.")

    @classmethod
    def of(cls, roster: Roster) -> Self:
        return cls(**_plain(roster))


def _plain(roster: Roster) -> dict[str, Any]:
    said = roster.statement
    names = ("id", "county_code", "filename", "state", "rows_read", "uploaded_at", "uploaded_by", "round", "purged_at")
    return {name: getattr(roster, name) for name in names} | {
        "kind": said.kind,
        "source": said.source,
        "as_of": said.as_of,
        "class_": said.identity_class,
        "township_code": said.township_code,
        "counts": CountsOut.of(roster.counts),
        "applied_at": roster.applied_at,
        "applied_by": roster.applied_by,
    }


class RosterFindingOut(WireModel):
    """What somebody should look at before the list is applied."""

    code: str
    count: int
    detail: str


class FaultOut(WireModel):
    column: str = Field(description="Heading of the column, as the file has it; empty where none is there.")
    code: str
    detail: str
    text: str | None = Field(description="What the cell says.")


class RowOut(WireModel):
    row: int
    faults: list[FaultOut]
    cells: list[str] = Field(description="The row as it stands in the file; left out for those who import nothing.")
    duplicate_of: int | None

    @classmethod
    def of(cls, seen: RowSeen, language: str, *, literal: bool) -> Self:
        """`literal`: with what the cells say, which names people."""
        cells = seen.cells if literal else []
        return cls(
            row=seen.row_no,
            faults=[
                FaultOut(
                    column=fault.column,
                    code=fault.code,
                    detail=texts(fault.code).in_language(language),
                    text=cells[fault.at] if fault.at is not None and fault.at < len(cells) else None,
                )
                for fault in seen.faults
            ],
            cells=cells,
            duplicate_of=seen.duplicate_of,
        )


class DifferenceOut(WireModel):
    """What one payer would pay instead; later settlements of the person are not followed."""

    layer: str
    payer: str
    way: str
    before: YuanOut
    after: YuanOut


class TouchedOut(WireModel):
    settlement_id: UUID
    person_no: str
    hospital_code: str
    visit_no: str
    last_day: date
    identities_before: list[str] = Field(description="Those it was settled with.")
    identities_after: list[str]
    expected_difference: list[DifferenceOut] | None = Field(
        description="Null where the policy pack of the settlement is not loaded."
    )

    @classmethod
    def of(cls, seen: TouchedSeen) -> Self:
        record = seen.record
        return cls(
            settlement_id=seen.settlement_id,
            person_no=record.person_no,
            hospital_code=record.hospital_code,
            visit_no=record.visit_no,
            last_day=record.last_day,
            identities_before=list(record.identities),
            identities_after=seen.identities_after,
            expected_difference=None
            if seen.expected is None
            else [DifferenceOut(**each._asdict()) for each in seen.expected],
        )


class PreviewOut(RosterOut):
    """The first of each kind; the rest by their own lists, with `next_cursor`."""

    added: Page[ChangeOut]
    changed: Page[ChangeOut]
    ended: Page[ChangeOut]
    conflicts: Page[ChangeOut]
    unfounded: Page[ChangeOut]
    interrupted: Page[ChangeOut]
    moved: Page[MoveOut]
    findings: list[RosterFindingOut]
    rejected: Page[RowOut]
    duplicates: Page[RowOut]
    settlements_touched: Page[TouchedOut]
