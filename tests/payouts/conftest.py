"""One application for all tests of a module: each test has patients of its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.claims import world as worlds
from tests.claims.world import World
from tests.conftest import Cluster


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with worlds.made(cluster, tmp_path_factory.mktemp("world")) as made:
        yield made
