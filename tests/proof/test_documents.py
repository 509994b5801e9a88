"""
The documents of a settlement are text; in a county that settled before migration 0026 they are jsonb. Everything that
happens is the same with either, and what was sealed of the one holds for the other.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims.items import touched_by_items
from service.db import transaction_on
from tests.cases.county import COUNTY
from tests.claims import world as worlds
from tests.claims.world import World
from tests.conftest import Cluster
from tests.proof.scene import everything, found_wrong, named

pytestmark = pytest.mark.asyncio(loop_scope="module")

AS = "ALTER TABLE settlement_documents ALTER COLUMN bill TYPE {0}, ALTER COLUMN trace TYPE {0}"
# Whatever was charged is of another grade now.
CHANGED = text("""
    SELECT DISTINCT line ->> 1 AS item_code, daterange(NULL, NULL) AS days, CAST('{"grade": "?"}' AS jsonb) AS terms
    FROM settlement_documents, jsonb_array_elements(CAST(bill AS jsonb)) AS line
""")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with worlds.made(cluster, tmp_path_factory.mktemp("before")) as made:
        await kept_as(made, "jsonb")
        await everything(made)
        yield made


async def kept_as(world: World, kind: str) -> None:
    async with transaction_on(world.system) as tx:
        await tx.execute(text(AS.format(kind)))


async def touched(tx: AsyncConnection) -> list[Any]:
    return await touched_by_items(tx, COUNTY, CHANGED.columns().cte("changed"), after=None, rows=1000)


async def test_everything_happens_and_is_right_with_either(world: World) -> None:
    async with transaction_on(world.system) as tx:
        assert named(await found_wrong(tx)) == []
        before = await touched(tx)

    await kept_as(world, "json")

    async with transaction_on(world.system) as tx:
        assert named(await found_wrong(tx)) == []
        assert await touched(tx) == before
    assert before
