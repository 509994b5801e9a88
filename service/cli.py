"""
The command line: one entry point, `onestop`, over the same functions that the API calls.

Exit 0: done. 1: refused, with a message that says why. 2: not how it is called.
"""

import asyncio
import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from service import (
    backup_commands,
    bulk_commands,
    client_commands,
    key_commands,
    list_commands,
    nhsa_commands,
    payout_commands,
    proof_commands,
)
from service.access.matrix import matrix
from service.access.vault import Vault
from service.clock import COUNTY_ZONE
from service.config import Settings
from service.console import CommandRefused, refusals, say
from service.database import database, done, ensure_keys, ensure_schema, upgraded
from service.main import ROUTERS, create_app
from service.policy.check import check_path
from service.policy.load import load_packs
from service.processes import listen
from service.sandbox import run_demo
from service.serving import Plan, stop_on_sigterm
from service.serving import serve as serve_until_stopped
from service.statement_run import Run, run_statements
from service.statement_run import told as told_of_run

app = typer.Typer(
    help="onestop: one-stop (一站式) medical settlement for a county.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

policy = typer.Typer(help="Policy packs: the law of a county as data.", no_args_is_help=True)
app.add_typer(policy, name="policy")
statements = typer.Typer(help="What payers owe hospitals, billed by period.", no_args_is_help=True)
app.add_typer(statements, name="statements")
app.add_typer(payout_commands.cycle, name="cycle")
app.command()(payout_commands.backpay)
app.add_typer(list_commands.roster, name="roster")
app.add_typer(list_commands.catalogue, name="catalogue")
app.add_typer(bulk_commands.app, name="readjudicate")
app.add_typer(client_commands.app, name="client")
app.add_typer(key_commands.app, name="keys")
app.command()(backup_commands.backup)
app.command()(backup_commands.restore)
app.command()(proof_commands.verify)
app.command()(proof_commands.seal)
app.add_typer(nhsa_commands.app, name="nhsa")

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every IPv4 address of this machine.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any free one.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]


@app.command()
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


@app.command()
def migrate(as_json: Json = False) -> None:
    """Bring the database to the newest schema, whole or not at all. Safe to run again, and by several at once."""
    with refusals():
        settings = Settings()
        with database(settings) as (url, _):
            revision = asyncio.run(upgraded(url, settings))
        print(json.dumps({"revision": revision}) if as_json else f"The database is at revision {revision}.")


@app.command()
def demo(
    port: Port = 8000,
    data: Annotated[Path | None, typer.Option(help="Folder of the demo's data; made if missing.")] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Written once ready: base URL and client credentials, as JSON.")
    ] = None,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day that the demo's calendar starts on.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Server processes, all on one database.")] = 1,
) -> None:
    """
    Start a fictional county to try: its own PostgreSQL, persons, hospitals and clients, and the API.

    Stop it with SIGTERM or Ctrl-C; the same --data goes on where it stopped, with the calendar it had.
    """
    with refusals():
        run_demo(
            folder=data or Settings().data_dir / "demo",
            port=port,
            workers=workers,
            ready_file=ready_file,
            today=today.replace(tzinfo=COUNTY_ZONE).date() if today else None,
        )


@policy.command()
def check(
    path: Annotated[Path, typer.Argument(exists=True, help="A pack's folder, or a pack in one file.")],
    as_json: Json = False,
) -> None:
    """Check a county's own policy pack: every fault with its remedy, or what it says in plain words."""
    report = check_path(path)
    if as_json:
        faults = [asdict(fault) for fault in report.faults]
        print(json.dumps({"ok": report.ok, "faults": faults, "says": report.says}, ensure_ascii=False))
    else:
        print(report.text())
    if not report.ok:
        raise typer.Exit(1)


@statements.command("run")
def statements_run(
    payer: Annotated[str, typer.Option(help="The payer, as the county's policy pack names it.")],
    period: Annotated[str, typer.Option(help="A month, 2018-06, or a quarter, 2018-Q2, by the payer's calendar.")],
    county: Annotated[str | None, typer.Option(help="The county; needed where the packs know several.")] = None,
    operator: Annotated[str | None, typer.Option(help="Who runs it; kept with the statements.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be billed; keep nothing.")] = False,
    as_json: Json = False,
) -> None:
    """
    Bill what a payer owes for an ended period, one statement per hospital. Safe to run again, and after a kill.

    Exit 1 where a hospital could not be billed; the others are.
    """
    with refusals():
        asked = Run(payer, period, county, operator, dry_run)
        answer = done(lambda engine, settings: run_statements(engine, settings, asked))
        print(json.dumps(answer, ensure_ascii=False, default=str) if as_json else told_of_run(answer))
        if answer["failed"]:
            raise typer.Exit(1)


Kept = Annotated[Path, typer.Argument(help="Where it is kept.")]
Check = Annotated[bool, typer.Option("--check", help="Change nothing; refuse if it is not current.")]


@app.command()
def openapi(file: Kept, check: Check = False) -> None:
    """Write the API's OpenAPI document, as the code has it."""
    with refusals():
        _keep(file, json.dumps(create_app(Settings()).openapi(), ensure_ascii=False, indent=1) + "\n", check)


@app.command("access-matrix")
def access_matrix(file: Kept, check: Check = False) -> None:
    """Write who may call what, as the code has it."""
    with refusals():
        _keep(file, matrix(create_app(Settings()), ROUTERS), check)


def _keep(file: Path, document: str, check: bool) -> None:
    if not check:
        file.write_text(document, encoding="utf-8")
    elif not file.exists() or file.read_text(encoding="utf-8") != document:
        raise CommandRefused(f"{file} is not what the code says: run scripts/openapi and commit it")


def main() -> None:
    """The entry point."""
    # A server that embeds PostgreSQL must not be cut off while it starts it.
    stop_on_sigterm()
    app()


if __name__ == "__main__":
    main()
