"""A payer's periods: months or quarters, and the day by which each is due. Pure; the day is always an argument."""

import re
from datetime import date, timedelta
from typing import Final, NamedTuple

from service.policy.model import Clearing

MONTHS: Final = {"month": 1, "quarter": 3}
_YEAR_MONTHS: Final = 12
_NAME: Final = re.compile(r"((?:19|2[0-9])[0-9]{2})-(?:(0[1-9]|1[0-2])|Q([1-4]))")


class Period(NamedTuple):
    """A month ("2018-06") or a quarter ("2018-Q2") of the county's calendar, its last day included."""

    name: str
    first: date
    last: date


def period(name: str) -> Period | None:
    """The period of a name, or None where it is not one."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    year, month, quarter = int(match[1]), match[2], match[3]
    if month is not None:
        return _period(year, int(month), MONTHS["month"])
    return _period(year, (int(quarter) - 1) * MONTHS["quarter"] + 1, MONTHS["quarter"])


def period_of(day: date, every: str) -> Period:
    """The month or quarter that a day lies in."""
    months = MONTHS[every]
    return _period(day.year, (day.month - 1) // months * months + 1, months)


def kind_of(found: Period) -> str:
    return "quarter" if "Q" in found.name else "month"


def due_on(found: Period, clearing: Clearing) -> date:
    """The day by which a payer has paid for a period: a day of the month after it."""
    return (found.last + timedelta(days=1)).replace(day=clearing.due_day)


def _period(year: int, month: int, months: int) -> Period:
    first = date(year, month, 1)
    after = month + months
    last = date(year + (after - 1) // _YEAR_MONTHS, (after - 1) % _YEAR_MONTHS + 1, 1) - timedelta(days=1)
    quarter = (month - 1) // MONTHS["quarter"] + 1
    return Period(f"{year}-{month:02d}" if months == 1 else f"{year}-Q{quarter}", first, last)
