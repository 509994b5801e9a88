"""A county to measure on: PostgreSQL on this machine, writing through to the disk, and server processes before it."""

import asyncio
import base64
import logging
import os
import shutil
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Role
from service.config import Settings
from service.db import create_system_engine, transaction_on
from service.embedded import EmbeddedPostgres
from service.main import create_app
from service.migrate import upgrade
from service.processes import WORKER, listen, start_worker, stop_workers
from service.registers.entries import Coverage, Insured, Person, RosterIdentity
from service.registers.model import Author
from service.registers.periods import Dated
from service.registers.persons.bulk import NewPerson, register_persons
from tests.access.callers import headers_of
from tests.cases.county import COUNTY, County
from tests.claims.world import caller
from tests.reconciliation.scale import server_seconds, stat

KEYS: Final = f"bench:{base64.b64encode(bytes(range(32))).decode()}"
_HOSPITALS: Final = 10
_FIRST_BORN: Final = date(1930, 1, 1)
_BIRTHDAYS: Final = 25_000
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_AT_ONCE: Final = 2_000


@dataclass
class Place:
    """The county: its database, its application in this process, and what a caller needs."""

    app: FastAPI
    engine: AsyncEngine
    url: str
    folder: Path
    hospitals: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    postmaster: int = 0
    workers: list[int] = field(default_factory=list)

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        async with transaction_on(self.engine) as tx:
            return list((await tx.execute(text(statement), values)).all())

    async def run(self, statement: str) -> None:
        async with transaction_on(self.engine) as tx:
            await tx.execute(text(statement))

    async def scalar(self, statement: str, **values: Any) -> Any:
        return (await self.rows(statement, **values))[0][0]

    async def people_numbers(self) -> list[tuple[str, str]]:
        """Of each person the identity number and the number in the register."""
        return [(number, f"B{number}") for number in self.people]

    @contextmanager
    def server(self, *, program: Sequence[str] = WORKER, processes: int = 1, **settings: str) -> Iterator[str]:
        """Server processes of the service on one socket; gives their address. `settings`: of the environment."""
        listener = listen("127.0.0.1", 0)
        environment = {
            "ONESTOP_DATABASE_URL": self.url,
            "ONESTOP_KEYS": KEYS,
            "ONESTOP_DATA_DIR": os.fspath(self.folder),
            **settings,
        }
        log = self.folder / "server.log"
        workers = [start_worker(listener, environment, log=log, program=program) for _ in range(processes)]
        self.workers = [worker.process.pid for worker in workers]
        try:
            for worker in workers:
                worker.wait_until_ready()
            yield _address(listener)
        finally:
            stop_workers(workers)
            self.workers = []
            listener.close()

    def spent(self) -> tuple[float, float]:
        """CPU seconds so far: of the server processes that run now, and of PostgreSQL."""
        ticks = sum(sum(map(int, stat(pid)[11:13])) for pid in self.workers)
        return ticks / os.sysconf("SC_CLK_TCK"), server_seconds(self.postmaster)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


@asynccontextmanager
async def county(folder: Path, *, people: int) -> AsyncIterator[Place]:
    """A fresh database with that many insured registered-poor persons and ten hospitals; gone afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # As root, PostgreSQL runs as another user, who must get in.
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "postgres", options={"max_wal_size": "4GB"})
    try:
        url = make_url(server.start()).set(database="postgres").render_as_string(hide_password=False)
        settings = Settings(database_url=url, keys=SecretStr(KEYS), data_dir=folder)
        engine = create_system_engine(url, settings)
        await upgrade(engine)
        app = create_app(settings)
        logging.getLogger("onestop.requests").setLevel(logging.WARNING)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://bench") as client,
        ):
            assert server.pid is not None
            place = Place(app, engine, url, folder, postmaster=server.pid)
            await _fill(place, client, people)
            yield place
        await engine.dispose()
    finally:
        await asyncio.to_thread(server.stop)
        shutil.rmtree(folder, ignore_errors=True)


async def _fill(place: Place, client: httpx.AsyncClient, people: int) -> None:
    agency = await headers_of(place.app, Role.AGENCY)
    made = County(caller(client, agency))
    for number in range(_HOSPITALS):
        code = await made.hospital("level2", "county", name=f"基准医院{number}")
        await made.agreement(code)
        place.hospitals.append(code)
    place.people = [id_no(serial) for serial in range(1, people + 1)]
    author = Author(place.app.state.clock.now(), "bench", "基准测试")
    for begin in range(0, people, _AT_ONCE):
        some = place.people[begin : begin + _AT_ONCE]
        async with transaction_on(place.engine) as tx:
            await register_persons(tx, place.app.state.vault, [_person(number) for number in some], author)
    # One client that acts for every hospital: the agency's. Who asks does not change what is done.
    place.headers = agency


def id_no(serial: int) -> str:
    """A fictional identity number of the unassigned area 459901, with a right check character (GB 11643)."""
    born = _FIRST_BORN + timedelta(days=serial % _BIRTHDAYS)
    body = f"{COUNTY}{born:%Y%m%d}{serial // _BIRTHDAYS:03d}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]


def _person(number: str) -> NewPerson:
    since = date(2015, 1, 1)
    return NewPerson(
        Person(COUNTY, f"B{number}", "基准甲", id_no=number, born_on=date.fromisoformat(number[6:14])),
        Coverage(
            insured=(Dated(Insured(), since),),
            identities=(Dated(RosterIdentity("registered_poor", "bench"), since),),
        ),
    )
