"""All server processes killed while a bulk re-adjudication is being done: the next ones go on with it to its end."""

import asyncio
from random import Random
from typing import Final

from scripts.faulting.cast import Cast
from scripts.faulting.spared import Spared
from scripts.faulting.stories.changes import many_decided_anew

NAME: Final = "job killed midway"
SHARE: Final = 1
_LEFT: Final = """
    SELECT count(*) FROM readjudication_persons p JOIN readjudications r ON r.id = p.readjudication_id
    WHERE r.withdrawn_at IS NULL AND (p.previewed_at IS NULL OR (r.approved_at IS NOT NULL AND p.done_at IS NULL))
"""
_BEGUN: Final = """
    SELECT count(*) FROM readjudication_persons p JOIN readjudications r ON r.id = p.readjudication_id
    WHERE r.withdrawn_at IS NULL AND (p.previewed_at IS NOT NULL OR p.done_at IS NOT NULL)
"""
_PAUSE: Final = 0.02


async def strike(cast: Cast, dice: Random) -> str:
    begun_before = await cast.place.scalar(_BEGUN)
    job = asyncio.create_task(many_decided_anew(cast, dice))
    while await cast.place.scalar(_BEGUN) == begun_before and not job.done():
        await asyncio.sleep(_PAUSE)
    left = await cast.place.scalar(_LEFT)
    for process in cast.place.service.processes():
        process.kill()
    await job
    if not left:
        raise Spared("the job had just ended")
    return f"with {left} persons left"
