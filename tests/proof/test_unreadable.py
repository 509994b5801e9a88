"""What cannot even be read, as the database has it after somebody's hand: named, and no other row unproved for it."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.clock import Clock
from service.db import transaction_on
from service.proof.runs import actions, store
from service.proof.runs.model import Status
from tests.cases.county import COUNTY
from tests.proof.test_command import AUDITOR, county, overwrite

__all__ = ["county"]


@pytest.mark.parametrize(
    ("tampered", "table"),
    [
        (
            "UPDATE settlement_documents SET trace = trace::jsonb || '{\"x\": 1e400}' WHERE {one}",
            "settlement_documents",
        ),
        (
            "UPDATE settlement_documents SET bill = (repeat('[', 3000) || repeat(']', 3000))::jsonb WHERE {one}",
            "settlement_documents",
        ),
        ("UPDATE seals SET columns = '{\"settlements\": 1e400}' WHERE seq = 2", "seals"),
        ("UPDATE seals SET columns = '{\"settlements\": 5}' WHERE seq = 2", "seals"),
        ("UPDATE seals SET keys[1] = '?' WHERE seq = 2", "seals"),
    ],
)
async def test_a_cell_that_cannot_be_read_is_named_and_stops_nothing(
    county: str, engine: AsyncEngine, tampered: str, table: str
) -> None:
    async with transaction_on(engine) as tx:
        one = await tx.scalar(text("SELECT id::text FROM settlements WHERE person_no = 'P00000003' AND order_no = 2"))
    await overwrite(engine, tampered.replace("{one}", f"settlement_id = '{one}'"))
    await overwrite(engine, "UPDATE settlements SET operator = '别人' WHERE person_no = 'P00000004' AND order_no = 2")

    async with transaction_on(engine) as tx:
        verification_id = await actions.start(tx, AUDITOR, Clock())
    await actions.work(engine, COUNTY, verification_id, Clock())

    async with transaction_on(engine) as tx:
        found = await actions.read(tx, COUNTY, verification_id, most=100)
    assert found is not None
    named = {(wrong.table, wrong.key) for wrong in found.wrongs}
    assert (found.status, found.parts_done) == (Status.WRONG, found.parts)
    assert (table, one if table == "settlement_documents" else f"{COUNTY}/2") in named
    assert "settlements" in {name for name, _ in named}, "the others are proved all the same"
    assert found.settlements >= 35


async def test_a_command_that_was_killed_does_not_stand_in_the_way_of_the_server(
    county: str, engine: AsyncEngine
) -> None:
    async with transaction_on(engine) as tx:
        asked = await actions.start(tx, replace(AUDITOR, client_id="auditor"), Clock())
        left = await actions.start(tx, AUDITOR, Clock())

    async with transaction_on(engine) as tx:
        assert await store.asked_of_server(tx, COUNTY) == asked
        assert await actions.latest_unfinished(tx, COUNTY) == left
