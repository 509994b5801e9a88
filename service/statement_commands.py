"""`onestop statements`: what payers owe hospitals."""

import json
from typing import Annotated

import typer

from service.console import Json, refusals
from service.database import done
from service.statement_run import Run, run_statements, told

app = typer.Typer(help="What payers owe hospitals, billed by period.", no_args_is_help=True)


@app.command()
def run(
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
        print(json.dumps(answer, ensure_ascii=False, default=str) if as_json else told(answer))
        if answer["failed"]:
            raise typer.Exit(1)
