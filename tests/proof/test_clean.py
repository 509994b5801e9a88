"""A county in which everything has happened proves clean: the proof cries wolf at nothing that the service does."""

import pytest
from sqlalchemy import text

from service.db import transaction_on
from service.proof.seals.model import BY_NAME, KINDS
from tests.claims.world import World
from tests.payouts.test_sealed import TAMPERINGS as SEALED_BEFORE_TAMPERING
from tests.proof.scene import found_wrong, named

pytestmark = pytest.mark.asyncio(loop_scope="module")

# The scene closes no books, recovers nothing, and nobody decides its objection or asks for a new query code.
_NOT_HERE = {"query code", "objection document", "deeming", "objection step"}
# What reaches patients has a county of its own in tests/payouts.
_OF_PAYOUTS = {kind.name for kind in KINDS if kind.table in SEALED_BEFORE_TAMPERING}


async def test_everything_that_happened_is_right(world: World) -> None:
    async with transaction_on(world.app.state.engine) as tx:
        found = await found_wrong(tx)

        assert named(found) == [], found[:5]
        sealed = set(await tx.scalars(text("SELECT kind FROM seals")))
    assert len(BY_NAME) == len(KINDS), "no kind is sealed twice"
    assert sealed == {kind.name for kind in KINDS} - _NOT_HERE - _OF_PAYOUTS, "something of every kind has happened"
