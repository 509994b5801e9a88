"""Objections on the wire."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from service.objections.model import Objection, Outcome, State
from service.wire.types import Id, Line, Spelled, WireModel

Reason = Annotated[
    str,
    Spelled(
        r"(?=[\s\S]*\S)[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]{1,2000}",
        "请写明理由，1 至 2000 个字符，不含控制字符",
        "must say why, in 1 to 2000 characters without control characters",
        ("有一盒药费用重复计算",),
    ),
]


class FilingIn(WireModel):
    """Why the settlement is thought to be wrong, and how to reach whoever says so."""

    reason: Reason
    contact: Line | None = Field(default=None, description="A telephone number or address; kept sealed.")


class ObjectionIn(FilingIn):
    settlement_id: Id


class DecisionIn(WireModel):
    outcome: Outcome
    reason: Reason
    version_id: Id | None = Field(
        default=None, description="The later settlement of the visit that this decision caused, where it caused one."
    )


class HandInIn(WireModel):
    """A paper that is handed in: nothing is said of it but the file itself."""


class StepOut(WireModel):
    state: State
    at: datetime
    outcome: Outcome | None
    reason: str | None
    version_id: UUID | None


class DocumentOut(WireModel):
    id: UUID
    name: str
    media_type: Literal["application/pdf", "image/jpeg", "image/png"]
    size: int = Field(description="Bytes.")
    at: datetime


class ObjectionOut(WireModel):
    """An objection and everything done about it."""

    id: UUID
    settlement_id: UUID
    person_no: str
    hospital_code: str
    filed_by: Literal["patient", "hospital", "agency"]
    state: State
    reason: str
    contact: str | None
    filed_at: datetime
    due_on: date | None = Field(description="The day by which it is to be decided.")
    overdue: bool
    outcome: Outcome | None
    version_id: UUID | None = Field(description="The settlement that the decision caused.")
    steps: list[StepOut]
    documents: list[DocumentOut]

    @classmethod
    def of(cls, objection: Objection, today: date) -> Self:
        last = objection.steps[-1] if objection.steps else None
        plain = (
            "id",
            "settlement_id",
            "person_no",
            "hospital_code",
            "filed_by",
            "state",
            "reason",
            "contact",
            "due_on",
        )
        return cls(
            **{name: getattr(objection, name) for name in plain},
            filed_at=objection.at,
            overdue=objection.is_overdue(today),
            outcome=last.outcome if last else None,
            version_id=last.version_id if last else None,
            steps=[StepOut(**{name: getattr(step, name) for name in StepOut.model_fields}) for step in objection.steps],
            documents=[
                DocumentOut(**{name: getattr(each, name) for name in DocumentOut.model_fields})
                for each in objection.documents
            ],
        )
