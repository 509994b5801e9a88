"""SIGSTOP for seconds: of a server process, of a backend, of PostgreSQL's main process, or of the line between."""

import asyncio
import os
import signal
from random import Random
from typing import Final

from scripts.faulting.cast import Cast
from scripts.faulting.kinds.backend import pids_of_backends

NAME: Final = "stopped for seconds"
SHARE: Final = 1
_SECONDS: Final = (1, 5)


async def strike(cast: Cast, dice: Random) -> str:
    place, seconds = cast.place, dice.uniform(*_SECONDS)
    assert place.database.pid is not None
    backends = await pids_of_backends(cast)
    processes = [one.pid for one in place.service.processes()]
    what = dice.choice(("a server process", "a backend", "PostgreSQL's main process", "the network"))
    if what == "the network":
        place.service.proxy.flowing.clear()
        await asyncio.sleep(seconds)
        place.service.proxy.flowing.set()
        return what
    pid = {
        "a server process": dice.choice(processes),
        "a backend": dice.choice(backends),
        "PostgreSQL's main process": place.database.pid,
    }[what]
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(seconds)
    os.kill(pid, signal.SIGCONT)
    return what
