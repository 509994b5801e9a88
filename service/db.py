"""
The engine, the table base and the transaction. The only file that begins or ends a transaction.

One request is one transaction, committed before the answer leaves.

**Whose rows.** Row-level security is the second net below what the stores ask for: every row about a person, a visit
or money has a county, and PostgreSQL shows it only to a transaction that was begun for this county, or for all of
them. A server process connects as a role for which that holds (`APP_ROLE`); a transaction that nobody declared
(`see`) finds those tables empty and can write nothing to them. Commands that work on whole databases (migrating,
loading, re-sealing, verifying) say so by `create_system_engine`.
"""

import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Annotated, Any, Final

import asyncpg
import orjson
from fastapi import Depends, Request
from sqlalchemy import MetaData, RowMapping, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from service.config import Settings
from service.lines import KEEPALIVE, Line, note_waiting

_NAMED: Final = re.compile(r"(?<!:):([a-z_]+)")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every package's tables hang on this one; alembic compares it with the migrations."""


def async_url(url: str) -> str:
    """The address as SQLAlchemy's asyncpg dialect wants it, whichever of the usual spellings it came in."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+asyncpg"):
        raise ValueError("the database address must start with postgresql://")
    return f"postgresql+asyncpg://{rest}"


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


APP_ROLE: Final = "onestop_app"
"""The role of server processes; migration makes it. It owns nothing and is subject to row-level security."""

EVERY_COUNTY: Final = "*"
"""What a hospital sees, which treats people of every county: its stores ask for its own visits."""

_sight: ContextVar[str | None] = ContextVar("sight", default=None)


def see(county_code: str) -> None:
    """From here on in this request, transactions see and write this county's rows; `EVERY_COUNTY`: all rows."""
    _sight.set(county_code)


@contextmanager
def seeing(county_code: str | None) -> Iterator[None]:
    """As `see`, for as long as the block; None sees nothing."""
    token = _sight.set(county_code)
    try:
        yield
    finally:
        _sight.reset(token)


class _SeeingConnection(Line):
    """Says with BEGIN whose rows the transaction sees, in the same message: no round trip more."""

    __slots__ = ()

    async def execute(self, query: str, *args: Any, **options: Any) -> str:
        if query.startswith("BEGIN"):
            county_code = (_sight.get() or "").replace("'", "''")
            query = f"{query} SET LOCAL onestop.county = '{county_code}'"
        # SQLAlchemy begins in the midst of its first statement, which is then still to be answered.
        before, self.waits_since = self.waits_since, time.monotonic()
        try:
            status: str = await super().execute(query, *args, **options)
        finally:
            self.waits_since = before
        return status


def create_engine(url: str, settings: Settings) -> AsyncEngine:
    """
    A pool for one server process, which sees what `see` declares.

    Waiting for a lock ends after `lock_wait_seconds` with an error of its own, any statement after `statement_seconds`.
    """
    engine = _engine(url, settings, _of_a_server(settings), _SeeingConnection)
    note_waiting(engine)
    return engine


def _of_a_server(settings: Settings) -> dict[str, str]:
    return {"role": APP_ROLE, "statement_timeout": f"{round(settings.statement_seconds * 1000)}"}


def create_system_engine(url: str, settings: Settings) -> AsyncEngine:
    """A pool for work on the whole database, as the role of the address itself: it owns the tables and sees all."""
    return _engine(url, settings, {}, Line)


def _engine(url: str, settings: Settings, server_settings: dict[str, str], line: type[Line]) -> AsyncEngine:
    return create_async_engine(
        async_url(url),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_wait_seconds,
        pool_pre_ping=False,
        # Parameters are personal data: they must not travel in error messages.
        hide_parameters=True,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        connect_args={
            "connection_class": line,
            "server_settings": {
                "application_name": "onestop",
                "lock_timeout": f"{round(settings.lock_wait_seconds * 1000)}",
                "timezone": "UTC",
                # The few statements of the discharge path look up by key: planning each anew costs more than it gains.
                "plan_cache_mode": "force_generic_plan",
                **KEEPALIVE,
                **server_settings,
            },
        },
    )


@asynccontextmanager
async def transaction_on(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction: committed when the block ends, rolled back when it raises."""
    async with engine.begin() as connection:
        yield connection


@asynccontextmanager
async def savepoint(tx: AsyncConnection) -> AsyncIterator[None]:
    """A part of a transaction: when it raises, what it did is undone and the transaction goes on."""
    async with tx.begin_nested():
        yield


class Direct:
    """
    A statement of the discharge path, given to the driver itself: the same transaction, without the way through
    SQLAlchemy, which costs the server more than the kernel does. Written as for `text`, with `:names`.

    Failures are SQLAlchemy's, as of every other statement.
    """

    def __init__(self, sql: str) -> None:
        self.text = text(sql)
        self._names = list(dict.fromkeys(_NAMED.findall(sql)))
        places = {name: f"${place}" for place, name in enumerate(self._names, 1)}
        self._sql = _NAMED.sub(lambda found: places[found[1]], sql)

    async def scalar(self, tx: AsyncConnection, values: Mapping[str, Any]) -> Any:
        """Run it; gives the first column of the first row, None where there is none."""
        row = await self.row(tx, values)
        return None if row is None else next(iter(row.values()))

    async def row(self, tx: AsyncConnection, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Run it; gives the first row by the names of its columns, None where there is none."""
        adapted = _adapted(tx)
        if not adapted.driver_connection.is_in_transaction():
            # SQLAlchemy begins a transaction with its own first statement; this may be the first.
            try:
                await adapted._start_transaction()
            except adapted.dbapi.Error:
                # What becomes of a connection that was lost is SQLAlchemy's to say: let it meet the failure itself.
                found: RowMapping | None = (await tx.execute(self.text, values)).mappings().first()
                return None if found is None else {**found}
        return await self._run(adapted.driver_connection, values)

    async def alone(self, engine: AsyncEngine, values: Mapping[str, Any]) -> bool:
        """Run it as a transaction of its own, in one message and in no county's sight; whether it gave a row."""
        async with engine.connect() as connection:
            return await self._run(_adapted(connection).driver_connection, values) is not None

    async def _run(self, line: Line, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        line.waits_since = time.monotonic()
        try:
            found: Mapping[str, Any] | None = await line.fetchrow(self._sql, *(values[name] for name in self._names))
        except asyncpg.IntegrityConstraintViolationError as error:
            raise IntegrityError(self._sql, None, error, hide_parameters=True) from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise DBAPIError(self._sql, None, error, hide_parameters=True) from error
        finally:
            line.waits_since = None
        return found


def _adapted(connection: AsyncConnection) -> Any:
    """The driver's connection as SQLAlchemy wraps it."""
    assert connection.sync_connection is not None
    adapted = connection.sync_connection.connection.dbapi_connection
    assert adapted is not None
    assert isinstance(adapted.driver_connection, Line)
    return adapted


async def _transaction(request: Request) -> AsyncIterator[AsyncConnection]:
    async with transaction_on(request.app.state.engine) as connection:
        yield connection


# scope="function": FastAPI would otherwise answer first and commit afterwards.
Tx = Annotated[AsyncConnection, Depends(_transaction, scope="function")]
