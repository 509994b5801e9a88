"""What those who run the service watch of the seals: how long anything has waited for its own."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.store import counties
from service.proof.seals import store
from service.proof.seals.model import KINDS
from service.proof.seals.store import BEGINNING, EPOCH
from service.wire.metrics import Measured

_NAME: Final = "onestop_seal_lag_seconds"
_MEANING: Final = "How long the oldest row behind the last seal of its kind has waited to be sealed."
_NEXT: Final = timedelta(milliseconds=1)
"""Ids tell time in milliseconds: the first row that a seal's end does not cover is a millisecond later."""


async def seal_lag(tx: AsyncConnection, now: datetime) -> list[Measured]:
    """By county, in seconds; 0 where everything is sealed."""
    return [
        Measured(_NAME, _MEANING, {"county": county_code}, await _waited(tx, county_code, now))
        for county_code in await counties(tx)
    ]


async def _waited(tx: AsyncConnection, county_code: str, now: datetime) -> float:
    oldest = now
    for kind in KINDS:
        until = await store.sealed_until(tx, county_code, kind)
        since = EPOCH if until is None else until + _NEXT
        for row in await store.rows_since(tx, county_code, kind, since, BEGINNING, 1):
            oldest = min(oldest, row.at)
    return (now - oldest).total_seconds()
