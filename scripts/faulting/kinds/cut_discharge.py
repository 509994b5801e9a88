"""
The connection cut before and after every statement of the discharge path, one after another, COMMIT included: on a
connection that knows its statements already, and on a fresh one, which prepares each of them first.
"""

import asyncio
from random import Random
from typing import Final

from scripts.faulting.cast import Cast
from scripts.faulting.spared import Spared
from scripts.faulting.trips import Cut, Order, Side, Trip
from tests.cases.county import COUNTY, done

NAME: Final = "connection cut in the discharge path"
SHARE: Final = 8
_TRIES: Final = 4
_SECONDS: Final = 10
_LATE_SECONDS: Final = 1
_PREPARES: Final = "prepare"


async def strike(cast: Cast, dice: Random) -> str:
    if not cast.cuts:
        cast.cuts = await _enumerated(cast, dice)
        cast.every_cut = [str(cut) for cut in cast.cuts]
    # From the end, where most is at stake.
    cut = cast.cuts.pop()
    proxy = cast.place.quiet.proxy
    for _ in range(_TRIES):
        if cut.fresh:
            proxy.cut_all()
        order = proxy.cut_next(cut.side, lambda trip: _is(trip, cut))
        await _discharge(cast, dice)
        if await _was_met(order):
            return str(cut)
        proxy.forget(order)
    raise Spared(f"no discharge came by {cut}")


def _is(trip: Trip, cut: Cut) -> bool:
    return (trip.county, trip.number, trip.name) == (COUNTY, cut.number, cut.name)


async def _was_met(order: Order) -> bool:
    """At the latest soon: a service that answers before it commits is cut while nobody waits any more."""
    try:
        async with asyncio.timeout(_LATE_SECONDS):
            await order.met.wait()
    except TimeoutError:
        return False
    return True


async def _enumerated(cast: Cast, dice: Random) -> list[Cut]:
    """Every place where the connection can be cut, found by watching a discharge on a known and on a fresh line."""
    known = await _trips(cast, dice)
    while any(trip.name.startswith(_PREPARES) for trip in known):
        known = await _trips(cast, dice)
    cast.place.quiet.proxy.cut_all()
    fresh = await _trips(cast, dice)
    return [
        Cut(is_fresh, trip.number, trip.name, side)
        for is_fresh, trips in ((False, known), (True, fresh))
        for trip in trips
        for side in Side
    ]


async def _trips(cast: Cast, dice: Random) -> list[Trip]:
    """The round trips of a discharge's transaction, to its COMMIT."""
    proxy, found, committed = cast.place.quiet.proxy, list[Trip](), asyncio.Event()

    def watch(trip: Trip) -> None:
        if trip.county == COUNTY and not committed.is_set():
            found.append(trip)
            if trip.statement.startswith("COMMIT"):
                committed.set()

    proxy.seen = watch
    await _discharge(cast, dice)
    async with asyncio.timeout(_SECONDS):
        await committed.wait()
    proxy.seen = None
    return found


async def _discharge(cast: Cast, dice: Random) -> None:
    patient = cast.patient(dice)
    body = patient.visit(cast.hospital_code, dice)
    # The agency sees its county's rows, the service itself on its own account all: so the proxy knows them apart.
    await done(await cast.agency("POST", "/v1/settlements", body, url=cast.place.quiet.url))
    cast.back(patient)
