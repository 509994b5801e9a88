"""Back-pay on the wire."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from service.payouts.backpay.model import Import, Outcome, Row
from service.wire.types import Day, Flag, WireModel, YuanOut


class BackpayIn(WireModel):
    agreement_on: Day = Field(description="The day of the agreement: stays that ended up to it are back-paid.")


class BackpayOut(WireModel):
    """A file, what its rows come to, and how much of it is paid."""

    id: UUID
    filename: str
    agreement_on: date
    due_on: date = Field(description="The day by which all of it is to be paid.")
    overdue: Flag
    uploaded_at: datetime
    posted_at: datetime | None
    ready: int = Field(description="Rows that can be posted, or were.")
    settled: int = Field(description="Rows whose stay is settled already, by whichever way.")
    rejected: int
    amount: YuanOut = Field(description="What the ready rows are due.")
    paid: YuanOut

    @classmethod
    def of(cls, made: Import, today: date) -> Self:
        plain = ("id", "filename", "agreement_on", "due_on", "posted_at", "paid")
        return cls(
            **{name: getattr(made, name) for name in plain},
            **made.counts._asdict(),
            overdue=made.is_overdue(today),
            uploaded_at=made.at,
        )


class BackpayRowOut(WireModel):
    """A row: what is due, or why it is not taken."""

    row: int
    outcome: Outcome
    person_no: str | None
    amount: YuanOut | None
    code: str | None
    reason: str | None
    settlement_id: UUID | None = Field(description="What its posting made.")

    @classmethod
    def of(cls, row: Row, language: str) -> Self:
        return cls(
            row=row.row_no,
            outcome=row.outcome,
            person_no=row.person_no,
            amount=row.amount,
            code=row.code,
            reason=row.reason.in_language(language) if row.reason else None,
            settlement_id=row.settlement_id,
        )
