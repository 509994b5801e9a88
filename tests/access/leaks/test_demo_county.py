"""
`onestop demo` lives through a season. Afterwards nothing of anybody is found in plain text: in no row, no file of the
database, no log, no measurement, no span, no answer that says what went wrong.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from service.access import answers
from service.demo.county import county
from service.embedded.cluster import DATABASE, HOST, USER, Cluster
from service.registers.entries import Person
from tests.access.leaks.collector import Collector, collecting
from tests.access.leaks.life import County, a_month_is_cleared, live
from tests.access.leaks.needles import Needles

ROOT = Path(__file__).parents[3]
DISEASES = [f"CD{number:02}" for number in range(1, 30)]
PORT_LINE = 3
LEAST_PEOPLE = 3000


@dataclass
class Demo:
    """The demo as a user starts it and stops it, on one folder."""

    folder: Path
    collector: Collector
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def cluster(self) -> Cluster:
        return Cluster.below(self.folder)

    @property
    def database(self) -> str:
        port = (self.cluster.data / "postmaster.pid").read_text().splitlines()[PORT_LINE]
        password = (self.folder / "postgres.password").read_text()
        return f"postgresql://{USER}:{password}@{HOST}:{port}/{DATABASE}"

    def start(self, today: str) -> dict[str, Any]:
        """The ready file of a demo that serves."""
        told = self.folder.with_name("ready.json")
        options = ["--port=0", f"--ready-file={told}", f"--data={self.folder}", f"--today={today}"]
        environment = {**os.environ, "ONESTOP_TRACES_ENDPOINT": self.collector.url, "ONESTOP_SEAL_SECONDS": "1"}
        command = [sys.executable, "-m", "service.cli", "demo", *options]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        self.started.append(process)
        while not told.exists():
            with suppress(subprocess.TimeoutExpired):
                raise AssertionError(f"it ended instead: {process.wait(0.05)}")
        ready: dict[str, Any] = json.loads(told.read_text())
        return ready

    def stop(self) -> None:
        """As whoever runs it would: everything is written to the disk, and the last spans are sent."""
        self.started[-1].send_signal(signal.SIGTERM)
        assert self.started[-1].wait(120) == 0


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    folder = tmp_path / "data"
    with collecting() as collector:
        made = Demo(folder, collector)
        yield made
        for process in made.started:
            process.kill()
            process.wait()
    # As root the database lies on open ground, where nobody else would clear it away.
    if (home := folder / "postgres").is_symlink():
        Cluster.below(folder).stop_orphan()
        shutil.rmtree(home.resolve())


def everybody() -> dict[str, Person]:
    """The demo county's people by identity number."""
    return {str(each.person.id_no): each.person for each in county(DISEASES).people}


def texts_of(person: Person) -> Iterator[str]:
    """What is only for those who must know it."""
    payee = person.payee
    accounts = [person.bank_account, payee.bank_account if payee else None]
    texts = [person.name, person.id_no, person.social_card_no, person.phone]
    texts += [payee.name, payee.id_no, payee.phone] if payee else []
    texts += [text for account in accounts if account for text in (account.holder, account.number)]
    yield from (text for text in texts if text)


async def rows_of(url: str) -> dict[str, bytes]:
    """Every table as it would be dumped; what the service keeps compressed is opened."""
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = {}
        for [name] in names:
            query = f"SELECT t::text AS row, to_jsonb(t)::text AS also FROM {name} t"  # noqa: S608  (our own tables' names)
            rows = await connection.fetch(query)
            found[name] = "\n".join(row["row"] + row["also"] for row in rows).encode()
        bodies = await connection.fetch("SELECT body FROM idempotency_answers WHERE body IS NOT NULL")
        found["answers"] = b"\n".join(answers.decompress(row["body"]) for row in bodies)
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
    return found


def files_of(demo: Demo) -> dict[str, bytes]:
    """Whatever lies in the data folder of the demo and of its database, but the keys themselves."""
    places = [demo.folder, demo.cluster.home]
    files = [path for place in places for path in place.rglob("*") if path.is_file() and path.name != "keys"]
    return {str(path): path.read_bytes() for path in files}


async def lived(
    ready: dict[str, Any], people: dict[str, Person], life: Callable[[County], Awaitable[None]]
) -> tuple[County, str]:
    """What the county did, and what /metrics tells of it."""
    async with httpx.AsyncClient(base_url=ready["base_url"], timeout=60) as http:
        made = County(ready, http, people)
        await life(made)
        return made, (await http.get("/metrics")).text


@pytest.mark.long
def test_after_a_season_of_the_demo_county_nothing_of_anybody_is_found(demo: Demo) -> None:
    people = everybody()
    assert len(people) >= LEAST_PEOPLE
    needles = Needles(text for person in people.values() for text in texts_of(person))

    made, measured = asyncio.run(lived(demo.start("2018-12-10"), people, live))
    demo.stop()
    later, measured_later = asyncio.run(lived(demo.start("2019-01-10"), people, a_month_is_cleared))
    answers, tokens = made.answers + later.answers, made.tokens + later.tokens
    rows = asyncio.run(rows_of(demo.database))
    demo.stop()
    files, received = files_of(demo), demo.collector.received
    secret = Needles([*(text for each in people.values() for text in texts_of(each)), *tokens])
    refused = [answer.text for answer in answers if answer.status_code >= 400]

    found = {name: secret.within(content) for name, content in {**rows, **files}.items()}
    found["spans"], found["measured"] = secret.within(received), secret.within(measured + measured_later)
    found |= {text: needles.within(text) for text in refused}
    assert {name: sorted(texts)[:5] for name, texts in found.items() if texts} == {}

    # The search looked where there was something to find.
    assert {name for name in WRITTEN if not rows[name]} == set()
    assert sum(map(len, files.values())) > 10_000_000
    assert b"POST /v1/settlements" in received
    assert 'operation="settle_visit",outcome="done"' in measured
    assert 'operation="nhsa_2304",outcome="done"' in measured
    assert 'operation="nhsa_1101",outcome="' in measured
    assert len(refused) >= 31
    shown = needles.within("".join(answer.text for answer in answers if answer.is_success))
    assert shown, "those who must know them are told"


WRITTEN = (
    "persons",
    "person_versions",
    "settlements",
    "settlement_documents",
    "audit_log",
    "roster_rows",
    "objections",
    "objection_documents",
    "manual_claims",
    "manual_claim_documents",
    "aid_applications",
    "backpay_rows",
    "payout_batches",
    "payout_items",
    "nhsa_messages",
    "seals",
    "statements",
    "answers",
)
"""Where the county's season must have left something."""


@pytest.mark.parametrize(
    "where",
    [
        "…覃国强…",
        b"\x00\x01" + "覃国强".encode() + b"\xff",
        '("\\x' + "覃国强".encode().hex() + '",1)',
        b"x459901195003070005y",
        b'{"phone": "14100001234"}',
        "（电话14100001234）",
    ],
)
def test_the_search_finds_what_it_looks_for(where: bytes | str) -> None:
    needles = Needles(["覃国强", "459901195003070005", "14100001234", "a b"])

    assert len(needles) == 4
    assert len(needles.within(where)) == 1
    assert needles.within("覃国 强 45990119500307000 1410000123") == set()
