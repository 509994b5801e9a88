"""Batches and their transfers on the wire."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from service.payouts.batches.layouts import Answer, Column, Title
from service.payouts.batches.model import Ordered, State, Wanted, Why
from service.payouts.items.model import Kind
from service.registers.schemas import BankAccountOut
from service.wire.types import Code, CountyCode, Day, Flag, Line, WireModel, YuanOut

ItemStatus = Literal["ordered", "withdrawn", "sent", "paid", "returned", "clerk"]


class FilterIn(WireModel):
    """What the batch is to hold; what is left out is not asked about."""

    kinds: list[Kind] | None = Field(default=None, min_length=1, max_length=len(Kind))
    township_code: Code | None = None
    person_nos: list[Code] | None = Field(default=None, min_length=1, max_length=500)


class BatchIn(WireModel):
    """A batch to be made."""

    payer: Code
    pay_on: Day = Field(description="The day for which the bank gets the order: today or later.")
    layout: Code = Field(default="standard", description="How the bank wants its files: GET /v1/payout-layouts.")
    filter: FilterIn = FilterIn()
    dry_run: Flag = Field(default=False, description="Show who would get what, and who not; keep nothing.")

    def to_ordered(self) -> Ordered:
        kinds, persons = self.filter.kinds, self.filter.person_nos
        wanted = Wanted(
            None if kinds is None else frozenset(kinds),
            self.filter.township_code,
            None if persons is None else tuple(sorted(set(persons))),
        )
        return Ordered(self.payer, self.pay_on, self.layout, wanted)


class ReasonIn(WireModel):
    """Why."""

    reason: Line


class ReturnIn(WireModel):
    """A transfer that came back after the bank had reported it as paid."""

    returned_on: Day
    reason: Line


class AnswerIn(WireModel):
    """What is said with the bank's answer."""

    answered_on: Day = Field(description="The day on which the bank paid.")


class FilterOut(WireModel):
    kinds: list[Kind] | None
    township_code: str | None
    person_nos: list[str] | None


class BatchOut(WireModel):
    """A batch and where it stands. `returned` also counts what came back later."""

    id: UUID
    county_code: CountyCode
    number: int
    payer: str
    pay_on: date
    layout: str
    filter: FilterOut
    status: State
    line_count: int
    total: YuanOut
    paid: YuanOut
    returned: YuanOut
    made_by: str
    made_at: datetime
    released_by: str | None
    released_at: datetime | None


class PartOut(WireModel):
    """A part of a transfer: negative where it takes back what was paid too much."""

    kind: Kind
    source_id: UUID
    layer: str
    amount: YuanOut


class TransferOut(WireModel):
    """One transfer as it would be made."""

    person_no: str
    relation: str | None
    account: BankAccountOut
    amount: YuanOut
    attempt: int
    parts: list[PartOut]


class LeftOutOut(WireModel):
    """
    Who is owed something and is not in the batch.

    `account.none`, `account.invalid` (length or check digit), `account.holder` (of somebody the register does not
    name), `account.deceased`, `account.not_corrected` (came back from this account), `returned_twice` (a clerk's),
    `recovery` (owes more than is due).
    """

    person_no: str
    amount: YuanOut
    code: Why


class MadeOut(WireModel):
    """The batch, and who is not in it; of a dry run the transfers that it would hold."""

    batch: BatchOut | None
    total: YuanOut
    items: list[TransferOut] | None
    left_out: list[LeftOutOut]


class ItemOut(WireModel):
    """
    A transfer and what became of it.

    `relation`: what the payee is to the insured, where it is somebody else. `status`: `ordered`, `withdrawn`, `sent`,
    `paid`, `returned` (goes out again with a corrected account), `clerk` (came back twice: not without a clearance).
    """

    id: UUID
    batch_id: UUID
    line_no: int
    reference: str
    person_no: str
    relation: str | None
    account: BankAccountOut
    amount: YuanOut
    attempt: int
    status: ItemStatus
    on_day: date | None
    reason: str | None


class LayoutOut(WireModel):
    """How a bank wants its files, and how it answers."""

    id: str
    title: Title
    columns: list[Column]
    answer: Answer


class LayoutsOut(WireModel):
    items: list[LayoutOut]
