"""The words of applications for aid."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Outcome(StrEnum):
    """How an application was decided: all that was expected, a part of it, or nothing."""

    APPROVED = "approved"
    CUT = "cut"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was granted (fen), why and by whom; `version_id` is the settlement's version that it made."""

    outcome: Outcome
    granted: int
    reason: str
    version_id: UUID
    client_id: str
    operator: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Application:
    """An application for the aid that a case expects (fen). `due_on`: the day by which it is to be decided."""

    county_code: str
    id: UUID
    case_id: UUID
    person_no: str
    expected: int
    due_on: date
    client_id: str
    operator: str | None
    at: datetime
    decision: Decision | None = None

    def is_overdue(self, today: date) -> bool:
        """Whether it should be decided by now and is not."""
        return self.decision is None and self.due_on < today


class Missing(NamedTuple):
    """A live settlement whose expected aid (fen) nobody has applied for."""

    settlement_id: UUID
    person_no: str
    township_code: str | None
    hospital_code: str
    visit_no: str
    last_day: date
    settled_on: date
    expected_aid: int
