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
_PAUSE: Final = 0.05


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
    processes = service.processes()
    victim = processes[dice.randrange(len(processes))]
    victim.kill()
    while len([one for one in service.processes() if one.pid != victim.pid]) < len(processes):
        await asyncio.sleep(_PAUSE)
    await service.until_ready()
    return "one of its processes"
