"""What a roster changes, on the wire."""

from datetime import date
from typing import Self

from pydantic import Field

from service.registers.rosters.model import ChangeKind, ChangeSeen
from service.registers.rosters.moves import Move
from service.wire.types import WireModel


class DaysOut(WireModel):
    from_: date | None = Field(serialization_alias="from")
    to: date | None


class ChangeOut(WireModel):
    """What the list does to one identity of one person."""

    kind: ChangeKind = Field(
        description="`conflict`: another source holds it; `unfounded`: nothing to change; neither is applied. "
        "`interrupted`: the row's first day lies before days on which the identity had ended; they stay so, and where "
        "nothing holds on `as_of` it begins anew there. Send the row as 变更 to fill them."
    )
    person_no: str
    new_person: bool
    class_: str = Field(serialization_alias="class")
    row: int | None = Field(description="Row of the file; null: absent from a full list.")
    days: list[DaysOut] = Field(description="Days on which the person's identities differ from before.")
    other_source: str | None

    @classmethod
    def of(cls, change: ChangeSeen) -> Self:
        return cls(
            kind=change.kind,
            person_no=change.person_no,
            new_person=change.new_person,
            class_=change.identity_class,
            row=change.row_no,
            days=[DaysOut(from_=first, to=last) for first, last in change.days],
            other_source=change.other_source,
        )


class MoveOut(WireModel):
    """A person who lives elsewhere by the list: applied with it, the earlier entry stays on record."""

    person_no: str
    row: int
    township_before: str | None
    township_after: str | None
    household_before: str | None
    household_after: str | None

    @classmethod
    def of(cls, move: Move) -> Self:
        plain = {name: getattr(move, name) for name in cls.model_fields if name != "row"}
        return cls(row=move.row_no, **plain)
