"""
What a server process does beside answering: seal what was written, verify and re-adjudicate what was asked for, and
forget what need not be kept.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from service.claims.actions import Desk
from service.clock import Clock
from service.corrections.amendments.law import renew
from service.corrections.bulk import store as readjudications
from service.corrections.bulk.work import work
from service.db import EVERY_COUNTY, seeing, transaction_on
from service.nhsa.retention import forget
from service.processes import verify_in_own_processes
from service.proof.runs import store as verifications
from service.proof.seals.actions import seal

_LOOK_SECONDS: Final = 2
_LAW_SECONDS: Final = 1
_FORGET_SECONDS: Final = 3600
_REST: Final = 3.0
_logger = logging.getLogger("onestop.background")


async def keep_sealing(engine: AsyncEngine, county_codes: Sequence[str], clock: Clock, every_seconds: float) -> None:
    """
    Seal each county again and again. Several server processes may: one does it, the others find it done.

    Whatever goes wrong is logged and tried again; a discharge never waits for it.
    """
    while True:
        await asyncio.sleep(every_seconds)
        for county_code in county_codes:
            try:
                with seeing(county_code):
                    await seal(engine, county_code, clock, rest=_REST)
            except Exception:
                _logger.exception("sealing failed", extra={"onestop_fields": {"county_code": county_code}})


async def keep_verifying(engine: AsyncEngine) -> None:
    """
    Do the verifications that callers asked for, one at a time over all server processes, in a process of its own.

    One that is killed, by whatever, is gone on with by the next server process that looks.
    """
    url = engine.url.render_as_string(hide_password=False)
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        try:
            with seeing(EVERY_COUNTY):
                await _verify_what_is_asked(engine, url)
        except Exception:
            _logger.exception("verifying failed")


async def _verify_what_is_asked(engine: AsyncEngine, url: str) -> None:
    async with transaction_on(engine) as tx:
        asked = await verifications.unfinished(tx) if await verifications.take_turn(tx) else None
        if asked is not None:
            await verify_in_own_processes(url, *asked, count=1)


async def keep_readjudicating(engine: AsyncEngine, county_codes: Sequence[str], desk: Desk) -> None:
    """
    Preview and do the bulk re-adjudications that callers asked for. Several server processes may: each takes persons
    that nobody else works on, and what one that is killed leaves the next one does.
    """
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        for county_code in county_codes:
            try:
                with seeing(county_code):
                    async with transaction_on(engine) as tx:
                        asked = await readjudications.unfinished(tx, county_code)
                    if asked is not None:
                        await work(engine, county_code, asked, desk)
            except Exception:
                _logger.exception("re-adjudicating failed", extra={"onestop_fields": {"county_code": county_code}})


async def keep_forgetting(engine: AsyncEngine, clock: Clock) -> None:
    """Let go what the national interface need not keep any more, each hour. Several server processes may."""
    while True:
        try:
            with seeing(EVERY_COUNTY):
                await forget(engine, clock)
        except Exception:
            _logger.exception("forgetting failed")
        await asyncio.sleep(_FORGET_SECONDS)


async def keep_to_the_law(state: Any) -> None:
    """Read each second whether the law was amended, from the very start of the process."""
    while True:
        try:
            await renew(state)
        except Exception:
            _logger.exception("reading the amendments of the law failed")
        await asyncio.sleep(_LAW_SECONDS)
