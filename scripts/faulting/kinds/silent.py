"""
The lines to the database fall silent and none is ended: what either side says is acknowledged on the way and goes no
further, as behind a firewall that forgot its connections. New lines are let through.
"""

import asyncio
import time
from random import Random
from typing import Final

from scripts.faulting.cast import Cast
from scripts.faulting.stories.visits import settled

NAME: Final = "silent line to the database"
SHARE: Final = 1
_ANSWERED_SECONDS: Final = 15.0
"""The stated time: the silence that is borne (2 s here), a look, and what waits for locks of the lost transactions."""


_LIMITS: Final = (3, 6, 9, 12, 15, 60)


async def strike(cast: Cast, dice: Random) -> str:
    """Whoever asks now is answered in time, while the silent lines are still there."""
    silent, began = cast.place.service.proxy.silence_all(), time.monotonic()
    try:
        async with asyncio.timeout(_ANSWERED_SECONDS):
            await settled(cast, dice)
    except TimeoutError:
        cast.watch.wrong.append(f"no answer within {_ANSWERED_SECONDS:.0f} s of the silence")
    finally:
        for line in silent:
            line.cut()
    took = time.monotonic() - began
    return f"answered within {next(limit for limit in _LIMITS if took <= limit)} s"
