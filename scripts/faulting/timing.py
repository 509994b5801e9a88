"""The county's clock in the bench: off the machine's by what one file says, so that it can be stepped."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from service.clock import COUNTY_ZONE, Clock


class Shift:
    """How far the county's clock is from the machine's; every process of the bench reads the same file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def set(self, shift: timedelta) -> None:
        written = self._path.with_suffix(".new")
        written.write_text(f"{shift.total_seconds()}")
        written.replace(self._path)

    def get(self) -> timedelta:
        return timedelta(seconds=float(self._path.read_text()))

    def now(self) -> datetime:
        return datetime.now(UTC) + self.get()

    def today(self) -> date:
        return self.now().astimezone(COUNTY_ZONE).date()

    def turn_to(self, day: date) -> None:
        """Let it be the morning of a day."""
        morning = datetime(day.year, day.month, day.day, 8, tzinfo=COUNTY_ZONE)
        self.set(morning - datetime.now(UTC))

    def step(self, by: timedelta) -> None:
        self.set(self.get() + by)


def follow(path: Path) -> None:
    """Let every clock that is made in this process from now on go by the file."""
    shift = Shift(Path(os.fspath(path)))
    initial: object = Clock.__init__
    initial.__defaults__ = (timedelta(), shift.now)  # type: ignore[attr-defined]  # a function, which mypy takes for any object
