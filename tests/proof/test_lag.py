"""How long anything has waited for its seal, as /metrics tells it."""

import re
from datetime import timedelta

import pytest

from service.clock import Clock
from service.proof.seals.actions import seal
from service.proof.seals.measures import seal_lag
from service.wire.metrics import Measures
from tests.cases.county import COUNTY
from tests.claims.world import World
from tests.inquiry.patients import settled

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR = timedelta(hours=1)


async def told(world: World, later: timedelta) -> float:
    """What /metrics says of the county so much later."""
    state = world.app.state
    state.measures = Measures([seal_lag])
    state.clock, kept = Clock(shift=later), state.clock
    said = (await world.client.get("/metrics")).text
    state.clock = kept
    found = re.search(rf'^onestop_seal_lag_seconds{{county="{COUNTY}"}} (\S+)$', said, re.MULTILINE)
    assert found is not None, said
    return float(found[1])


async def test_the_oldest_row_without_a_seal_says_how_far_sealing_is_behind(world: World) -> None:
    await settled(world)
    waiting = await told(world, HOUR)
    await seal(world.system, COUNTY, world.app.state.clock)
    sealed = await told(world, HOUR)
    await settled(world)
    behind = await told(world, 2 * HOUR)

    assert waiting > HOUR.total_seconds()
    assert sealed == 0
    assert HOUR.total_seconds() < behind < 3 * HOUR.total_seconds()
