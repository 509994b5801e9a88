"""
The connection cut before and after every statement of the discharge path, one after another, COMMIT included: on a
connection that knows its statements already, and on a fresh one, which prepares each of them first.
"""

from random import Random
from typing import Final

from scripts.faulting.cast import Cast
from scripts.faulting.trips import Side, Trip
from tests.cases.county import COUNTY, done

NAME: Final = "connection cut in the discharge path"
SHARE: Final = 8


async def strike(cast: Cast, dice: Random) -> str:
    if not cast.cuts:
        cast.cuts = await _enumerated(cast, dice)
    fresh, number, side = cast.cuts.pop(0)
    proxy = cast.place.quiet.proxy
    if fresh:
        proxy.cut_all()
    order = proxy.cut_next(side, lambda trip: trip.county == COUNTY and trip.number == number)
    await _discharge(cast, dice)
    proxy.forget(order)
    assert order.trip is not None, f"the discharge path has no statement {number}"
    return f"{'fresh' if fresh else 'known'} {number:2} {side} {order.trip.name}"


async def _enumerated(cast: Cast, dice: Random) -> list[tuple[bool, int, Side]]:
    """Every place where the connection can be cut, found by watching a discharge on a known and on a fresh line."""
    proxy, found = cast.place.quiet.proxy, list[tuple[bool, int, Side]]()
    await _discharge(cast, dice)
    for fresh in (False, True):
        if fresh:
            proxy.cut_all()
        trips: list[Trip] = []
        proxy.seen = trips.append
        await _discharge(cast, dice)
        proxy.seen = None
        last = max(trip.number for trip in trips if trip.county == COUNTY)
        found += [(fresh, number, side) for number in range(1, last + 1) for side in Side]
    return found


async def _discharge(cast: Cast, dice: Random) -> None:
    patient = cast.patient(dice)
    body = patient.visit(cast.hospital_code, dice)
    # The agency sees its county's rows, the service itself on its own account all: so the proxy knows them apart.
    await done(await cast.agency("POST", "/v1/settlements", body, url=cast.place.quiet.url))
    cast.back(patient)
