"""How often a discharge asks the database: each round trip costs the server and the database alike."""

from typing import Any

from fastapi import FastAPI
from sqlalchemy import event

from tests.cases.county import Call, County
from tests.claims.bills import stay


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
