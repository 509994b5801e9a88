"""The storm, in short; `scripts/prove/nhsa storm` is the long form."""

import pytest

from tests.claims.world import World
from tests.nhsa.his import His
from tests.nhsa.storm import storm

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.long
async def test_a_storm_leaves_one_settlement_or_none_and_only_true_answers(world: World, his: His) -> None:
    seen = await storm(world, his, world.start_servers(2), clients=50, stays=1, seed=1)

    # It was a storm: connections were cut, and messages reversed.
    assert seen["cuts"] > 10
    assert seen["reversed"] > 5
