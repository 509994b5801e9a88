"""Wire shapes that several registers share. A period's `to` is its last day, included; null or left out: open."""

from datetime import date, timedelta
from typing import Annotated, Any, Final, Self

from fastapi import Body, Query
from pydantic import Field, model_validator

from service.registers.checks import ENDS_BEFORE_BEGIN, PERIOD_ORDER
from service.registers.entries import BankAccount
from service.registers.periods import Dated, W
from service.wire.types import Day, Line, Name, WireModel, code_of, invalid

LONGEST_WARNING: Final = 3650
LongestList = Field(max_length=500)

Reason = Annotated[Line | None, Field(description="Why; kept with the change.", examples=["2018 年 6 月动态调整"])]


EndsWithin = Annotated[
    int | None, Query(ge=0, le=LONGEST_WARNING, description="Whose last day lies today or at most so many days ahead.")
]


def ending_within(today: date, days: int | None) -> tuple[date, date] | None:
    """The first and the last day on which something ends that ends within so many days."""
    return None if days is None else (today, today + timedelta(days=days))


def sample(value: dict[str, Any]) -> Any:
    """A request body with its example for the API document."""
    return Body(openapi_examples={"example": {"summary": "Example", "value": value}})


def in_order(first: date | None, last: date | None) -> None:
    """A validator's check that a period does not end before it begins."""
    if first is not None and last is not None and last < first:
        raise invalid(PERIOD_ORDER, ENDS_BEFORE_BEGIN)


class PeriodIn(WireModel):
    from_: Day = Field(alias="from", description="First day.")
    to: Day | None = Field(default=None, description="Last day, included.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self.from_, self.to)
        return self

    def dated(self, what: W) -> Dated[W]:
        return Dated(what, self.from_, self.to)


class ReasonedPeriodIn(PeriodIn):
    reason: Line = Field(examples=["核查期间暂停"])


class PeriodOut(WireModel):
    from_: date | None = Field(serialization_alias="from")
    to: date | None


class ReasonedPeriodOut(PeriodOut):
    reason: str


class BankAccountIn(WireModel):
    holder: Name = Field(examples=["张三"])
    bank: Name = Field(examples=["县农村信用社"])
    number: Annotated[str, code_of(40, "6222000000000000001")]

    def account(self) -> BankAccount:
        return BankAccount(self.holder, self.bank, self.number)


class BankAccountOut(WireModel):
    holder: str
    bank: str
    number: str

    @classmethod
    def of(cls, account: BankAccount | None) -> Self | None:
        if account is None:
            return None
        return cls(holder=account.holder, bank=account.bank, number=account.number)
