"""Cycles on the wire (api.md, Money to patients)."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from service.payouts.batches.model import Why
from service.wire.types import Flag, WireModel, YuanOut


class RunIn(WireModel):
    """Whether to run the cycle, or to look at what it would come to."""

    dry_run: Flag = False


class CycleOut(WireModel):
    """A cycle: visits to `counts_to` count, and it is paid by `pay_by`."""

    cycle_start: date
    cycle_end: date
    counts_to: date
    pay_by: date


class CyclesOut(WireModel):
    items: list[CycleOut]


class PersonOut(WireModel):
    """
    A person's cycle. `amount` is what is missing to the target; `difference` what a run would post now.

    `account`: why they could not be paid today. `status`: how far their money has got.
    """

    person_no: str
    township_code: str | None
    total: YuanOut
    reimbursed: YuanOut
    target: YuanOut
    amount: YuanOut
    difference: YuanOut
    pay_by: date
    status: Literal["not_run", "nothing_due", "open", "in_batch", "paid", "returned"]
    account: Why | None


class _Sums(WireModel):
    persons: int
    total: YuanOut
    reimbursed: YuanOut
    amount: YuanOut


class TownshipOut(_Sums):
    township_code: str | None


class DiseaseOut(_Sums):
    """Of a person with several diseases, the amount is shared out by what the visits of each cost."""

    disease_code: str


class TotalsOut(_Sums):
    """Sums over everybody, by what is settled now."""

    without_account: int = Field(description="Persons who are owed something and cannot be paid today.")
    by_township: list[TownshipOut]
    by_disease: list[DiseaseOut]


class RunOut(WireModel):
    """A run over everybody: `changed` got a line, the others stand as they were."""

    id: UUID
    persons: int
    changed: int
    at: datetime


class RanOut(CycleOut):
    """The first page of the cycle's persons; the next ones by GET of the cycle's items, or this with `cursor`."""

    dry_run: bool
    run: RunOut | None
    totals: TotalsOut
    items: list[PersonOut]
    next_cursor: str | None
