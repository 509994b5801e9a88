"""`onestop demo` as a script drives it: ready, stopped, killed, started again where it was."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.embedded.cluster import Cluster

ROOT = Path(__file__).parents[1]
ROLES = {"hospital", "agency", "insurer", "civil_affairs", "township", "auditor"}

Start = Callable[..., tuple[subprocess.Popen[bytes], dict[str, Any]]]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Start]:
    """Starts the demo on one data folder and waits for its ready file."""
    ready = tmp_path / "ready.json"
    started = []

    def start(*arguments: str) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
        options = ["--port=0", f"--ready-file={ready}", f"--data={tmp_path / 'data'}", *arguments]
        process = subprocess.Popen([sys.executable, "-m", "service.cli", "demo", *options], cwd=ROOT)
        started.append(process)
        while not ready.exists():
            with suppress(subprocess.TimeoutExpired):
                raise AssertionError(f"it ended instead: {process.wait(0.05)}")
        document: dict[str, Any] = json.loads(ready.read_text())
        return process, document

    yield start
    for process in started:
        process.kill()
        process.wait()
    # As root the database lies on open ground, where nobody else would clear it away.
    if (home := tmp_path / "data" / "postgres").is_symlink():
        Cluster.below(tmp_path / "data").stop_orphan()
        shutil.rmtree(home.resolve())


@pytest.mark.long
def test_a_script_can_drive_it_stop_it_kill_it_and_go_on(demo: Start, tmp_path: Path) -> None:
    process, first = demo("--today", "2018-06-15")
    assert set(first["clients"]) == ROLES
    for client in first["clients"].values():
        asked = {"grant_type": "client_credentials"}
        who = (client["client_id"], client["client_secret"])
        answer = httpx.post(f"{first['base_url']}/oauth/token", data=asked, auth=who)
        assert answer.status_code == 200, answer.text
    assert (tmp_path / "ready.json").stat().st_mode & 0o077 == 0

    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert not (tmp_path / "ready.json").exists()

    process, second = demo()
    assert second["clients"] == first["clients"]
    assert (second["nhsa"]["A"], second["nhsa"]["B"]) == (first["nhsa"]["A"], first["nhsa"]["B"])
    assert second["nhsa"]["url"].startswith(second["base_url"])
    assert httpx.get(f"{second['base_url']}/readyz").status_code == 200
    process.kill()
    process.wait()
    (tmp_path / "ready.json").unlink()

    process, third = demo()
    assert third["clients"] == first["clients"]
