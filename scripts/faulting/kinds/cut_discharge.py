"""
The connection cut before and after every statement of the discharge path, one after another, COMMIT included: on a
connection that knows its statements already, and on a fresh one, which prepares each of them first.
"""

import asyncio
from random import Random
from typing import Final

from scripts.faulting.cast import Cast
from scripts.faulting.trips import Side, Trip
from tests.cases.county import COUNTY, done

NAME: Final = "connection cut in the discharge path"
SHARE: Final = 8
_SECONDS: Final = 10


async def strike(cast: Cast, dice: Random) -> str:
    if not cast.cuts:
        cast.cuts = await _enumerated(cast, dice)
    # From the end, where most is at stake.
    fresh, number, side = cast.cuts.pop()
    proxy = cast.place.quiet.proxy
    if fresh:
        proxy.cut_all()
    order = proxy.cut_next(side, lambda trip: trip.county == COUNTY and trip.number == number)
    await _discharge(cast, dice)
    # At the latest now: a service that answers before it commits is cut while nobody waits any more.
    async with asyncio.timeout(_SECONDS):
        await order.met.wait()
    assert order.trip is not None
    return f"{'fresh' if fresh else 'known'} {number:2} {side} {order.trip.name}"


async def _enumerated(cast: Cast, dice: Random) -> list[tuple[bool, int, Side]]:
    """Every place where the connection can be cut, found by watching a discharge on a known and on a fresh line."""
    proxy, found = cast.place.quiet.proxy, list[tuple[bool, int, Side]]()
    await _discharge(cast, dice)
    for fresh in (False, True):
        if fresh:
            proxy.cut_all()
        last = await _last_statement(cast, dice)
        found += [(fresh, number, side) for number in range(1, last + 1) for side in Side]
    return found


async def _last_statement(cast: Cast, dice: Random) -> int:
    """The number of a discharge's COMMIT."""
    proxy, committed = cast.place.quiet.proxy, asyncio.get_running_loop().create_future()

    def watch(trip: Trip) -> None:
        if trip.county == COUNTY and trip.statement.startswith("COMMIT") and not committed.done():
            committed.set_result(trip.number)

    proxy.seen = watch
    await _discharge(cast, dice)
    async with asyncio.timeout(_SECONDS):
        last: int = await committed
    proxy.seen = None
    return last


async def _discharge(cast: Cast, dice: Random) -> None:
    patient = cast.patient(dice)
    body = patient.visit(cast.hospital_code, dice)
    # The agency sees its county's rows, the service itself on its own account all: so the proxy knows them apart.
    await done(await cast.agency("POST", "/v1/settlements", body, url=cast.place.quiet.url))
    cast.back(patient)
