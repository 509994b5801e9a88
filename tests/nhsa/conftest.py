"""A county whose hospital is on the wire."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.claims import world as worlds
from tests.claims.world import World
from tests.conftest import Cluster
from tests.nhsa.his import His
from tests.nhsa.hospital import connect


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """An application for all tests of a module; its hospital may speak the national interface without proof."""
    async with worlds.made(cluster, tmp_path_factory.mktemp("nhsa")) as made:
        await connect(made.app, made.hospital_code)
        yield made


@pytest.fixture
def his(world: World) -> His:
    """The hospital's system, by the profile of Hunan."""
    return His(world.client, world.hospital_code)
