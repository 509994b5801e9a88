"""The county's calendar. The day is always an argument of what decides; only the shell asks the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

COUNTY_ZONE = ZoneInfo("Asia/Shanghai")


def system_time() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """Now and today in the county's zone. `shift` moves a sandbox to another day (`onestop demo --today`)."""

    shift: timedelta = timedelta()
    source: Callable[[], datetime] = system_time

    def now(self) -> datetime:
        return self.source().astimezone(COUNTY_ZONE) + self.shift

    def today(self) -> date:
        return self.now().date()

    @classmethod
    def on(cls, day: date) -> "Clock":
        """A clock whose calendar starts on the given day and runs on from there."""
        return cls(shift=timedelta(days=(day - cls().today()).days))
