"""Deadlines in working days: weekends and holidays as the State Council moves them, by a maintained calendar."""

import calendar
from datetime import date, timedelta
from typing import Final

import chinese_calendar

_DAY: Final = timedelta(days=1)
_WEEKEND: Final = 5
_MONTHS: Final = 12


def is_working_day(day: date) -> bool:
    """
    Whether offices work on a day, with the days that are worked in exchange for holidays.

    A year's holidays are published in the autumn before it. Of years that the calendar does not know yet, every day
    from Monday to Friday counts: a deadline can then only fall too early, never too late.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < _WEEKEND


def working_days_after(day: date, count: int) -> date:
    """The last of so many working days, counted from the day after."""
    while count:
        day += _DAY
        count -= is_working_day(day)
    return day


def months_after(day: date, months: int) -> date:
    """The same day so many months later; where that month is shorter, its last day."""
    year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
