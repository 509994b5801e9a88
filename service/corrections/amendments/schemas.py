"""Amendments of the law on the wire."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from service.corrections.bulk.model import Readjudication, State
from service.policy.amendments import Amended
from service.policy.schemas import PackIn
from service.wire.types import Day, Flag, Line, WireModel

Hash = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class AmendmentIn(PackIn):
    """A new text of a pack, what it replaces, and from when."""

    replaces: Hash = Field(description="Hash of the text in force.")
    from_: Day = Field(alias="from", description="For visits that end on this day or later, also in the past.")
    note: Line


class AmendmentOut(WireModel):
    """An amendment; `readjudication_id` is the preview of its cost, which may be approved and done afterwards."""

    id: UUID
    hash: str
    replaces: str
    from_: date = Field(serialization_alias="from")
    note: str
    in_force: Flag
    operator: str
    at: datetime
    approved_by: str | None
    approved_at: datetime | None
    readjudication_id: UUID
    readjudication_state: State

    @classmethod
    def of(cls, amended: Amended, preview: Readjudication) -> Self:
        names = ("id", "hash", "replaces", "note", "operator", "at", "approved_by", "approved_at")
        return cls(
            **{name: getattr(amended, name) for name in names},
            from_=amended.first,
            in_force=amended.approved_at is not None,
            readjudication_id=preview.id,
            readjudication_state=preview.state,
        )
