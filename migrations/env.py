"""What alembic runs: on the connection it is handed (`service.migrate`), else on the configured database."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text

from service.config import Settings
from service.db import create_system_engine, transaction_on
from service.migrate import all_tables


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=all_tables(), compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()
    # From its own migration on; every later table is protected from its first day.
    if connection.scalar(text("SELECT to_regprocedure('protect_tables()')")) is not None:
        connection.execute(text("SELECT protect_tables()"))


async def migrate_configured_database() -> None:
    settings = Settings()
    if settings.database_url is None:
        raise SystemExit("set ONESTOP_DATABASE_URL to the database to work on")
    engine = create_system_engine(settings.database_url, settings)
    async with transaction_on(engine) as tx:
        await tx.run_sync(migrate)
    await engine.dispose()


if (handed := context.config.attributes.get("connection")) is not None:
    migrate(handed)
else:
    asyncio.run(migrate_configured_database())
