"""What a discharge, a patient and a look at one settlement read in a large county: EXPLAIN of every statement."""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import event

from service.access.model import Role
from service.claims.tables import AMOUNTS, SHARES
from tests.bulk.county import age, fill
from tests.cases.county import Call, County, done
from tests.claims.bills import stay
from tests.claims.world import caller

AsRole = Callable[..., Awaitable[Call]]

SETTLEMENTS = 4000
LARGE = 1000
"""A table with as many rows grows with the county."""

# Each is reversed or replaced, so that no index of what ends another is so small that all of it may as well be read.
ENDED = """
    INSERT INTO settlements SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(), 'version', 2)
        || CASE s.order_no % 2
            WHEN 0 THEN jsonb_build_object('kind', 'reversal', 'reversal_of', s.id) || negated
            ELSE jsonb_build_object('replaces', s.id, 'cause', 'identity') END)).*
    FROM settlements s, LATERAL (
        SELECT jsonb_object_agg(key, -value::text::bigint) AS negated FROM jsonb_each(to_jsonb(s))
        WHERE key = ANY ($1)) amounts
"""
GROWN = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND reltuples >= $1"
LEADING = "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid, 1, true) FROM pg_index"
EXPLAINED = (
    "session_preload_libraries = 'auto_explain'",
    "auto_explain.log_min_duration = 0",
    "auto_explain.log_nested_statements = on",
    "auto_explain.log_format = 'json'",
    "auto_explain.log_level = 'notice'",
)


@dataclass(frozen=True)
class Read:
    """How a statement gets at the rows of a table that grows: by which index, and what it knows of the rows."""

    table: str
    index: str
    condition: str

    def columns(self) -> set[str]:
        return set(re.findall(r"(\w+) (?:=|<|>)", self.condition))


@dataclass
class Plans:
    """What PostgreSQL says of every statement, those of functions, triggers and foreign keys too."""

    large: set[str]
    leading: dict[str, str]
    told: list[str] = field(default_factory=list)

    def hear(self, _connection: Any, message: asyncpg.PostgresLogMessage) -> None:
        if " plan:" in message.message:
            self.told.append(message.message.split(" plan:\n", 1)[1])

    def reads(self) -> set[Read]:
        return {read for told in self.told for read in self._of(json.loads(told)["Plan"], "")}

    def _of(self, node: dict[str, Any], table: str) -> Iterator[Read]:
        table = node.get("Relation Name", table)
        is_through_index = node["Node Type"] == "Bitmap Heap Scan"
        if "Scan" in node["Node Type"] and table in self.large and not is_through_index:
            yield Read(table, node.get("Index Name", node["Node Type"]), node.get("Index Cond", ""))
        for child in node.get("Plans", ()):
            yield from self._of(child, table if is_through_index else "")

    def reads_too_much(self, read: Read) -> bool:
        """All of a table, of an index or of a county, to find some of it."""
        return self.leading.get(read.index) not in read.columns() or read.columns() == {"county_code"}


@pytest.fixture
async def plans(database_url: str, app: FastAPI) -> Plans:
    """Of every statement from here on, on a county whose tables are as large as a year makes them."""
    await fill(database_url, SETTLEMENTS, lines=1)
    connection = await asyncpg.connect(database_url)
    await connection.execute("SET session_replication_role = replica")
    await connection.execute(ENDED, [*AMOUNTS, *SHARES])
    await age(database_url)
    plans = Plans({row[0] for row in await connection.fetch(GROWN, LARGE)}, dict(await connection.fetch(LEADING)))
    database = await connection.fetchval("SELECT current_database()")
    for setting in EXPLAINED:
        await connection.execute(f"ALTER DATABASE {database} SET {setting}")
    await connection.close()

    def listen(connection: Any, *_: Any) -> None:
        connection.driver_connection.add_log_listener(plans.hear)

    await app.state.engine.dispose()
    event.listen(app.state.engine.sync_engine.pool, "connect", listen)
    return plans


async def test_what_is_read_does_not_grow_with_the_county(
    plans: Plans, county: County, agency: Call, as_role: AsRole, client: AsyncClient
) -> None:
    _, number = await county.person()
    hospital = await county.hospital("level2", "county")
    own = await as_role(Role.HOSPITAL, hospital_code=hospital)
    plans.told.clear()

    settled = await done(await own("POST", "/v1/settlements", stay(hospital, number)))
    entered = {"query_code": settled["query_code"], "id_last6": number[-6:]}
    session = await done(await client.post("/v1/patient/session", json=entered), 200)
    patient = caller(client, {"Authorization": f"Bearer {session['access_token']}"})
    await done(await patient("GET", "/v1/patient/claims"), 200)
    await done(await patient("GET", f"/v1/patient/claims/{settled['id']}"), 200)
    for call in (own, agency):
        await done(await call("GET", f"/v1/settlements/{settled['id']}"), 200)
        await done(await call("GET", f"/v1/objections?settlement_id={settled['id']}"), 200)

    reads = plans.reads()
    assert {read.table for read in reads} >= {"settlements", "settlement_documents", "accumulators", "live_visits"}
    assert {read for read in reads if plans.reads_too_much(read)} == set()
