"""
The engine, the table base and the transaction. The only file that begins or ends a transaction.

One request is one transaction, committed before the answer leaves.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from service.config import Settings

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


def create_engine(url: str, settings: Settings) -> AsyncEngine:
    """A pool for one server process. Waiting for a lock ends after `lock_wait_seconds` with an error of its own."""
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
            "server_settings": {
                "application_name": "onestop",
                "lock_timeout": f"{round(settings.lock_wait_seconds * 1000)}",
                "timezone": "UTC",
                # The few statements of the discharge path look up by key: planning each anew costs more than it gains.
                "plan_cache_mode": "force_generic_plan",
            }
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


async def _transaction(request: Request) -> AsyncIterator[AsyncConnection]:
    async with transaction_on(request.app.state.engine) as connection:
        yield connection


# scope="function": FastAPI would otherwise answer first and commit afterwards.
Tx = Annotated[AsyncConnection, Depends(_transaction, scope="function")]
