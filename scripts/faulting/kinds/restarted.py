"""SIGTERM, as at every upgrade: what the service has begun is answered before it ends, and it ends well."""

import asyncio
import signal
from random import Random
from typing import Final
from uuid import uuid4

from scripts.faulting.cast import Cast

NAME: Final = "told to stop"
SHARE: Final = 1
_MEANWHILE: Final = 1.0
_BEGUN_SECONDS: Final = 20


async def strike(cast: Cast, dice: Random) -> str:
    """A discharge is held at the database while the service is told to stop; it must be answered all the same."""
    service, patient, key = cast.place.service, cast.patient(dice), str(uuid4())
    body = patient.visit(cast.hospital_code, dice)
    order = service.proxy.hold_next(lambda trip: key.encode() in trip.content)
    begun = asyncio.create_task(cast.his.once("POST", "/v1/settlements", body, key=key))
    async with asyncio.timeout(_BEGUN_SECONDS):
        await order.met.wait()
    assert service.process is not None
    service.process.send_signal(signal.SIGTERM)
    await asyncio.sleep(_MEANWHILE)
    order.release.set()
    answer = await begun
    if answer is None or answer.status_code != 201:
        cast.watch.wrong.append(f"a request that was begun before SIGTERM was answered {answer}")
    ended = await asyncio.to_thread(service.process.wait)
    if ended != 0:
        cast.watch.wrong.append(f"the service ended with {ended} after SIGTERM")
    service.start()
    await service.until_ready()
    cast.back(patient)
    return "with a discharge in its hands"
