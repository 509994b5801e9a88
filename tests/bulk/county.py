"""
A county with many settlements in it, written by COPY: `python -m tests.bulk.county 100000` on ONESTOP_DATABASE_URL.

Needs a superuser: the triggers that prove each row as it is written are off meanwhile. `onestop verify` proves them
afterwards.
"""

import asyncio
import os
import random
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from multiprocessing import get_context
from typing import Any

import asyncpg
import orjson

from service.clock import COUNTY_ZONE
from service.policy.load import shipped_packs
from tests.bulk.making import NEW_YEAR, Person, Row, rows_of, standing_of

AT_ONCE = 2_000
VISITS_A_YEAR = 5


@dataclass(frozen=True)
class Asked:
    """Which persons to make, their visits within `span` days, the lines of a bill. The same seed, the same rows."""

    url: str
    first: int
    persons: int
    visits: int = VISITS_A_YEAR
    lines: int = 20
    span: int = 330
    seed: int = 5


async def fill(url: str, settlements: int, *, processes: int = 1, lines: int = 20, span: int = 330) -> int:
    """Write about so many settlements into a migrated database; gives how many."""
    persons = -(-settlements // VISITS_A_YEAR)
    await keep_packs(url)
    share = -(-persons // max(1, processes))
    parts = [
        Asked(url, first, min(share, persons - first), lines=lines, span=span) for first in range(0, persons, share)
    ]
    if processes == 1:
        made = [await write(part) for part in parts]
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            loop = asyncio.get_running_loop()
            made = await asyncio.gather(*(loop.run_in_executor(pool, written, part) for part in parts))
    connection = await asyncpg.connect(url)
    await connection.execute("ANALYZE")
    await connection.close()
    return sum(made)


async def age(url: str) -> None:
    """
    Leave a filled database as years do: measured at once, all that was loaded would be vacuumed and analysed beside.
    """
    connection = await asyncpg.connect(url)
    await connection.execute("VACUUM (ANALYZE)")
    await connection.execute("CHECKPOINT")
    await connection.close()


def written(asked: Asked) -> int:
    return asyncio.run(write(asked))


async def write(asked: Asked) -> int:
    """The settlements of some persons, in pieces; gives how many."""
    connection = await asyncpg.connect(asked.url)
    await connection.execute("SET session_replication_role = replica")
    types = await column_types(connection)
    rows: dict[str, list[Row]] = defaultdict(list)
    made = 0
    for number in range(asked.first, asked.first + asked.persons):
        serial = count(number * asked.visits + 1)
        dice = random.Random(asked.seed * 1_000_003 + number)
        person = Person(number, dice, serial, asked.visits, asked.lines, asked.span)
        for record in person.settlements():
            made += 1
            add(rows, rows_of(record))
        add(rows, standing_of(person))
        if len(rows["settlements"]) >= AT_ONCE:
            await copy(connection, types, rows)
            rows.clear()
    await copy(connection, types, rows)
    await connection.close()
    return made


def add(rows: dict[str, list[Row]], more: dict[str, list[Row]]) -> None:
    for table, of in more.items():
        rows[table] += of


async def column_types(connection: Any) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    query = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
    for table, column, kind in await connection.fetch(query):
        found[table][column] = kind
    return found


async def copy(connection: Any, types: dict[str, dict[str, str]], rows: dict[str, list[Row]]) -> None:
    async with connection.transaction():
        for table, of in rows.items():
            if of and table in types:
                # An older schema has fewer of them.
                columns = [name for name in of[0] if name in types[table]]
                records = [tuple(as_type(row[name], types[table][name]) for name in columns) for row in of]
                await connection.copy_records_to_table(table, records=records, columns=columns)


def as_type(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind in ("json", "jsonb"):
        return orjson.dumps(value, default=list).decode()
    if kind == "bytea" and isinstance(value, str):
        return bytes.fromhex(value.removeprefix("\\x"))
    return value


async def keep_packs(url: str) -> None:
    """The packs that decide, kept as the first settlement under each keeps them."""
    connection = await asyncpg.connect(url)
    at = datetime.combine(NEW_YEAR, datetime.min.time(), COUNTY_ZONE)
    for pack in shipped_packs().packs:
        row = (pack.hash, pack.id, orjson.dumps(pack.document).decode(), at)
        await connection.execute("INSERT INTO policy_packs VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", *row)
    await connection.close()


if __name__ == "__main__":
    asyncio.run(fill(os.environ["ONESTOP_DATABASE_URL"], int(sys.argv[1]), processes=os.cpu_count() or 1))
