"""`onestop serve` and `onestop migrate`: the service on its database, and the database's schema."""

import asyncio
import json
from typing import Annotated

import typer

from service.access.vault import Vault
from service.config import Settings
from service.console import Json, Port, refusals, say
from service.database import database, ensure_keys, ensure_schema, upgraded
from service.policy.load import load_packs
from service.processes import listen
from service.serving import Plan
from service.serving import serve as serve_until_stopped

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every IPv4 address of this machine.")]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Server processes, all on one database.")] = 1,
) -> None:
    """
    Serve the API until SIGTERM or Ctrl-C, on the database of ONESTOP_DATABASE_URL or our own PostgreSQL.

    Our own is brought to the newest schema at start; another one must be there already: `onestop migrate`.
    """
    with refusals():
        settings = Settings()
        # What each process would stumble over, said once and before anything runs.
        Vault.from_settings(settings)
        load_packs(settings.packs_dir)
        with listen(host, port) as listener, database(settings) as (url, server):
            asyncio.run(ensure_schema(url, settings, ours=server is not None))
            asyncio.run(ensure_keys(url, settings))
            environment = {"ONESTOP_DATABASE_URL": url}
            plan = Plan(listener, workers, environment, server)
            serve_until_stopped(plan, lambda: say(f"Serving on http://{host}:{listener.getsockname()[1]}"))


def migrate(as_json: Json = False) -> None:
    """Bring the database to the newest schema, whole or not at all. Safe to run again, and by several at once."""
    with refusals():
        settings = Settings()
        with database(settings) as (url, _):
            revision = asyncio.run(upgraded(url, settings))
        print(json.dumps({"revision": revision}) if as_json else f"The database is at revision {revision}.")
