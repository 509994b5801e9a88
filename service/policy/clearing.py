"""When payers repay hospitals: how a pack file says it, and what it becomes."""

from typing import Literal

from pydantic import Field

from service.policy.model import Clearing, PayerName
from service.policy.values import Sourced, TextShape, source_of
from service.text import Text


class DeemedShape(Sourced):
    days: int = Field(ge=1, le=366, strict=True)


class ClearingShape(Sourced):
    """When a payer repays hospitals: its period, and the day of the month after it (domain §5, Clearing)."""

    every: Literal["month", "quarter"]
    due_day: int = Field(ge=1, le=28, strict=True)
    deemed_confirmed: DeemedShape


class PayerShape(TextShape):
    clearing: ClearingShape | None = None


def compiled(payer: str, shape: PayerShape) -> PayerName:
    """The payer as the model has it."""
    calendar, clearing = shape.clearing, None
    if calendar is not None:
        deemed = calendar.deemed_confirmed
        clearing = Clearing(calendar.every, calendar.due_day, deemed.days, source_of(calendar), source_of(deemed))
    return PayerName(payer, Text(shape.zh, shape.en), clearing)
