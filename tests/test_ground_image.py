"""The image's steps, without an engine to build it: what is copied is enough, and its commands do what they say."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from service.config import Settings

ROOT = Path(__file__).parents[1]
LINES = re.sub(r"\\\n(\s*#.*\n)*", " ", (ROOT / "Dockerfile").read_text()).splitlines()
BUILD = LINES[: next(number for number, line in enumerate(LINES) if line.startswith("FROM") and number > 1)]


def instructions(name: str, lines: list[str] = LINES) -> list[str]:
    return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]


def command(name: str) -> list[str]:
    words: list[str] = json.loads(instructions(name)[-1][instructions(name)[-1].index("[") :])
    return words


def copied() -> list[str]:
    return [source for line in instructions("COPY", LINES[: len(BUILD)]) for source in line.split()[:-1]]


def test_what_is_copied_is_what_is_let_in() -> None:
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]

    assert sorted(copied()) == sorted(let_in)
    assert [source for source in copied() if not (ROOT / source).exists()] == []


def test_it_is_not_root_and_its_python_is_one_we_support() -> None:
    versions = {found[1] for line in LINES if (found := re.match(r"FROM python:(\d\.\d+)-slim", line))}
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")

    assert instructions("USER") == ["onestop"]
    assert versions == {oldest}
    assert f"python{oldest}/site-packages" in " ".join(instructions("RUN"))


def test_what_is_copied_serves_and_is_found_healthy(settings: Settings, tmp_path: Path) -> None:
    for source in copied():
        target = tmp_path / source
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, target)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    assert settings.database_url is not None
    assert settings.keys is not None
    secrets = {"ONESTOP_DATABASE_URL": settings.database_url, "ONESTOP_KEYS": settings.keys.get_secret_value()}
    onestop, *serve = [word.replace("0.0.0.0", "127.0.0.1").replace("8000", port) for word in command("CMD")]  # noqa: S104  (what it says)
    python, *check = [word.replace("8000", port) for word in command("HEALTHCHECK")]
    assert (onestop, python) == ("onestop", "python")

    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", *serve],
        cwd=tmp_path,
        env={**os.environ, **secrets, "PYTHONPATH": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert any("Serving on" in line for line in process.stderr)
        assert subprocess.run([sys.executable, *check], check=False).returncode == 0
    finally:
        process.terminate()
        process.communicate()
    assert process.returncode == 0
    assert subprocess.run([sys.executable, *check], check=False, stderr=subprocess.DEVNULL).returncode != 0


def test_the_composition_gives_the_service_what_it_asks_for() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    known = {f"ONESTOP_{name.upper()}" for name in Settings.model_fields}

    assert services["migrate"]["command"] == ["onestop", "migrate"]
    assert set(services["api"]["environment"]) <= known
    assert services["api"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_by_hash_and_none_is_missing(file: str) -> None:
    text = (ROOT / file).read_text()
    pinned = {name.lower() for name in re.findall(r"^([\w.-]+)==\S+", text, re.M)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = project["project"]["dependencies"] + project["build-system"]["requires"]
    if file == "requirements-dev.txt":
        asked = asked + project["project"]["optional-dependencies"]["dev"]

    assert {re.split(r"[\[>=;]", one)[0].lower() for one in asked} - pinned == set(), "run scripts/lock"
    assert len(re.findall(r"^[\w.-]+==\S+.*\\$\n\s+--hash=sha256:", text, re.M)) == len(pinned)
