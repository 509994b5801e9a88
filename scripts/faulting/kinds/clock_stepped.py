"""
The clock of every server process stepped by a second up to most of a day, forwards or backwards; and back again.

Not by more than a day: what is dated further back than that before what is sealed, verification takes for forged.
"""

import asyncio
from datetime import timedelta
from random import Random
from typing import Final

from scripts.faulting.cast import Cast

NAME: Final = "clock stepped"
SHARE: Final = 1
_STEPS: Final = tuple(timedelta(seconds=seconds) for seconds in (-1, -90, -3600, -20 * 3600, 1, 3600, 20 * 3600))


async def strike(cast: Cast, dice: Random) -> str:
    # The calendar is not turned while it is off.
    async with cast.turn:
        by = dice.choice(_STEPS)
        cast.place.shift.step(by)
        await asyncio.sleep(dice.uniform(1, 3))
        cast.place.shift.step(-by)
    return f"by {by.total_seconds():+.0f} s"
