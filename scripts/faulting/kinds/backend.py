"""A backend of PostgreSQL ended: by an operator's word, or SIGKILLed, upon which PostgreSQL ends all and recovers."""

import os
import signal
from random import Random
from typing import Final

from scripts.faulting.cast import Cast

NAME: Final = "PostgreSQL backend killed"
SHARE: Final = 2
_BACKENDS: Final = "SELECT pid FROM pg_stat_activity WHERE application_name = 'onestop' AND pid <> pg_backend_pid()"


async def pids_of_backends(cast: Cast) -> list[int]:
    """The backends that serve the service, also those of the bench's own eyes."""
    return sorted(row[0] for row in await cast.place.rows(_BACKENDS))


async def strike(cast: Cast, dice: Random) -> str:
    victim = dice.choice(await pids_of_backends(cast))
    if dice.random() < 1 / 2:
        await cast.place.rows("SELECT pg_terminate_backend(:pid)", pid=victim)
        return "pg_terminate_backend"
    os.kill(victim, signal.SIGKILL)
    return "SIGKILL"
