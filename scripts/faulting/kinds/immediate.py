"""`pg_ctl stop -m immediate`: PostgreSQL dies as in a power cut, and recovers from its log when it is started again."""

import asyncio
import subprocess
from random import Random
from typing import Final

from scripts.faulting.cast import Cast

NAME: Final = "pg_ctl stop -m immediate"
SHARE: Final = 1


async def strike(cast: Cast, dice: Random) -> str:
    cluster = cast.place.cluster
    stop = cluster.command("pg_ctl", "stop", "-m", "immediate", "-D", str(cluster.data))
    await asyncio.to_thread(subprocess.run, stop, check=True, capture_output=True)
    down = dice.uniform(0, 2)
    await asyncio.sleep(down)
    cast.place.database.start()
    return "and started again"
