"""Bring a database to the newest schema, and tell whether it is there."""

import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.db import metadata, transaction_on

MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"
VERSIONS: Final = MIGRATIONS / "versions"
_REVISION: Final = re.compile(r'^revision = "(\d+)"$', re.MULTILINE)

_ADVISORY_KEY: Final = int.from_bytes(b"onestop")
"""Any number will do, as long as every process that migrates a database takes the same."""


def all_tables() -> MetaData:
    """The metadata with every package's tables on it."""
    home = Path(__file__).parents[1]
    for path in sorted(Path(__file__).parent.rglob("tables.py")):
        import_module(".".join(path.relative_to(home).with_suffix("").parts))
    return metadata


async def upgrade(engine: AsyncEngine, to: str = "head") -> str:
    """
    Bring the database to the newest schema, or up to a revision: all of it or, when a step fails, none. Gives where
    it is then.

    Several processes may ask at once: one does it, the others wait for that one and find it done.
    """
    async with transaction_on(engine) as tx:
        await tx.execute(text("SET LOCAL lock_timeout = 0"))
        await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY})
        await tx.run_sync(_upgrade, to)
        return await revision(tx)


async def is_at_head(tx: AsyncConnection) -> bool:
    """Whether the database's schema is the one this code was written for."""
    return await revision(tx) == newest()


async def is_served(tx: AsyncConnection) -> bool:
    """
    Whether this code can work with the schema: its own, or that of a later version, which only adds to it.

    So that a county is upgraded without a pause: first the schema, and then one process after another. Revisions are
    numbered in their order.
    """
    return await revision(tx) >= newest()


async def revision(tx: AsyncConnection) -> str:
    """The revision of the database's schema; empty where it has none."""
    if await tx.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return ""
    return str(await tx.scalar(text("SELECT max(version_num) FROM alembic_version")) or "")


@cache
def newest() -> str:
    """The newest revision there is, read from the migrations."""
    found: list[str] = _REVISION.findall("".join(path.read_text(encoding="utf-8") for path in VERSIONS.glob("*.py")))
    return max(found)


def _upgrade(connection: Connection, to: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
