"""
`onestop backup` and `onestop restore`: everything a county has, in one file, and a manifest of what it must be.

A dump is one moment of the database, taken while the service works, and readable by later versions of PostgreSQL.
`base_backup_run` keeps the other kind. The keys of personal data are in neither: without them a backup opens nothing.
"""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.clock import Clock
from service.config import Settings
from service.console import CommandRefused, step
from service.db import transaction_on
from service.embedded.place import Account, programs_for
from service.migrate import is_at_head, revision

MANIFEST: Final = "manifest.json"
DUMP: Final = "onestop.dump"
_FORMAT: Final = 1
_CHUNK: Final = 1 << 20
# What the programs that come with the service write, an older server cannot read.
_OURS_RESTORE_FROM: Final = 17
_TABLES: Final = text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
_SETTLEMENTS: Final = text("SELECT count(*) FROM settlements")
# Roles belong to the server, so a dump leaves them out, and what they may do with them: migrating says both.
_PROTECT: Final = text("SELECT protect_tables()")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is, and the hash of each of its files."""

    format: int
    kind: str
    taken_at: str
    server_version: int
    revision: str
    files: dict[str, str]

    @classmethod
    def read(cls, folder: Path, kind: str | None = None) -> "Manifest":
        """The manifest of a backup. Raises CommandRefused where there is none, or a part of it is not as it was."""
        try:
            found = cls(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise CommandRefused(f"{folder} is no backup: {MANIFEST} cannot be read ({error})") from error
        if found.format != _FORMAT or (kind is not None and found.kind != kind):
            raise CommandRefused(f"{folder} is a backup of another kind ({found.kind}, format {found.format})")
        for name, hashed in found.files.items():
            path = folder / name
            if not path.is_file() or digest(path) != hashed:
                raise CommandRefused(f"{path} is missing or not what was written: do not restore from this backup")
        return found

    @classmethod
    def made(cls, kind: str, at: datetime, version: int, at_head: str, files: dict[str, str]) -> "Manifest":
        return cls(_FORMAT, kind, at.isoformat(), version, at_head, files)

    def write(self, folder: Path) -> None:
        """Last of all: a folder without it is no backup."""
        path = folder / f"{MANIFEST}.part"
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        path.rename(folder / MANIFEST)


async def run_backup(engine: AsyncEngine, settings: Settings, folder: Path) -> dict[str, Any]:
    """Dump the database into a new folder; gives its manifest. Raises CommandRefused."""
    make_folder(folder)
    async with transaction_on(engine) as tx:
        version, at_head = await version_of(tx), await revision(tx)
    url, dump = engine.url.render_as_string(hide_password=False), folder / DUMP
    with step("Writing the backup"):
        program(settings, version, "pg_dump", "--format=custom", "--no-owner", f"--file={dump}", url=url)
    manifest = Manifest.made("dump", Clock().now(), version, at_head, {DUMP: digest(dump)})
    manifest.write(folder)
    return asdict(manifest) | {"folder": os.fspath(folder), "bytes": dump.stat().st_size}


async def run_restore(engine: AsyncEngine, settings: Settings, folder: Path) -> dict[str, Any]:
    """
    Fill an empty database from a dump, whole or not at all; gives how many settlements it has, and its revision.

    Raises CommandRefused where the backup is damaged or the database has anything in it.
    """
    manifest = Manifest.read(folder, "dump")
    async with transaction_on(engine) as tx:
        if await tx.scalar(_TABLES):
            raise CommandRefused("the database is not empty: restore into a new one, and keep this one until it works")
        version = await version_of(tx)
    if version < manifest.server_version:
        raise CommandRefused(
            f"the backup is of PostgreSQL {manifest.server_version}, and this is {version}: use a newer"
        )
    url = engine.url.render_as_string(hide_password=False)
    whole = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", f"--dbname={_name(url)}")
    with step("Restoring"):
        program(settings, version, "pg_restore", *whole, os.fspath(folder / DUMP), url=url)
    async with transaction_on(engine) as tx:
        await tx.execute(_PROTECT)
        await tx.execute(text("ANALYZE"))
        settlements = await tx.scalar(_SETTLEMENTS)
        newest = await is_at_head(tx)
    return {"settlements": settlements, "revision": manifest.revision, "newest": newest, "taken_at": manifest.taken_at}


def make_folder(folder: Path) -> None:
    """A new folder that only we may read. Raises CommandRefused where something is there."""
    if folder.exists() and any(folder.iterdir()):
        raise CommandRefused(f"{folder} is not empty: a backup has a folder of its own")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


async def version_of(tx: AsyncConnection) -> int:
    """The server's major version."""
    return int(await tx.scalar(text("SELECT current_setting('server_version_num')::int / 10000")))


def program(settings: Settings, version: int, name: str, *arguments: str, url: str) -> None:
    """Run one of PostgreSQL's own programs on the database. Raises CommandRefused with what it says."""
    with _environment(url) as environment:
        command = [os.fspath(_programs(settings, version) / name), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandRefused(f"{name} failed: {done.stderr.strip()}")


def _programs(settings: Settings, version: int) -> Path:
    """Those that were told, those that Debian has for the server's version, or those that come with the service."""
    candidates = [Path(f"/usr/lib/postgresql/{version}/bin")]
    if settings.postgres_bin is not None:
        candidates = [settings.postgres_bin]
    elif version >= _OURS_RESTORE_FROM:
        candidates.append(programs_for(Account()))
    for folder in candidates:
        if (folder / "pg_dump").exists():
            return folder
    raise CommandRefused(
        f"there is no pg_dump of PostgreSQL {version} in {candidates[-1]}: install the client of that version, or set"
        " ONESTOP_POSTGRES_BIN to its folder"
    )


@contextmanager
def _environment(url: str) -> Iterator[dict[str, str]]:
    """The address where only the program reads it: arguments are seen by everybody on the machine."""
    parts = make_url(url)
    named = {"PGHOST": parts.host, "PGPORT": parts.port, "PGUSER": parts.username, "PGPASSWORD": parts.password}
    own = {name: str(value) for name, value in named.items() if value is not None}
    yield {**os.environ, **own, "PGDATABASE": _name(url), "PGTZ": "UTC"}


def _name(url: str) -> str:
    return make_url(url).database or ""


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            hashed.update(piece)
    return hashed.hexdigest()


def told(answer: dict[str, Any]) -> str:
    """What was restored, and what to do next."""
    after = "" if answer["newest"] else " It is of an older version: run `onestop migrate`."
    taken = datetime.fromisoformat(answer["taken_at"])
    return (
        f"Restored {answer['settlements']} settlements as of {taken:%Y-%m-%d %H:%M:%S %z}.{after}"
        " Run `onestop verify` before you serve it."
    )
