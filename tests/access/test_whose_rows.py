"""Row-level security, the second net: PostgreSQL shows and takes rows only for the county that was declared."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Insert, column, func, insert, select, table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.config import Settings
from service.db import APP_ROLE, EVERY_COUNTY, create_engine, seeing, transaction_on
from service.migrate import all_tables

# Without protection, each with its reason.
ABOUT_NOBODY = {
    "clients": "who may call: read before it is known for whom",
    "client_secrets": "as clients",
    "signing_keys": "of the service itself",
    "limit_counts": "keyed hashes, counted before it is known who asks",
    "policy_packs": "the law",
    "left_sessions": "keyed hashes of tokens",
    "nhsa_credentials": "as clients",
    "nhsa_nonces": "accounts of institutions, counted before it is known who calls",
    "hospitals": "institutions, at which people of every county are treated",
    "hospital_locations": "as hospitals",
    "hospital_terms": "as hospitals",
    "hospital_suspensions": "as hospitals",
}


def protected() -> list[str]:
    return sorted(all_tables().tables.keys() - ABOUT_NOBODY.keys())


def row_of(name: str) -> Insert:
    return insert(table(name, column("county_code")))


@pytest.fixture
async def app_engine(database_url: str, settings: Settings) -> AsyncIterator[AsyncEngine]:
    """What a server process has."""
    made = create_engine(database_url, settings)
    yield made
    await made.dispose()


CONSTRAINTS = (
    "SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(:t) AND contype IN ('c', 'f', 'p', 'u', 'x')"
)
REQUIRED = """
    SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:t) AND attnum > 0 AND attnotnull
        AND attidentity = '' AND attname <> 'county_code'"""


@pytest.fixture
async def two_counties(engine: AsyncEngine) -> None:
    """A row of each of two counties in every protected table; nothing else matters here, so the rest is empty."""
    async with transaction_on(engine) as tx:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        for name in protected():
            for constraint in list(await tx.scalars(text(CONSTRAINTS), {"t": name})):
                await tx.execute(text(f'ALTER TABLE {name} DROP CONSTRAINT IF EXISTS "{constraint}" CASCADE'))
            for required in list(await tx.scalars(text(REQUIRED), {"t": name})):
                await tx.execute(text(f"ALTER TABLE {name} ALTER {required} DROP NOT NULL"))
            await tx.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
            await tx.execute(row_of(name), [{"county_code": "459901"}, {"county_code": "459902"}])


async def seen(engine: AsyncEngine) -> dict[str, int]:
    """How many rows of each table a transaction finds."""
    async with transaction_on(engine) as tx:
        counts = {name: select(func.count()).select_from(table(name)) for name in protected()}
        return {name: await tx.scalar(count) or 0 for name, count in counts.items()}


def test_every_table_is_protected_or_says_why_not() -> None:
    without_county = {name for name, made in all_tables().tables.items() if "county_code" not in made.c}

    assert without_county <= ABOUT_NOBODY.keys() <= all_tables().tables.keys()


async def test_without_a_caller_nothing_is_there(two_counties: None, app_engine: AsyncEngine) -> None:
    with seeing(None):
        assert {name for name, count in (await seen(app_engine)).items() if count != 0} == set()


async def test_a_county_is_shown_its_own_rows_and_a_hospital_those_of_every_county(
    two_counties: None, app_engine: AsyncEngine, engine: AsyncEngine
) -> None:
    with seeing("459901"):
        assert {name for name, count in (await seen(app_engine)).items() if count != 1} == set()
    with seeing(EVERY_COUNTY):
        assert {name for name, count in (await seen(app_engine)).items() if count != 2} == set()
    # Work on the whole database says so by its engine.
    with seeing(None):
        assert set((await seen(engine)).values()) == {2}


async def test_what_one_transaction_saw_the_next_on_the_same_connection_does_not(
    two_counties: None, app_engine: AsyncEngine
) -> None:
    for county_code, count in (
        (EVERY_COUNTY, 2),
        (None, 0),
        ("459902", 1),
        ("' OR true --", 0),
        ("459901'", 0),
        ("", 0),
    ):
        with seeing(county_code):
            assert set((await seen(app_engine)).values()) == {count}


async def test_nothing_is_written_for_another_county_or_without_a_caller(
    two_counties: None, app_engine: AsyncEngine
) -> None:
    for name in protected():
        for county_code in ("459901", None):
            with seeing(county_code), pytest.raises(DBAPIError, match="row-level security"):
                async with transaction_on(app_engine) as tx:
                    await tx.execute(row_of(name), {"county_code": "459902"})


async def test_server_processes_have_a_role_that_owns_nothing(app_engine: AsyncEngine) -> None:
    async with transaction_on(app_engine) as tx:
        assert await tx.scalar(text("SELECT current_user")) == APP_ROLE
        owns = "SELECT count(*) FROM pg_class WHERE relowner = CAST(CAST(:role AS text) AS regrole)"
        assert await tx.scalar(text(owns), {"role": APP_ROLE}) == 0
        strong = "SELECT rolsuper OR rolbypassrls OR rolcanlogin FROM pg_roles WHERE rolname = :role"
        assert await tx.scalar(text(strong), {"role": APP_ROLE}) is False


async def test_it_costs_no_round_trip(app_engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    execute = asyncpg.Connection.execute

    async def listening(connection: Any, query: str, *args: Any, **options: Any) -> Any:
        said.append(query)
        return await execute(connection, query, *args, **options)

    monkeypatch.setattr(asyncpg.Connection, "execute", listening)
    with seeing("459901"):
        async with transaction_on(app_engine) as tx:
            await tx.execute(text("SELECT 1"))

    assert said[-2:] == ["BEGIN; SET LOCAL onestop.county = '459901'", "COMMIT;"]
