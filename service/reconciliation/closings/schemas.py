"""Closings on the wire."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from service.ledger.model import State
from service.wire.types import Code, CountyCode, WireModel, YuanOut


class ClosingIn(WireModel):
    """Which payer's period to close."""

    payer: Code
    period: Code = Field(description='A month, "2018-06", or a quarter, "2018-Q2", by the payer\'s calendar.')


class ClosingBalanceOut(WireModel):
    """What stood on an account at the period's end. The fund's own is negative; together they are zero."""

    payee: str = Field(description="`hospital:` and its code, or `person:*` for all patients together.")
    state: State
    amount: YuanOut


class ClosingOut(WireModel):
    """A closed period. A hospital sees its own accounts."""

    id: UUID
    county_code: CountyCode
    payer: str
    period: str
    period_from: date
    period_to: date
    closed_at: datetime
    balances: list[ClosingBalanceOut]


class ClosingReadOut(ClosingOut):
    """A closed period, computed again."""

    agrees: bool = Field(description="The ledger says today of that day what it said when the period was closed.")
