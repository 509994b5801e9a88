"""The embedded PostgreSQL: whoever starts it, wherever its data lies, whatever is killed."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from service.embedded import EmbeddedPostgres, EmbeddedPostgresError
from service.embedded.cluster import Cluster

ROOT = Path(__file__).parents[1]
# A kill loses no committed row because of the log, not because of fsync; only a power cut needs that.
QUICK = {"fsync": "off"}
HOLD = "import sys, time; from pathlib import Path; from service.embedded import EmbeddedPostgres as E\n"
HOLD += "print(E(Path(sys.argv[1]), options={'fsync': 'off'}).start(), flush=True); time.sleep(600)"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that is gone after the test, with what lies on open ground for it."""
    made = Path(tempfile.mkdtemp(prefix="onestop-ground-"))
    made.chmod(0o755)
    yield made
    home = made / "postgres"
    if home.is_symlink():
        shutil.rmtree(home.resolve())
    shutil.rmtree(made)


def ask(url: str, statement: str, **options: str) -> object:
    async def asked() -> object:
        connection = await asyncpg.connect(url, **options)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(asked())


def gone(pid: int) -> bool:
    """Whether the process ends within ten seconds."""
    try:
        psutil.Process(pid).wait(10)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


def test_it_is_alike_on_every_machine_and_asks_for_a_password(folder: Path) -> None:
    with EmbeddedPostgres(folder, options=QUICK) as server:
        url = server.start()

        assert ask(url, "SHOW server_encoding") == "UTF8"
        assert ask(url, "SHOW timezone") == "UTC"
        assert ask(url, "SELECT datlocale FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
        assert oct((folder / "postgres.password").stat().st_mode & 0o777) == "0o600"
        with pytest.raises(asyncpg.InvalidPasswordError):
            ask(url, "SELECT 1", password="guessed")  # noqa: S106  (a wrong one, on purpose)


def test_what_was_kept_is_there_after_a_stop(folder: Path) -> None:
    server = EmbeddedPostgres(folder, options=QUICK)
    ask(server.start(), "CREATE TABLE kept AS SELECT 7 AS seven")
    server.stop()
    assert not server.is_running()

    with EmbeddedPostgres(folder, options=QUICK) as again:
        assert ask(again.start(), "SELECT seven FROM kept") == 7


def test_the_server_never_runs_as_root(folder: Path) -> None:
    with EmbeddedPostgres(folder, options=QUICK) as server:
        owner = psutil.Process(server.pid).uids().effective

    assert owner != 0
    assert owner == os.geteuid() or os.geteuid() == 0


def test_a_closed_home_does_not_keep_it_from_its_data(folder: Path) -> None:
    closed = folder / "home"
    closed.mkdir(mode=0o700)
    data = closed / "clone" / "data"
    try:
        with EmbeddedPostgres(data, options=QUICK) as server:
            assert ask(server.start(), "SELECT 1") == 1
        with EmbeddedPostgres(data, options=QUICK) as server:
            assert ask(server.start(), "SELECT 1") == 1
    finally:
        if (data / "postgres").is_symlink():
            shutil.rmtree((data / "postgres").resolve())


def test_a_second_one_on_the_same_folder_is_told_who_holds_it(folder: Path) -> None:
    with (
        EmbeddedPostgres(folder, options=QUICK),
        pytest.raises(EmbeddedPostgresError, match=f"in use by process {os.getpid()}"),
    ):
        EmbeddedPostgres(folder, options=QUICK).start()


def test_a_killed_server_comes_back_at_the_same_address_with_all_it_had(folder: Path) -> None:
    with EmbeddedPostgres(folder, options=QUICK) as server:
        url = server.start()
        ask(url, "CREATE TABLE kept AS SELECT 7 AS seven")
        assert server.pid is not None
        killed = psutil.Process(server.pid)
        killed.kill()
        killed.wait()

        assert server.start() == url
        assert ask(url, "SELECT seven FROM kept") == 7


def test_it_ends_with_a_killed_service_and_starts_with_the_next(folder: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, folder], cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert holder.stdout is not None
    with holder.stdout:
        ask(holder.stdout.readline().strip(), "CREATE TABLE kept AS SELECT 7 AS seven")
    server = int((folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
    holder.kill()
    holder.wait()

    assert gone(server)
    with EmbeddedPostgres(folder, options=QUICK) as again:
        assert ask(again.start(), "SELECT seven FROM kept") == 7


def test_a_server_that_outlived_its_service_is_stopped_by_the_next(folder: Path) -> None:
    EmbeddedPostgres(folder, options=QUICK).__enter__().stop()
    cluster = Cluster.below(folder)
    owner = cluster.data.stat()
    orphan = subprocess.Popen(
        [cluster.programs / "postgres", "-D", cluster.data, "-c", "listen_addresses="],
        cwd=cluster.home,
        stderr=subprocess.DEVNULL,
        user=owner.st_uid,
        group=owner.st_gid,
    )
    while not cluster.is_ready(orphan.pid):
        with suppress(subprocess.TimeoutExpired):
            orphan.wait(0.01)

    with EmbeddedPostgres(folder, options=QUICK) as server:
        assert orphan.wait() == 0
        assert ask(server.start(), "SELECT 1") == 1


def test_what_a_killed_machine_left_does_not_stop_it(folder: Path) -> None:
    """A process number that is by now another's, and data that was never finished."""
    unfinished = Cluster.below(folder).home / "data.new"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    EmbeddedPostgres(folder, options=QUICK).__enter__().stop()
    (folder / "postgres" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n1\n5432\n\n\n\nready\n")

    with EmbeddedPostgres(folder, options=QUICK) as server:
        assert ask(server.start(), "SELECT 1") == 1


def test_a_start_that_fails_says_why_and_lets_go(folder: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
        EmbeddedPostgres(folder, options={"no_such_setting": "1"}).start()

    EmbeddedPostgres(folder, options=QUICK).__enter__().stop()
