"""What a caller is told while somebody else holds what the request needs."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from service.config import Settings
from tests.cases.county import Call, County
from tests.claims.bills import Body, stay
from tests.conftest import KEYS


async def a_stay(county: County) -> Body:
    _, id_number = await county.person()
    return stay(await county.hospital("level2", "county"), id_number)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, keys=SecretStr(KEYS), data_dir=tmp_path, lock_wait_seconds=0.2)


async def test_a_request_still_worked_on_is_said_to_be_so(county: County, agency: Call, engine: AsyncEngine) -> None:
    body = await a_stay(county)
    take = "INSERT INTO idempotency_keys VALUES ('459901', 'test-agency', 'slow', '', gen_random_uuid(), now())"

    async with engine.connect() as connection, connection.begin() as transaction:
        await connection.exec_driver_sql(take)
        meanwhile = await agency("POST", "/v1/settlements", body, key="slow")
        await transaction.rollback()
    after = await agency("POST", "/v1/settlements", body, key="slow")

    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "idempotency.in_progress")
    assert meanwhile.headers["retry-after"] == "1"
    assert after.status_code == 201


async def test_a_person_whose_turn_does_not_come_is_told_to_try_again(
    county: County, agency: Call, engine: AsyncEngine
) -> None:
    body = await a_stay(county)
    days = {"visit_no": "EARLIER", "admitted_on": "2018-01-01", "discharged_on": "2018-01-05"}
    assert (await agency("POST", "/v1/settlements", body | days)).status_code == 201

    async with engine.connect() as connection, connection.begin():
        await connection.exec_driver_sql("SELECT 1 FROM person_orders FOR UPDATE")
        meanwhile = await agency("POST", "/v1/settlements", body, key="patient")
        preview = await agency("POST", "/v1/settlements/preview", body)
    after = await agency("POST", "/v1/settlements", body, key="patient")

    assert (meanwhile.status_code, meanwhile.json()["code"]) == (503, "service.busy")
    assert meanwhile.headers["retry-after"] == "1"
    assert (preview.status_code, after.status_code) == (200, 201)
