"""
A base backup of the embedded PostgreSQL, and its restore to any moment since: the files as they were, and the log of
changes (`wal_archive`) replayed up to that moment.
"""

import asyncio
import os
import shutil
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from asyncpg import PostgresError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.backup_run import Manifest, digest, make_folder, program, version_of
from service.clock import Clock
from service.config import Settings
from service.console import CommandRefused, step
from service.database import engine_on
from service.db import transaction_on
from service.embedded import EmbeddedPostgres, EmbeddedPostgresError
from service.embedded.archive import replaying
from service.embedded.place import Account, account_for, given_to, home_below
from service.migrate import revision

_BASE: Final = "base"
_OWN_MANIFEST: Final = f"{_BASE}/backup_manifest"
_LOOK_SECONDS: Final = 0.2
PASSWORD: Final = "postgres.password"  # noqa: S105  (the name of a file)


async def run_base_backup(url: str, settings: Settings, folder: Path) -> dict[str, Any]:
    """Copy the server's files into a new folder while it works; gives the manifest. Raises CommandRefused."""
    if settings.database_url is not None:
        raise CommandRefused("ONESTOP_DATABASE_URL is set: take base backups with that PostgreSQL's own tools")
    make_folder(folder)
    async with engine_on(url, settings) as engine, transaction_on(engine) as tx:
        version, at_head = await version_of(tx), await revision(tx)
    whole = ("--format=plain", "--wal-method=stream", "--checkpoint=fast", f"--pgdata={folder / _BASE}")
    with step("Copying the server's files"):
        program(settings, version, "pg_basebackup", *whole, url=url)
        shutil.copyfile(settings.data_dir / PASSWORD, folder / PASSWORD)
    files = {name: digest(folder / name) for name in (_OWN_MANIFEST, PASSWORD)}
    manifest = Manifest.made("base", Clock().now(), version, at_head, files)
    manifest.write(folder)
    return asdict(manifest) | {"folder": os.fspath(folder)}


def run_base_restore(settings: Settings, folder: Path, until: datetime | None) -> dict[str, Any]:
    """
    Make the embedded PostgreSQL of a new data folder out of a base backup, and bring it to a moment.

    Raises CommandRefused where the backup is damaged, there is data already, or the log does not reach the moment.
    """
    if settings.database_url is not None:
        raise CommandRefused("ONESTOP_DATABASE_URL is set: restore a base backup with that PostgreSQL's own tools")
    manifest = Manifest.read(folder, "base")
    home = home_below(settings.data_dir) if settings.data_dir.exists() else _new_home(settings.data_dir)
    if (home / "data").exists():
        raise CommandRefused(f"{settings.data_dir} has a database: restore into a new ONESTOP_DATA_DIR")
    with step("Checking and copying the files"):
        program(settings, manifest.server_version, "pg_verifybackup", os.fspath(folder / _BASE), url="postgresql://")
        options = _replayed(settings, account_for(home), until)
        _lay_out(folder, settings.data_dir, home, account_for(home))
    server = EmbeddedPostgres(settings.data_dir, options=options)
    with step("Replaying the log of changes"):
        try:
            asyncio.run(_replayed_whole(server.start(), settings))
        except (CommandRefused, EmbeddedPostgresError, DBAPIError, PostgresError) as error:
            # The server ends itself where the log does: what it had got to by then is not what was asked for.
            server.stop()
            shutil.rmtree(home / "data")
            log = home / "server.log"
            raise CommandRefused(f"the log of changes does not reach that moment; nothing is left ({log})") from error
        finally:
            server.stop()
    reached = until.isoformat() if until is not None else manifest.taken_at
    return {"revision": manifest.revision, "taken_at": manifest.taken_at, "reached": reached}


def _replayed(settings: Settings, account: Account, until: datetime | None) -> dict[str, str]:
    if settings.wal_archive is None:
        if until is not None:
            raise CommandRefused("to bring it to a moment, set ONESTOP_WAL_ARCHIVE to the folder of the log of changes")
        return {}
    try:
        return dict(replaying(settings.wal_archive, account, until))
    except PermissionError as error:
        raise CommandRefused(str(error)) from error


async def _replayed_whole(url: str, settings: Settings) -> None:
    """
    Wait until the server has left recovery: it lets readers in long before, and stopped by then it would go on with
    the replay at its next start, where nobody says any more from where and until when.
    """
    async with engine_on(url, settings) as engine:
        while True:
            async with transaction_on(engine) as tx:
                if not await tx.scalar(text("SELECT pg_is_in_recovery()")):
                    return
            await asyncio.sleep(_LOOK_SECONDS)


def _new_home(data_dir: Path) -> Path:
    data_dir.mkdir(parents=True)
    return home_below(data_dir)


def _lay_out(folder: Path, data_dir: Path, home: Path, account: Account) -> None:
    new = home / "data.new"
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(folder / _BASE, new)
    (new / "recovery.signal").touch()
    for path in (new, *new.rglob("*")):
        given_to(path, account)
    new.chmod(0o700)
    kept = data_dir / PASSWORD
    kept.touch(mode=0o600)
    kept.write_text((folder / PASSWORD).read_text())
    new.rename(home / "data")
