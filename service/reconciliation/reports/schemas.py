"""Reports on the wire."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from service.wire.types import RatioOut, WireModel, YuanOut


class AdvanceOut(WireModel):
    """What a payer owes a hospital or a person, by state. `overdue` counts ended periods that nobody billed too."""

    county_code: str
    payer: str
    hospital_code: str | None
    person_no: str | None
    unbilled: YuanOut
    billed: YuanOut
    returned: YuanOut = Field(description="Paid, and sent back by the bank.")
    paid: YuanOut
    deducted: YuanOut
    prepaid: YuanOut = Field(description="Received before there was a claim for it.")
    overdue: YuanOut
    overdue_by_age: dict[str, YuanOut] = Field(description="By days past the due date: 0-15, 16-30, 31-60, over_60.")


class AdvancesOut(WireModel):
    as_of: date
    items: list[AdvanceOut]


class SentenceOut(WireModel):
    zh: str
    en: str


class DeadlineOut(WireModel):
    """Something that waits for somebody."""

    kind: str
    due_on: date
    overdue: bool
    days_left: int
    payer: str | None
    hospital_code: str | None
    period: str | None
    subject: str | None = Field(
        description="The id of what it is about: a statement, a transfer, a held line, an agreement, an objection..."
    )
    amount: YuanOut
    text: SentenceOut


class DeadlinesOut(WireModel):
    today: date
    items: list[DeadlineOut]


class SumsOut(WireModel):
    """
    What was settled, less what was reversed, with what later versions changed; `key` is the county, the hospital or the
    identity class, empty for all.
    """

    key: str
    county_code: str | None = Field(description="Whose insured they are; none for the whole.")
    visits: int
    total: YuanOut
    in_scope: YuanOut
    paid_total: YuanOut
    patient_pays: YuanOut
    layers: dict[str, YuanOut]
    paid_ratio: RatioOut


class MonthOut(WireModel):
    """
    A month as settled. Somebody of two identity classes counts under both. A hospital that treats people of several
    counties sees each county apart.
    """

    period: str
    whole: SumsOut
    by_county: list[SumsOut]
    by_hospital: list[SumsOut]
    by_identity: list[SumsOut]


class FlowOut(WireModel):
    """owed_after = owed_before + advanced - reversed - (paid - returned) - (deducted - released)."""

    county_code: str
    payer: str
    hospital_code: str
    owed_before: YuanOut
    advanced: YuanOut
    reversed: YuanOut
    billed: YuanOut
    paid: YuanOut
    returned: YuanOut
    deducted: YuanOut
    released: YuanOut
    owed_after: YuanOut


class ClearingOut(WireModel):
    period: str
    items: list[FlowOut]


class CashierOut(WireModel):
    """What one operator settled on a day."""

    hospital_code: str
    operator: str = Field(description="`X-Operator` of the settlement; empty where none was named.")
    settlements: int
    reversals: int
    corrections: int = Field(description="Later versions: the amounts have their differences.")
    total: YuanOut
    hospital_advances: YuanOut
    due_at_discharge: YuanOut


class CashiersOut(WireModel):
    day: date
    items: list[CashierOut]


class EventOut(WireModel):
    """A change of state."""

    cursor: str
    kind: str
    at: datetime
    subject: UUID
    hospital_code: str
    payer: str | None
    data: dict[str, Any] | None


class EventsOut(WireModel):
    items: list[EventOut]
    next: str = Field(description="Send it as `after` at the next poll.")
