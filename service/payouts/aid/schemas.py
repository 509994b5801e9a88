"""Applications for expected aid on the wire."""

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from service.payouts.aid.model import Application, Missing, Outcome
from service.wire.types import Flag, Id, Line, WireModel, YuanNotNegative, YuanOut


class ApplicationIn(WireModel):
    settlement_id: Id = Field(description="The live settlement that expects the aid.")


class AidDecisionIn(WireModel):
    outcome: Outcome
    granted: YuanNotNegative | None = Field(default=None, description="What is granted where it is cut, and only then.")
    reason: Line = Field(description="Why, in words that the applicant reads.")
    chain: Flag = Field(
        default=False, description="Decide later settlements that rest on this one anew in the same transaction."
    )


class AidApplicationOut(WireModel):
    """An application, and what was decided."""

    id: UUID
    settlement_id: UUID = Field(description="The visit's first settlement.")
    person_no: str
    expected: YuanOut
    state: Literal["waiting", "approved", "cut", "refused"]
    applied_at: datetime
    due_on: date = Field(description="The last working day for the decision.")
    overdue: Flag
    granted: YuanOut | None
    reason: str | None
    decided_at: datetime | None
    version_id: UUID | None = Field(description="The settlement's version that the decision made.")

    @classmethod
    def of(cls, application: Application, today: date) -> Self:
        done = application.decision
        return cls(
            id=application.id,
            settlement_id=application.case_id,
            person_no=application.person_no,
            expected=application.expected,
            state=done.outcome.value if done else "waiting",
            applied_at=application.at,
            due_on=application.due_on,
            overdue=application.is_overdue(today),
            granted=done.granted if done else None,
            reason=done.reason if done else None,
            decided_at=done.at if done else None,
            version_id=done.version_id if done else None,
        )


class MissingAidOut(WireModel):
    """Aid that was expected at discharge and that nobody has applied for."""

    settlement_id: UUID
    person_no: str
    township_code: str | None
    hospital_code: str
    visit_no: str
    last_day: date
    settled_on: date
    expected_aid: YuanOut
    days_waiting: int = Field(description="Days since it was settled.")

    @classmethod
    def of(cls, missing: Missing, today: date) -> Self:
        return cls(**missing._asdict(), days_waiting=(today - missing.settled_on).days)
