"""
Work that no request waits for: does it get on?

A room that has such work (sealing, verifying, deciding many anew, a cycle's run) says of each piece that is open since
when nothing of it was done. Beyond its patience it is stuck: `/readyz` and `/metrics` say so, and `GET /v1/deadlines`
to the county. Requests are served all the same.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import State

from service.db import EVERY_COUNTY, seeing, transaction_on
from service.wire.metrics import Measured

PATIENCE: Final = timedelta(minutes=10)
"""How long work that server processes do may rest."""
_AS_OLD_AS: Final = 5.0


class Open(NamedTuple):
    """A piece of work that is not done; `since`: when something of it was done last, or it was asked for."""

    job: str
    county_code: str
    subject: str | None
    since: datetime
    patience: timedelta

    def is_stuck(self, at: datetime) -> bool:
        return at - self.since > self.patience


@dataclass(frozen=True, slots=True)
class Look:
    """What is asked of a room: the work of these counties. `seal_seconds`: how often servers seal, 0: they do not."""

    county_codes: Sequence[str]
    seal_seconds: float


Source = Callable[[AsyncConnection, Look], Awaitable[Sequence[Open]]]
"""The open work of one room."""


class Jobs:
    """The open work of all rooms; for whoever runs the service asked at most every few seconds."""

    def __init__(self, sources: Sequence[Source], look: Look) -> None:
        self._sources = sources
        self._look = look
        self._known: list[Open] = []
        self._known_at = float("-inf")

    async def open(self, tx: AsyncConnection, county_codes: Sequence[str] | None = None) -> list[Open]:
        """What is not done, in these counties or in all."""
        look = self._look if county_codes is None else Look(county_codes, self._look.seal_seconds)
        return [each for source in self._sources for each in await source(tx, look)]

    async def stuck(self, state: State) -> list[Open]:
        """What is stuck, in every county. Fails as the database does."""
        if time.monotonic() - self._known_at >= _AS_OLD_AS:
            with seeing(EVERY_COUNTY):
                async with transaction_on(state.engine) as tx:
                    found = await self.open(tx)
            self._known = [each for each in found if each.is_stuck(state.clock.now())]
            self._known_at = time.monotonic()
        return self._known

    async def measured(self, tx: AsyncConnection, now: datetime) -> list[Measured]:
        """For each kind of work and county: how many pieces are stuck, and how long the open one has rested."""
        by: dict[tuple[str, str], list[Open]] = {}
        for each in await self.open(tx):
            by.setdefault((each.job, each.county_code), []).append(each)
        measured = []
        for (job, county_code), some in by.items():
            labels = {"job": job, "county": county_code}
            rests = max((now - each.since).total_seconds() for each in some)
            stuck = sum(each.is_stuck(now) for each in some)
            measured += [
                Measured("onestop_job_rests_seconds", "How long open work of this kind has rested.", labels, rests),
                Measured("onestop_jobs_stuck", "Pieces of work that do not get on.", labels, stuck),
            ]
        return measured
