"""
An upgrade under traffic: the next version's migration, while this version's processes answer; then one of them is
replaced, so that an old and a new process answer side by side.

What it stands for: the migration is the bench's own and only adds, as every migration must (the seals name each column
that they cover: one that is gone is a forgery): columns in tables that are written and read all the time, an index, a
function replaced, and the mark of a revision that the running code does not know. The new process has the same code as
the old one: there is no other version of it here, so that the mark is taken back at the end.
The service's real migrations are tried one by one, on a county's data and under its locks, in
`tests/test_migrations_under_traffic.py`.
"""

import asyncio
import signal
from collections.abc import Sequence
from random import Random
from typing import Final

import httpx
import psutil
from sqlalchemy.exc import DBAPIError

from scripts.faulting.cast import Cast
from scripts.faulting.place import Place
from service.db import transaction_on
from service.wire.problems import sqlstate_of

NAME: Final = "two versions at once"
SHARE: Final = 1
_TABLES: Final = (
    "settlements",
    "settlement_layers",
    "accumulator_entries",
    "ledger_entries",
    "postings",
    "persons",
    "statements",
    "statement_lines",
    "readjudications",
    "payout_parts",
    "idempotency_keys",
    "audit_log",
)
_AT_ONCE: Final = 4
_FUNCTION: Final = "DO $do$ BEGIN EXECUTE pg_get_functiondef('open_person'::regproc); END $do$"
_MARK: Final = "UPDATE alembic_version SET version_num = '{}'"
_NEXT: Final = "9999"
_GAVE_WAY: Final = {"55P03", "40P01"}
_TRIES: Final = 20
_SECONDS: Final = (0.5, 1.5)
_START_SECONDS: Final = 60
_ASKED: Final = 20
_PAUSE: Final = 0.1


async def strike(cast: Cast, dice: Random) -> str:
    place, tables = cast.place, dice.sample(_TABLES, _AT_ONCE)
    known = await place.scalar("SELECT version_num FROM alembic_version")
    name = f"added_{dice.randrange(10**9)}"
    added = [f"ALTER TABLE {table} ADD COLUMN {name} text" for table in tables]
    index = f"CREATE INDEX ix_{name} ON {tables[0]} (county_code, {name})"
    await _migrated(place, [*added, index, _FUNCTION, _MARK.format(_NEXT)])
    await asyncio.sleep(dice.uniform(*_SECONDS))
    await _one_replaced(place, dice)
    await _all_ready(place)
    await asyncio.sleep(dice.uniform(*_SECONDS))
    await _migrated(place, [_MARK.format(known)])
    return "an old and a new process on a schema that grows"


async def _migrated(place: Place, statements: Sequence[str]) -> None:
    """As `onestop migrate`: all of it or none, with a bounded wait for locks, and run again where it gave way."""
    for _ in range(_TRIES):
        try:
            async with transaction_on(place.engine) as tx:
                await tx.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
                for statement in statements:
                    await tx.exec_driver_sql(statement)
            return
        except DBAPIError as error:
            if sqlstate_of(error) not in _GAVE_WAY:
                raise
    raise AssertionError("the migration never got its turn")


async def _one_replaced(place: Place, dice: Random) -> None:
    """End one of the server processes in an orderly way, and wait until the one started in its place works."""
    before = place.service.processes()
    dice.choice(before).send_signal(signal.SIGTERM)
    known = {one.pid for one in before}
    async with asyncio.timeout(_START_SECONDS):
        while not any(one.pid not in known and _works(one, place) for one in place.service.processes()):
            await asyncio.sleep(_PAUSE)


def _works(process: psutil.Process, place: Place) -> bool:
    """Whether it has a connection to the database, which it opens when it serves."""
    try:
        return any(line.raddr and line.raddr.port == place.service.proxy.port for line in process.net_connections())
    except psutil.Error:
        return False


async def _all_ready(place: Place) -> None:
    """Whichever process it is that answers."""
    for _ in range(_ASKED):
        async with httpx.AsyncClient() as caller:
            answer = await caller.get(f"{place.service.url}/readyz")
        assert answer.is_success, f"not ready beside another version: {answer.status_code} {answer.text}"
