"""`onestop demo`: a county of its own in one folder, with keys, a calendar and clients that last."""

import asyncio
import json
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from service.access.vault import Vault, new_key
from service.clock import Clock
from service.config import Settings
from service.console import say, step
from service.db import create_system_engine
from service.demo import national
from service.demo.load import load
from service.demo.show import show
from service.embedded import EmbeddedPostgres
from service.migrate import upgrade
from service.policy.load import shipped_packs
from service.processes import listen
from service.serving import Plan, serve

_HOST = "127.0.0.1"
_OWNER_ONLY = 0o600


def run_demo(*, folder: Path, port: int, workers: int, ready_file: Path | None, today: date | None) -> None:
    """
    Start the demo county and serve it until told to stop; then leave it so that it can go on.

    Raises what its parts raise: OSError when the port is taken, EmbeddedPostgresError, WorkerError.
    """
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    clock = _clock(folder, today)
    database = EmbeddedPostgres(folder)
    try:
        with listen(_HOST, port) as listener:
            with step("Starting PostgreSQL"):
                url = database.start()
            settings = Settings(database_url=url, keys=_keys(folder), keys_file=None, data_dir=folder.absolute())
            with step("Preparing the demo county"):
                clients = asyncio.run(_prepare(url, settings, clock))

            base_url = f"http://{_HOST}:{listener.getsockname()[1]}"
            on_the_wire = national.told(Vault.from_settings(settings), base_url)
            ready = {"base_url": base_url, "clients": clients, "nhsa": on_the_wire}
            # Beside the picture of a discharge, a line for every request would be noise.
            log = folder / "service.log"
            plan = Plan(listener, workers, _environment(settings), database, clock.shift.days, log)
            serve(plan, lambda: _announce(ready, ready_file))
    finally:
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)
        database.stop()


async def _prepare(url: str, settings: Settings, clock: Clock) -> dict[str, Any]:
    engine = create_system_engine(url, settings)
    try:
        await upgrade(engine)
        return await load(engine, Vault.from_settings(settings), clock, shipped_packs())
    finally:
        await engine.dispose()


def _announce(ready: dict[str, Any], ready_file: Path | None) -> None:
    if ready_file is not None:
        _write_at_once(ready_file, json.dumps(ready, ensure_ascii=False, indent=2))
    show(ready)
    say(f"\nServing on {ready['base_url']}. Ctrl-C stops it.")


def _environment(settings: Settings) -> dict[str, str]:
    assert settings.database_url is not None
    assert settings.keys is not None
    return {
        "ONESTOP_DATABASE_URL": settings.database_url,
        "ONESTOP_KEYS": settings.keys.get_secret_value(),
        "ONESTOP_DATA_DIR": os.fspath(settings.data_dir),
    }


def _keys(folder: Path) -> SecretStr:
    """The demo's keys for personal data, made on first use."""
    path = folder / "keys"
    if not path.exists():
        _write_at_once(path, new_key("demo"))
    return SecretStr(path.read_text())


def _clock(folder: Path, today: date | None) -> Clock:
    """The demo's calendar: from the given day on, else as it was, else the county's own."""
    path = folder / "clock-days"
    if today is not None:
        _write_at_once(path, str(Clock.on(today).shift.days))
    return Clock(shift=timedelta(days=int(path.read_text()))) if path.exists() else Clock()


def _write_at_once(path: Path, text: str) -> None:
    """Readers see the whole file or none, and no other user sees it."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=_OWNER_ONLY)
    new.write_text(text, encoding="utf-8")
    new.replace(path)
