"""The database that a command works on: the configured one, or our own for as long as the command runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.vault import Vault
from service.config import Settings
from service.console import CommandRefused, step
from service.db import create_system_engine, transaction_on
from service.embedded import EmbeddedPostgres
from service.embedded.running import running_at
from service.migrate import is_at_head, upgrade
from service.registers.persons.known_keys import check_keys


@contextmanager
def database(settings: Settings) -> Iterator[tuple[str, EmbeddedPostgres | None]]:
    """The address of the configured database; where none is, of our own, which runs as long as the block."""
    if settings.database_url is not None:
        yield settings.database_url, None
        return
    server = EmbeddedPostgres(settings.data_dir, archive=settings.wal_archive)
    try:
        with step("Starting PostgreSQL"):
            url = server.start()
        yield url, server
    finally:
        server.stop()


@contextmanager
def within_reach(settings: Settings) -> Iterator[str]:
    """As `database`; our own is used where another process runs it, and started only where none does."""
    running = running_at(settings.data_dir) if settings.database_url is None else None
    if running is not None:
        yield running
        return
    with database(settings) as (url, _):
        yield url


def done(act: Callable[[AsyncEngine, Settings], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """What an action on the county's database answers; the database is started for it where it is our own."""
    settings = Settings()
    with database(settings) as (url, server):
        asyncio.run(ensure_schema(url, settings, ours=server is not None))
        asyncio.run(ensure_keys(url, settings))
        return asyncio.run(_act(url, settings, act))


async def _act(
    url: str, settings: Settings, act: Callable[[AsyncEngine, Settings], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    async with engine_on(url, settings) as engine:
        return await act(engine, settings)


async def ensure_schema(url: str, settings: Settings, *, ours: bool) -> None:
    if ours:
        await upgraded(url, settings)
        return
    async with engine_on(url, settings) as engine, transaction_on(engine) as tx:
        if not await is_at_head(tx):
            raise CommandRefused("the database does not have the newest schema: run `onestop migrate` first")


async def ensure_keys(url: str, settings: Settings) -> None:
    """Raises VaultError where the keys that are given are not those of the people who are there."""
    if settings.keys is None and settings.keys_file is None:
        return
    async with engine_on(url, settings) as engine, transaction_on(engine) as tx:
        await check_keys(tx, Vault.from_settings(settings))


async def upgraded(url: str, settings: Settings) -> str:
    async with engine_on(url, settings) as engine:
        return await upgrade(engine)


@asynccontextmanager
async def engine_on(url: str, settings: Settings) -> AsyncIterator[AsyncEngine]:
    """Works on the whole database of this address. Raises CommandRefused where it cannot be reached."""
    engine = create_system_engine(url, settings)
    try:
        yield engine
    except OSError as error:
        raise CommandRefused(f"the database of ONESTOP_DATABASE_URL cannot be reached: {error}") from error
    finally:
        await engine.dispose()
