"""`onestop backup` and `onestop restore` as an operator meets them: whole, checked, and never over anything."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from service.embedded import EmbeddedPostgres
from tests.bulk.county import fill
from tests.conftest import KEYS, Cluster

ROOT = Path(__file__).parents[1]
SETTLEMENTS = 60


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    own = {f"ONESTOP_{name.upper()}": value for name, value in settings.items()}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONESTOP_")}
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments],
        cwd=ROOT,
        env={**environment, "ONESTOP_KEYS": KEYS, **own},
        capture_output=True,
        text=True,
        check=False,
    )


def said(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def contents(url: str) -> dict[str, str]:
    """A hash of every table."""
    connection = await asyncpg.connect(url)
    names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    query = "SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM {} t"
    found = {row[0]: await connection.fetchval(query.format(row[0])) for row in names}
    await connection.close()
    return found


@dataclass(frozen=True)
class County:
    """A county on record, and a backup of it that was made while it was served."""

    url: str
    folder: Path
    written: dict[str, Any]

    def copied(self, to: Path) -> Path:
        """The backup once more, to be damaged."""
        return Path(copytree(self.folder, to / "backup"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def county(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[County]:
    async with cluster.copy() as url:
        await fill(url, SETTLEMENTS, lines=1)
        folder = tmp_path_factory.mktemp("backup") / "made"
        yield County(url, folder, said(run("backup", os.fspath(folder), "--json", database_url=url)))


async def test_a_restored_county_is_the_same_proves_clean_and_is_guarded_as_before(
    county: County, empty_database_url: str
) -> None:
    restored = said(run("restore", os.fspath(county.folder), "--json", database_url=empty_database_url))

    assert (county.written["kind"], restored["settlements"], restored["newest"]) == ("dump", SETTLEMENTS, True)
    assert await contents(empty_database_url) == await contents(county.url)
    assert said(run("verify", "--json", "--workers", "1", database_url=empty_database_url))["ok"]
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute("SET ROLE onestop_app")
    unseen = await connection.fetchval("SELECT count(*) FROM settlements")
    await connection.execute("SET onestop.county = '459901'")
    seen = await connection.fetchval("SELECT count(*) FROM settlements")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("DELETE FROM alembic_version")
    await connection.close()
    assert (unseen, seen) == (0, SETTLEMENTS)


async def test_a_damaged_backup_is_refused_and_leaves_nothing(
    county: County, empty_database_url: str, tmp_path: Path
) -> None:
    folder = county.copied(tmp_path)
    dump = folder / "onestop.dump"
    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 1
    dump.write_bytes(content)

    refused = run("restore", os.fspath(folder), database_url=empty_database_url)

    assert (refused.returncode, "not what was written" in refused.stderr) == (1, True)
    assert await contents(empty_database_url) == {}


async def test_a_backup_that_was_cut_off_is_none(county: County, empty_database_url: str, tmp_path: Path) -> None:
    folder = county.copied(tmp_path)
    (folder / "manifest.json").unlink()

    refused = run("restore", os.fspath(folder), database_url=empty_database_url)

    assert (refused.returncode, "is no backup" in refused.stderr) == (1, True)


async def test_nothing_is_ever_written_over(county: County) -> None:
    folder, before = os.fspath(county.folder), await contents(county.url)

    again = run("backup", folder, database_url=county.url)
    over = run("restore", folder, database_url=county.url)

    assert (again.returncode, "is not empty" in again.stderr) == (1, True)
    assert (over.returncode, "is not empty" in over.stderr) == (1, True)
    assert await contents(county.url) == before


async def test_a_restore_that_fails_halfway_leaves_nothing(county: County, empty_database_url: str) -> None:
    connection = await asyncpg.connect(empty_database_url)
    # In the way of one that the dump makes, after others.
    await connection.execute("CREATE FUNCTION renew_statistics(VARIADIC text[]) RETURNS void LANGUAGE sql AS ''")
    await connection.close()

    refused = run("restore", os.fspath(county.folder), database_url=empty_database_url)

    assert (refused.returncode, "renew_statistics" in refused.stderr) == (1, True)
    assert await contents(empty_database_url) == {}


@pytest.fixture
def ground() -> Iterator[Path]:
    """A folder that everybody may enter: run as root, PostgreSQL is another user."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def embedded(ground: Path) -> Iterator[EmbeddedPostgres]:
    """The embedded PostgreSQL, served by us, which keeps its log of changes."""
    server = EmbeddedPostgres(ground / "data", archive=ground / "wal")
    server.start()
    yield server
    server.stop()


@pytest.mark.long
async def test_a_base_backup_is_brought_to_any_moment_since(embedded: EmbeddedPostgres, ground: Path) -> None:
    url = embedded.start()
    said(run("migrate", "--json", database_url=url))
    folder, data = os.fspath(ground / "base"), os.fspath(ground / "data")
    said(run("backup", folder, "--base", "--json", data_dir=data))
    await fill(url, SETTLEMENTS, lines=1)
    moment, before = await instant(url), await contents(url)
    await fill_more(url)
    embedded.stop()

    new = os.fspath(ground / "new")
    archive = os.fspath(ground / "wal")
    late = run("restore", folder, "--to", "2099-01-01T00:00:00+00:00", data_dir=new, wal_archive=archive)
    restored = said(run("restore", folder, "--to", moment, "--json", data_dir=new, wal_archive=archive))

    assert (late.returncode, "does not reach that moment" in late.stderr) == (1, True), late.stderr
    assert restored["reached"].startswith(moment[:19])
    with EmbeddedPostgres(ground / "new") as server:
        assert await contents(server.start()) == before
    assert said(run("verify", "--json", "--workers", "1", data_dir=new))["ok"]
    over = run("restore", folder, "--to", moment, data_dir=new, wal_archive=archive)
    assert (over.returncode, "has a database" in over.stderr) == (1, True)


async def instant(url: str) -> str:
    """A moment after all that was committed, and the log written out as far as that."""
    connection = await asyncpg.connect(url)
    at: datetime = await connection.fetchval("SELECT clock_timestamp()")
    await connection.close()
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "+0000"


async def fill_more(url: str) -> None:
    """What happens after the moment, and must not be there."""
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE came_later AS SELECT 1 AS one")
    await connection.execute("SELECT pg_switch_wal()")
    await connection.close()
