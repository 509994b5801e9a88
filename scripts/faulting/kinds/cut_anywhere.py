"""The connection to the database cut at some statement of whatever is being done, before or after it."""

import asyncio
from contextlib import suppress
from random import Random
from typing import Final

from scripts.faulting.cast import Cast
from scripts.faulting.spared import Spared
from scripts.faulting.trips import Side, Trip

NAME: Final = "connection cut under traffic"
SHARE: Final = 2
_MOST: Final = 60
_SECONDS: Final = 10


async def strike(cast: Cast, dice: Random) -> str:
    side, left, at_commit = dice.choice(list(Side)), dice.randint(1, _MOST), dice.random() < 0.3

    def matches(trip: Trip) -> bool:
        nonlocal left
        left -= trip.number > 0
        return left <= 0 and trip.number > 0 and (not at_commit or trip.statement.startswith("COMMIT"))

    proxy = cast.place.service.proxy
    order = proxy.cut_next(side, matches)
    with suppress(TimeoutError):
        async with asyncio.timeout(_SECONDS):
            await order.met.wait()
    proxy.forget(order)
    if order.trip is None:
        raise Spared("too little traffic")
    return f"{side} {order.trip.name}"
