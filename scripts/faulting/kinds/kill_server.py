"""SIGKILL of a server process; now and then of the one that watches over them, which takes all with it."""

import asyncio
import os
import signal
from random import Random
from typing import Final

import psutil

from scripts.faulting.cast import Cast

NAME: Final = "server process killed"
SHARE: Final = 8
_ALL: Final = 0.2


async def strike(cast: Cast, dice: Random) -> str:
    service = cast.place.service
    assert service.process is not None
    if dice.random() < _ALL:
        processes = service.processes()
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait()
        # They end with it, and let go of its port.
        await asyncio.to_thread(psutil.wait_procs, processes)
        service.start()
        await service.until_ready()
        return "the whole service"
    # One of them serves; what is killed may be that one, or one that is only starting.
    await service.until_ready()
    processes = service.processes()
    processes[dice.randrange(len(processes))].kill()
    return "one of its processes"
