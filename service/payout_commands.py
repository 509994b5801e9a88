"""`onestop cycle` and `onestop backpay`: the yearly top-up of chronic visits, and stays from before the agreement."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from service.backpay_run import Backpay, run_backpay
from service.backpay_run import told as told_of_backpay
from service.console import Json, refusals
from service.cycle_run import Run, run_cycle, told
from service.database import done

cycle = typer.Typer(help="The yearly top-up of chronic visits, paid to patients' accounts.", no_args_is_help=True)


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


def backpay(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX or XLS.")],
    county: Annotated[str, typer.Option(help="Division code of the county.")],
    agreement_on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day of the agreement.")],
    operator: Annotated[str | None, typer.Option(help="Who does it; kept with the file.")] = None,
    post: Annotated[bool, typer.Option("--post", help="Post it, whole or not at all; else preview only.")] = False,
    as_json: Json = False,
) -> None:
    """Preview the bureau's file of stays before the agreement, or post it. A content is posted once."""
    with refusals():
        asked = Backpay(file, county, agreement_on.date(), operator, post)
        answer = done(lambda engine, settings: run_backpay(engine, settings, asked))
        print(json.dumps(answer, ensure_ascii=False) if as_json else told_of_backpay(answer))
