"""One county in which everything has happened, for all tests of a module: each works in its own transaction."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.db import create_system_engine
from tests.claims import world as worlds
from tests.claims.world import World
from tests.conftest import Cluster
from tests.proof.scene import everything


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with worlds.made(cluster, tmp_path_factory.mktemp("proof")) as made:
        await everything(made)
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def superuser(world: World) -> AsyncIterator[AsyncConnection]:
    """A transaction of somebody who may do anything, with every trigger and every reference switched off."""
    settings = world.app.state.settings
    engine = create_system_engine(settings.database_url, settings)
    async with engine.connect() as connection, connection.begin() as transaction:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield connection
        await transaction.rollback()
    await engine.dispose()
