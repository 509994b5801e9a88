"""Transfers on the wire."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from service.errors import InputError, Text
from service.reconciliation.payments.actions import Transfer
from service.wire.refusals import RequestInvalid
from service.wire.types import Code, CountyCode, Day, Id, Line, WireModel, YuanNotNegative, YuanOut

_NOTHING = Text("金额应大于零。", "The amount must be above zero.")


class AllocationIn(WireModel):
    """What of a transfer is meant for a statement."""

    statement_id: Id
    amount: YuanNotNegative


class PaymentIn(WireModel):
    """A bank transfer from a payer to a hospital. What is not allocated is a prepayment."""

    payer: Code
    hospital_code: Code
    bank_reference: Code = Field(description="The bank's number of the transfer; unique per payer.")
    paid_on: Day
    amount: YuanNotNegative
    allocations: list[AllocationIn] = Field(default=[], max_length=500)

    def to_transfer(self) -> Transfer:
        """The transfer. Raises request.invalid where an amount is zero."""
        empty = [n for n, one in enumerate(self.allocations) if not one.amount]
        errors = [InputError(f"/allocations/{n}/amount", "request.amount", _NOTHING) for n in empty]
        if not self.amount:
            errors.append(InputError("/amount", "request.amount", _NOTHING))
        if errors:
            raise RequestInvalid.at(*errors)
        return Transfer(
            self.payer,
            self.hospital_code,
            self.bank_reference,
            self.paid_on,
            self.amount,
            tuple((one.statement_id, one.amount) for one in self.allocations),
        )


class ReturnIn(WireModel):
    """The bank sent a transfer back."""

    returned_on: Day
    reason: Line


class AllocationOut(WireModel):
    statement_id: UUID
    asked: YuanOut = Field(description="What was meant for the statement.")
    amount: YuanOut = Field(description="What the statement took of it.")


class PaymentOut(WireModel):
    """A transfer and what became of it."""

    id: UUID
    county_code: CountyCode
    payer: str
    hospital_code: str
    bank_reference: str
    paid_on: date
    amount: YuanOut
    status: Literal["on_the_way", "received", "returned"]
    allocations: list[AllocationOut]
    prepaid: YuanOut = Field(description="What no statement took: the payer's prepayment.")
    entered_at: datetime
