"""
The ground every test stands on: a real PostgreSQL, a database of its own, the application, server processes.

One server serves the whole run, shared by all xdist workers. Its database is migrated once, then copied for
each test.
"""

import asyncio
import base64
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.clock import Clock
from service.config import Settings
from service.db import EVERY_COUNTY, create_system_engine, seeing
from service.embedded import EmbeddedPostgres
from service.main import create_app
from service.migrate import upgrade
from service.processes import Worker, listen, start_worker, stop_workers

# Servers and commands are started several hundred times: what they are made of is compiled once, not each time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

KEYS = f"test:{base64.b64encode(bytes(range(32))).decode()}"

# Nothing here outlives the run, so nothing needs to reach the disk.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "1GB"}
MEMORY = Path("/dev/shm")  # noqa: S108  (a folder of our own is made in it)
FOLDERS = "onestop-tests-"
ROOM = 4 * 1024**3


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("onestop")
    group.addoption("--database-url", help="run on this PostgreSQL (a role that may create databases), not ours")
    group.addoption("--durable", action="store_true", help="let our PostgreSQL write through to the disk")


@dataclass(frozen=True)
class Cluster:
    """The PostgreSQL server of this run. `template` is a migrated database that is only ever copied."""

    url: str
    template: str

    def database(self, name: str) -> str:
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    async def execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    @asynccontextmanager
    async def copy(self, source: str | None = None) -> AsyncIterator[str]:
        """The address of a migrated database of one's own, or of a copy of one to which nobody is connected."""
        name = f"test_{uuid4().hex}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {source or self.template} STRATEGY file_copy")
        yield self.database(name)
        await self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass
class OwnedCluster:
    """A cluster that this process started and will stop."""

    cluster: Cluster
    server: EmbeddedPostgres | None = None
    folder: Path | None = None

    def stop(self) -> None:
        asyncio.run(self.cluster.execute(f"DROP DATABASE {self.cluster.template} WITH (FORCE)"))
        if self.server is not None:
            self.server.stop()
        if self.folder is not None:
            shutil.rmtree(self.folder)


OWNED = pytest.StashKey[OwnedCluster]()


def start_cluster(config: pytest.Config) -> OwnedCluster:
    if (given := config.getoption("--database-url")) is not None:
        return OwnedCluster(with_template(given))
    durable = config.getoption("--durable")
    # Each test copies a database: in memory that costs a fifth.
    place = memory()
    if place is not None:
        clear_away_what_killed_runs_left(place)
    folder = Path(tempfile.mkdtemp(prefix=FOLDERS, dir=None if durable else place))
    # As root, PostgreSQL runs as another user, who must get in.
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder, options={} if durable else FORGETFUL)
    try:
        url = server.start()
        asyncio.run(make_connecting_cheap(url))
        return OwnedCluster(with_template(url), server, folder)
    except BaseException:
        server.stop()
        shutil.rmtree(folder)
        raise


async def make_connecting_cheap(url: str) -> None:
    """The password is hashed once instead of thousands of times at each of ten thousand connections."""
    connection = await asyncpg.connect(url)
    await connection.execute("SET scram_iterations = 1")
    await connection.execute(f"ALTER ROLE {make_url(url).username} PASSWORD '{make_url(url).password}'")
    await connection.close()


def memory() -> Path | None:
    """Where files are in memory; None where there is not plenty of it."""
    there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if there else None


def clear_away_what_killed_runs_left(place: Path) -> None:
    """Memory does not come back by itself. Who holds the lock is still running."""
    for lock in place.glob(f"{FOLDERS}*/postgres.lock"):
        with suppress(OSError), lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent)


def with_template(url: str) -> Cluster:
    admin = make_url(url).set(database="postgres").render_as_string(hide_password=False)
    cluster = Cluster(admin, f"onestop_template_{uuid4().hex}")
    asyncio.run(make_template(cluster))
    return cluster


async def make_template(cluster: Cluster) -> None:
    await cluster.execute(f"CREATE DATABASE {cluster.template}")
    engine = create_system_engine(cluster.database(cluster.template), Settings())
    await upgrade(engine)
    await engine.dispose()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Before an xdist worker starts: the controller has the cluster, the worker learns where it is."""
    if OWNED not in node.config.stash:
        node.config.stash[OWNED] = start_cluster(node.config)
    cluster = node.config.stash[OWNED].cluster
    node.workerinput["cluster"] = (cluster.url, cluster.template)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """
    Each worker begins with its share of the long tests, so that at the end, when the others have nothing left, none is
    alone with one. Workers are handed equal parts of the list, one behind the other.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    long = [item for item in items if item.get_closest_marker("long") is not None]
    others = [item for item in items if item.get_closest_marker("long") is None]
    count = len(items)
    ordered: list[pytest.Item] = []
    for number in range(workers):
        share = long[number::workers]
        room = max(0, (count - len(ordered)) // (workers - number) - len(share))
        ordered += [*share, *others[:room]]
        del others[:room]
    items[:] = ordered + others


def pytest_unconfigure(config: pytest.Config) -> None:
    if OWNED in config.stash:
        config.stash[OWNED].stop()


@pytest.fixture(scope="session", autouse=True)
def everything_seen() -> Iterator[None]:
    """What a test itself asks of the database is about every county; requests see what their caller may."""
    with seeing(EVERY_COUNTY):
        yield


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Cluster:
    """The PostgreSQL server of this run."""
    if hasattr(pytestconfig, "workerinput"):
        return Cluster(*pytestconfig.workerinput["cluster"])
    if OWNED not in pytestconfig.stash:
        pytestconfig.stash[OWNED] = start_cluster(pytestconfig)
    return pytestconfig.stash[OWNED].cluster


@pytest.fixture
async def empty_database_url(cluster: Cluster) -> AsyncIterator[str]:
    """The address of a database with nothing in it, of this test alone."""
    name = f"test_{uuid4().hex}"
    await cluster.execute(f"CREATE DATABASE {name}")
    yield cluster.database(name)
    await cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database_url(cluster: Cluster) -> AsyncIterator[str]:
    """The address of a migrated database of this test alone."""
    async with cluster.copy() as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of an application on this test's database. A test module may override this fixture."""
    return Settings(database_url=database_url, keys=SecretStr(KEYS), data_dir=tmp_path)


@pytest.fixture
def clock() -> Clock:
    """The application's clock. A test module may override this fixture."""
    return Clock()


@pytest.fixture
async def engine(settings: Settings, database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on this test's database, for `service.db.transaction_on`."""
    made = create_system_engine(database_url, settings)
    yield made
    await made.dispose()


@pytest.fixture
async def tx(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One open transaction, rolled back after the test."""
    async with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        await transaction.rollback()


@pytest.fixture
async def app(settings: Settings, clock: Clock) -> AsyncIterator[FastAPI]:
    """The application, started, in this process."""
    made = create_app(settings, clock)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the application, without a token. An inner error is a 500 here as it would be outside."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://onestop.test") as made:
        yield made


@pytest.fixture
def servers(settings: Settings, clock: Clock) -> Iterator[Callable[[int], list[str]]]:
    """Starts that many server processes on this test's database, and gives the base URL of each."""
    started: list[Worker] = []

    def start(count: int) -> list[str]:
        listeners = [listen("127.0.0.1", 0) for _ in range(count)]
        environment = {
            "ONESTOP_DATABASE_URL": settings.database_url or "",
            "ONESTOP_KEYS": settings.keys.get_secret_value() if settings.keys else "",
            "ONESTOP_DATA_DIR": os.fspath(settings.data_dir),
            # Tests compare what is in the tables.
            "ONESTOP_SEAL_SECONDS": "0",
            "ONESTOP_POOL_SIZE": str(settings.pool_size),
            "ONESTOP_POOL_WAIT_SECONDS": str(settings.pool_wait_seconds),
            "ONESTOP_LOCK_WAIT_SECONDS": str(settings.lock_wait_seconds),
        }
        new = [start_worker(listener, environment, clock_days=clock.shift.days) for listener in listeners]
        started.extend(new)
        for worker in new:
            worker.wait_until_ready()
        urls = [f"http://127.0.0.1:{listener.getsockname()[1]}" for listener in listeners]
        for listener in listeners:
            listener.close()
        return urls

    yield start
    stop_workers(started)
