"""`onestop serve` and `onestop migrate` as their user meets them: started, killed, stopped, called wrongly."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.config import Settings
from service.db import transaction_on
from service.policy.load import SHIPPED
from tests.bulk.county import fill

ROOT = Path(__file__).parents[1]
ONESTOP = [sys.executable, "-m", "service.cli"]
Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    assert settings.database_url is not None
    assert settings.keys is not None
    keys = settings.keys.get_secret_value()
    return {**os.environ, "ONESTOP_DATABASE_URL": settings.database_url, "ONESTOP_KEYS": keys}


@pytest.fixture
def serving(environment: dict[str, str]) -> Iterator[Start]:
    """Starts `onestop serve` on any free port and waits until it serves."""
    started = []

    def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [*ONESTOP, "serve", "--port", "0", *arguments],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.fullmatch(r"Serving on (\S+)", line.strip()):
                return process, found[1]
        raise AssertionError("it ended without serving")

    yield start
    for process in started:
        process.kill()
        process.communicate()


async def test_a_server_seals_what_was_written(
    environment: dict[str, str], serving: Start, engine: AsyncEngine, database_url: str
) -> None:
    await fill(database_url, 5, lines=1)
    environment["ONESTOP_SEAL_SECONDS"] = "1"
    serving()

    async with asyncio.timeout(60):
        sealed: set[str] = set()
        while not {"settlement", "audit"} <= sealed:
            async with transaction_on(engine) as tx:
                await tx.execute(text("SELECT pg_sleep(0.1)"))
                sealed = set(await tx.scalars(text("SELECT kind FROM seals")))


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ONESTOP, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_it_finishes_what_it_has_begun_and_ends_with_zero(serving: Start) -> None:
    process, url = serving()
    address = httpx.URL(url)
    assert address.port is not None
    with socket.create_connection((address.host, address.port)) as caller:
        head = "POST /oauth/token HTTP/1.1\r\nHost: onestop\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        caller.sendall(f"{head}Content-Length: 29\r\n\r\ngrant_type=".encode())
        # Answered after ours has been taken up, so that ours is what it has begun.
        assert httpx.get(f"{url}/healthz").status_code == 200

        process.send_signal(signal.SIGTERM)
        caller.sendall(b"client_credentials")
        answer = caller.recv(65536).decode()

    assert answer.startswith("HTTP/1.1 401")
    assert process.wait(30) == 0


def ask_on(url: str) -> None:
    """Both processes take connections until they have read the signal."""
    while True:
        with suppress(httpx.RemoteProtocolError, httpx.ReadError):
            httpx.get(f"{url}/healthz")


def test_who_comes_while_it_ends_is_refused_at_once_and_what_it_has_begun_is_answered(serving: Start) -> None:
    process, url = serving("--workers", "2")
    address = httpx.URL(url)
    assert address.port is not None
    with socket.create_connection((address.host, address.port)) as caller:
        head = "POST /oauth/token HTTP/1.1\r\nHost: onestop\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        caller.sendall(f"{head}Content-Length: 29\r\n\r\ngrant_type=".encode())
        assert httpx.get(f"{url}/healthz").status_code == 200

        process.send_signal(signal.SIGTERM)
        with pytest.raises(httpx.ConnectError):
            ask_on(url)
        caller.sendall(b"client_credentials")
        answer = caller.recv(65536).decode()

    assert answer.startswith("HTTP/1.1 401")
    assert process.wait(30) == 0


def test_a_killed_process_is_replaced_while_the_others_serve(serving: Start) -> None:
    process, url = serving("--workers", "2")
    before = {child.pid for child in psutil.Process(process.pid).children()}
    assert len(before) == 2

    psutil.Process(min(before)).kill()
    while len(now := {child.pid for child in psutil.Process(process.pid).children()} - {min(before)}) < 2:
        assert httpx.get(f"{url}/healthz").status_code == 200

    assert max(before) in now
    assert httpx.get(f"{url}/readyz").status_code == 200


def test_one_that_is_killed_while_it_starts_ends_no_other_and_is_replaced_too(serving: Start) -> None:
    process, url = serving("--workers", "2")
    before = {child.pid for child in psutil.Process(process.pid).children()}
    psutil.Process(min(before)).kill()
    while not (starting := {child.pid for child in psutil.Process(process.pid).children()} - before):
        assert httpx.get(f"{url}/healthz").status_code == 200
    psutil.Process(min(starting)).kill()
    dead = {min(before), min(starting)}

    while len({child.pid for child in psutil.Process(process.pid).children()} - dead) < 2:
        assert httpx.get(f"{url}/healthz").status_code == 200

    assert process.poll() is None
    assert httpx.get(f"{url}/readyz").status_code == 200


def test_no_process_is_left_when_the_first_is_killed(serving: Start) -> None:
    process, _ = serving("--workers", "2")
    children = psutil.Process(process.pid).children(recursive=True)

    process.kill()

    assert psutil.wait_procs(children, timeout=30)[1] == []


def test_it_refuses_a_database_without_the_newest_schema_and_says_what_to_do(
    environment: dict[str, str], empty_database_url: str
) -> None:
    elsewhere = {**environment, "ONESTOP_DATABASE_URL": empty_database_url}

    refused = run(elsewhere, "serve", "--port", "0")
    migrated = run(elsewhere, "migrate", "--json")
    again = run(elsewhere, "migrate", "--json")

    assert (refused.returncode, "onestop migrate" in refused.stderr) == (1, True)
    assert (migrated.returncode, again.returncode) == (0, 0)
    assert json.loads(migrated.stdout) == json.loads(again.stdout)


def test_it_refuses_a_port_that_is_taken(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = run(environment, "serve", "--port", str(taken.getsockname()[1]))

    assert (refused.returncode, "in use" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("ONESTOP_KEYS", "", "ONESTOP_KEYS"),
        ("ONESTOP_DATABASE_URL", "postgresql://nobody:x@127.0.0.1:1/none", "cannot be reached"),
        ("ONESTOP_DATABASE_URL", "mysql://localhost/none", "postgresql://"),
        ("ONESTOP_POOL_SIZE", "none", "pool_size"),
        ("ONESTOP_PACKS_DIR", "/no/such/folder", "/no/such/folder"),
    ],
)
def test_it_refuses_a_setting_it_cannot_use_and_names_it(
    environment: dict[str, str], setting: str, value: str, says: str
) -> None:
    refused = run({**environment, setting: value}, "serve", "--port", "0")

    assert refused.returncode == 1
    assert says in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("arguments", [("serve", "--port", "99999"), ("serve", "--workers", "0"), ("no-such-command",)])
def test_a_wrong_call_is_told_apart_from_a_refusal(environment: dict[str, str], arguments: tuple[str, ...]) -> None:
    assert run(environment, *arguments).returncode == 2


def test_a_countys_own_pack_is_checked_before_it_is_used(tmp_path: Path) -> None:
    broken = tmp_path / "pack.yaml"
    broken.write_text("id: our-county\n")

    good = run(dict(os.environ), "policy", "check", os.fspath(SHIPPED / "guangxi-county-2018"))
    bad = run(dict(os.environ), "policy", "check", os.fspath(broken), "--json")

    assert (good.returncode, good.stdout.startswith("guangxi-county-2018")) == (0, True)
    assert (bad.returncode, json.loads(bad.stdout)["ok"]) == (1, False)
    assert {fault["file"] for fault in json.loads(bad.stdout)["faults"]} == {"pack.yaml"}


def test_the_servers_of_a_test_share_one_database(servers: Callable[[int], list[str]]) -> None:
    urls = servers(3)

    assert len(set(urls)) == 3
    assert [httpx.get(f"{url}/readyz").status_code for url in urls] == [200, 200, 200]
