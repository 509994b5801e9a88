"""`onestop cycle`: the yearly top-up of chronic visits."""

import json
from datetime import datetime
from typing import Annotated

import typer

from service.console import refusals
from service.cycle_run import Run, run_cycle, told
from service.database import done

cycle = typer.Typer(help="The yearly top-up of chronic visits, paid to patients' accounts.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]


@cycle.callback()
def _cycle() -> None:
    """Keeps `run` a command of its own."""


@cycle.command()
def run(
    cycle_start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day of the cycle.")],
    county: Annotated[str | None, typer.Option(help="The county; needed where the packs know several.")] = None,
    operator: Annotated[str | None, typer.Option(help="Who runs it; kept with the run.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would come to; keep nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Post what each person of a cycle is owed. Safe to run again, and after a kill: only what is new is posted."""
    with refusals():
        asked = Run(cycle_start.date(), county, operator, dry_run)
        answer = done(lambda engine, settings: run_cycle(engine, settings, asked))
        print(json.dumps(answer, ensure_ascii=False, default=str) if as_json else told(answer))
