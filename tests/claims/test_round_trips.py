"""How often a discharge asks the database: each round trip costs the server and the database alike."""

from typing import Any

from fastapi import FastAPI
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db import transaction_on
from tests.cases.county import Call, County
from tests.claims.bills import stay

OTHERS_END = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def test_a_discharge_asks_the_database_four_times(county: County, agency: Call, app: FastAPI) -> None:
    hospital = await county.hospital("level2", "county")
    first, second = [stay(hospital, (await county.person())[1]) | {"visit_no": f"ASKED-{n}"} for n in (1, 2)]
    assert (await agency("POST", "/v1/settlements", first)).status_code == 201
    asked: list[str] = []

    def listen(connection: Any, *_: Any) -> None:
        connection.driver_connection.add_query_logger(lambda one: asked.append(one.query.split()[0].rstrip(";")))

    event.listen(app.state.engine.sync_engine.pool, "checkout", listen)
    settled = await agency("POST", "/v1/settlements", second)

    assert settled.status_code == 201
    assert asked == ["BEGIN", "WITH", "WITH", "COMMIT"]


async def test_connections_that_were_lost_are_told_once_and_not_used_again(
    county: County, agency: Call, engine: AsyncEngine
) -> None:
    body = stay(await county.hospital("level2", "county"), (await county.person())[1])
    async with transaction_on(engine) as tx:
        await tx.execute(text(OTHERS_END))

    lost = await agency("POST", "/v1/settlements", body, key="lost")
    again = await agency("POST", "/v1/settlements", body, key="lost")

    assert (lost.status_code, lost.json()["code"]) == (503, "service.unavailable")
    assert again.status_code == 201
