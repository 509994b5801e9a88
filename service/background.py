"""What a server process does beside answering: seal what was written, and do the verifications that were asked for."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from service.clock import Clock
from service.db import EVERY_COUNTY, seeing, transaction_on
from service.processes import verify_in_own_processes
from service.proof.runs import store as verifications
from service.proof.seals.actions import seal

_LOOK_SECONDS: Final = 2
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
                    await seal(engine, county_code, clock)
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
