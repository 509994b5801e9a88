"""Where things are broken: PostgreSQL writing through to the disk, the service's own processes, our proxies between."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
from pydantic import SecretStr
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from scripts.faulting.proxy import Proxy
from scripts.faulting.taken_out import PROTECTIONS
from scripts.faulting.timing import Shift
from service.config import Settings
from service.db import EVERY_COUNTY, create_system_engine, see, transaction_on
from service.embedded import EmbeddedPostgres, launch
from service.embedded.cluster import Cluster
from service.migrate import upgrade
from tests.conftest import KEYS

ROOT: Final = Path(__file__).parents[2]
FIRST_DAY: Final = date(2018, 7, 2)
START_SECONDS: Final = 120.0
_PAUSE: Final = 0.1


@dataclass
class Service:
    """`onestop serve` before a proxy of its own; started again at the same address as often as it is killed."""

    folder: Path
    environment: Mapping[str, str]
    proxy: Proxy
    workers: int
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, as whoever watches over a machine's services would."""
        self.port = self.port or _free_port()
        serve = [sys.executable, "-m", "service.cli", "serve", "--port", str(self.port), "--workers", str(self.workers)]
        # It must not outlive the bench.
        launcher = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), "-1", "-1"]
        with (self.folder / f"serve-{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*launcher, *serve],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def until_ready(self) -> float:
        """Wait until it says that it can serve; how many seconds that took."""
        began = time.monotonic()
        async with httpx.AsyncClient(timeout=5) as client:
            while time.monotonic() < began + START_SECONDS:
                try:
                    if (await client.get(f"{self.url}/readyz")).is_success:
                        return time.monotonic() - began
                except httpx.HTTPError:
                    self._restart_if_ended()
                await asyncio.sleep(_PAUSE)
        raise RuntimeError(f"the service does not come up: see {self.folder}")

    def _restart_if_ended(self) -> None:
        if self.process is not None and self.process.poll() is not None:
            self.start()

    def processes(self) -> list[psutil.Process]:
        """Its server processes, without the one that watches over them."""
        assert self.process is not None
        return sorted(psutil.Process(self.process.pid).children(), key=lambda one: one.pid)

    async def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(self.process.wait)


@dataclass
class Place:
    """Everything that can be broken, and a way around the proxies to see what is on record."""

    folder: Path
    database: EmbeddedPostgres
    engine: AsyncEngine
    settings: Settings
    shift: Shift
    service: Service
    quiet: Service
    without: str | None

    @property
    def data(self) -> Path:
        """The data folder of the embedded PostgreSQL."""
        return self.folder / "postgres"

    @property
    def archive(self) -> Path:
        """Where its log of changes is kept."""
        return self.folder / "wal"

    @property
    def cluster(self) -> Cluster:
        """The files of PostgreSQL, and its programs."""
        return Cluster.below(self.data)

    async def begin_anew(self) -> None:
        """Start PostgreSQL on files that took the place of others, maybe with another password, and serve them."""
        url = self.database.start()
        self.settings = self.settings.model_copy(update={"database_url": url})
        self.engine = create_system_engine(url, self.settings)
        for one in (self.service, self.quiet):
            one.environment = {**one.environment, "ONESTOP_DATABASE_URL": _through(url, one.proxy.port)}
            one.start()
        for one in (self.service, self.quiet):
            await one.until_ready()

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        """Ask the database itself; while it is down, wait for it."""
        while True:
            try:
                async with transaction_on(self.engine) as tx:
                    return list((await tx.execute(text(statement), values)).all())
            except (DBAPIError, OSError):
                await asyncio.sleep(_PAUSE)

    async def scalar(self, statement: str, **values: Any) -> Any:
        return (await self.rows(statement, **values))[0][0]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment(folder: Path, url: str, port: int) -> dict[str, str]:
    """The settings of a service: short waits, so that a bench of minutes meets what a county meets in years."""
    return {
        "ONESTOP_DATABASE_URL": _through(url, port),
        "ONESTOP_KEYS": KEYS,
        "ONESTOP_DATA_DIR": os.fspath(folder),
        "ONESTOP_SEAL_SECONDS": "1",
        "ONESTOP_POOL_SIZE": "4",
        "ONESTOP_POOL_WAIT_SECONDS": "3",
        "ONESTOP_LOCK_WAIT_SECONDS": "3",
        "ONESTOP_SILENCE_SECONDS": "2",
        "PYTHONPATH": os.pathsep.join([os.fspath(Path(__file__).parent / "planted"), os.fspath(ROOT)]),
        "FAULTS_CLOCK": os.fspath(folder / "clock"),
    }


def _through(url: str, port: int) -> str:
    """The database's address, by way of a proxy."""
    return make_url(url).set(host="127.0.0.1", port=port).render_as_string(hide_password=False)


@asynccontextmanager
async def opened(folder: Path, *, without: str | None = None) -> AsyncIterator[Place]:
    """A fresh database and two services on it: one under traffic, and a quiet one for what is cut one by one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # As root, PostgreSQL runs as another user, who must get in.
    folder.chmod(0o755)
    see(EVERY_COUNTY)
    shift = Shift(folder / "clock")
    shift.turn_to(FIRST_DAY)
    database = EmbeddedPostgres(folder / "postgres", archive=folder / "wal")
    try:
        url = database.start()
        settings = Settings(database_url=url, keys=SecretStr(KEYS), data_dir=folder)
        engine = create_system_engine(url, settings)
        await upgrade(engine)
        where = make_url(url)
        assert where.host is not None
        assert where.port is not None
        for statement in PROTECTIONS[without].statements if without is not None else ():
            async with transaction_on(engine) as tx:
                await tx.exec_driver_sql(statement)
        proxies = [Proxy(where.host, where.port) for _ in range(2)]
        for proxy in proxies:
            await proxy.start()
        busy, calm = (_environment(folder, url, proxy.port) for proxy in proxies)
        if without is not None:
            calm["FAULTS_WITHOUT"] = without
            if not PROTECTIONS[without].quiet:
                busy["FAULTS_WITHOUT"] = without
        # Nothing but what is asked of it goes through the quiet one's proxy.
        calm |= {"ONESTOP_SEAL_SECONDS": "0", "ONESTOP_POOL_SIZE": "1"}
        service, quiet = Service(folder, busy, proxies[0], 2), Service(folder, calm, proxies[1], 1)
        place = Place(folder, database, engine, settings, shift, service, quiet, without)
        try:
            for one in (service, quiet):
                one.start()
            for one in (service, quiet):
                await one.until_ready()
            yield place
        finally:
            for one in (service, quiet):
                await one.stop()
            for proxy in proxies:
                await proxy.stop()
            await place.engine.dispose()
    finally:
        database.stop()
        shutil.rmtree(folder, ignore_errors=True)
