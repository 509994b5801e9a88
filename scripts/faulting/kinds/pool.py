"""Every connection of the pool held by discharges that wait for a lock, and more of them at the door."""

import asyncio
from random import Random
from typing import Final

from sqlalchemy import text

from scripts.faulting.cast import Cast
from service.db import transaction_on
from tests.cases.county import done

NAME: Final = "pool exhausted"
SHARE: Final = 1
_AT_ONCE: Final = 30
_SECONDS: Final = 4.0
_OVERLOADED: Final = "503 service.overloaded"


async def strike(cast: Cast, dice: Random) -> str:
    before = cast.watch.heard[_OVERLOADED]
    async with transaction_on(cast.place.engine) as tx:
        await tx.execute(text("LOCK TABLE person_orders IN EXCLUSIVE MODE"))
        crowd = [asyncio.create_task(_discharged(cast, dice)) for _ in range(_AT_ONCE)]
        await asyncio.sleep(_SECONDS)
    await asyncio.gather(*crowd)
    assert cast.watch.heard[_OVERLOADED] > before, "the pool was not exhausted"
    return f"{_AT_ONCE} discharges for 8 connections"


async def _discharged(cast: Cast, dice: Random) -> None:
    patient = cast.patient(dice)
    await done(await cast.hospital("POST", "/v1/settlements", patient.visit(cast.hospital_code, dice)))
    cast.back(patient)
