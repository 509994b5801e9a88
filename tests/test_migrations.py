"""The migrations and the tables in the code say the same, and a database gets there whole or not at all."""

import asyncio
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.config import Settings
from service.db import create_system_engine, transaction_on
from service.migrate import MIGRATIONS, all_tables, is_at_head, newest, upgrade

SCRIPTS = ScriptDirectory(str(MIGRATIONS))

# What alembic's comparison does not look at: constraints of every kind and indexes, as PostgreSQL itself writes them.
# Triggers stand in the migrations alone, constraint triggers too.
DEFINITIONS = {
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype NOT IN ('n', 't')""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "columns": """
        SELECT table_name, column_name, concat_ws(' ', udt_name, is_nullable, column_default, is_identity)
        FROM information_schema.columns WHERE table_schema = 'public'""",
}


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return list(compare_metadata(context, all_tables()))


async def definitions(tx: AsyncConnection) -> dict[str, set[tuple[str, ...]]]:
    return {
        what: {tuple(row) for row in await tx.execute(text(query)) if row[0] != "alembic_version"}
        for what, query in DEFINITIONS.items()
    }


async def test_the_migrations_make_exactly_the_tables_that_the_code_describes(
    database_url: str, empty_database_url: str
) -> None:
    migrated, described = (
        create_system_engine(database_url, Settings()),
        create_system_engine(empty_database_url, Settings()),
    )
    async with transaction_on(described) as tx:
        await tx.execute(text("CREATE EXTENSION IF NOT EXISTS btree_gist"))
        await tx.run_sync(all_tables().create_all)
        in_the_code = await definitions(tx)

    async with transaction_on(migrated) as tx:
        assert await tx.run_sync(differences) == []
        in_the_database = await definitions(tx)

    for what, definition in in_the_code.items():
        assert in_the_database[what] ^ definition == set(), what
    await migrated.dispose()
    await described.dispose()


def test_the_migrations_are_one_line_with_one_end() -> None:
    assert SCRIPTS.get_heads() == [newest()]
    assert [step.revision for step in SCRIPTS.walk_revisions()][::-1] == [
        f"{number + 1:04d}" for number in range(len(list(SCRIPTS.walk_revisions())))
    ]


def test_no_migration_makes_the_service_wait_long_behind_a_lock() -> None:
    assert [
        script.path
        for script in SCRIPTS.walk_revisions()
        if "SET LOCAL lock_timeout" not in Path(script.path).read_text()
    ] == []


async def test_several_processes_may_migrate_at_once(empty_database_url: str) -> None:
    engines = [create_system_engine(empty_database_url, Settings()) for _ in range(4)]
    async with transaction_on(engines[0]) as tx:
        assert not await is_at_head(tx)

    revisions = await asyncio.gather(*(upgrade(engine) for engine in engines))

    assert set(revisions) == {SCRIPTS.get_current_head()}
    async with transaction_on(engines[0]) as tx:
        assert await is_at_head(tx)
    for engine in engines:
        await engine.dispose()
