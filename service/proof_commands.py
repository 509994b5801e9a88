"""`onestop verify` and `onestop seal`: whether what is on record is what was decided."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from service.console import Json, refusals
from service.database import done
from service.verify_run import Sealing, Verify, run_seal, run_verify
from service.verify_run import told as told_of_proof


def verify(
    county: Annotated[str | None, typer.Option(help="One county; left out, every county of the packs.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that prove side by side.")] = 2,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the last one where it stopped.")] = False,
    heads: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Heads published earlier (`onestop seal --heads`).")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="How many wrong rows to list.")] = 20,
    operator: Annotated[str | None, typer.Option(help="Who asks; kept with the verification.")] = None,
    as_json: Json = False,
) -> None:
    """
    Decide every settlement again from its trace, prove every sum, statement and seal, and name the first wrong row.

    Exit 0: everything is as it must be. 1: something is wrong.
    """
    with refusals():
        asked = Verify(county, workers, resume, heads, operator, most)
        answer = done(lambda engine, settings: run_verify(engine, settings, asked))
        print(json.dumps(answer, ensure_ascii=False) if as_json else told_of_proof(answer))
        if not answer["ok"]:
            raise typer.Exit(1)


def seal(
    county: Annotated[str | None, typer.Option(help="One county; left out, every county of the packs.")] = None,
    heads: Annotated[Path | None, typer.Option(help="Where to write the signed heads, to be kept elsewhere.")] = None,
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The heads of this day.")] = None,
    as_json: Json = False,
) -> None:
    """Seal what was written since the last time into the chain of each county. The server does so by itself."""
    with refusals():
        asked = Sealing(county, heads, day.date() if day else None)
        answer = done(lambda engine, settings: run_seal(engine, settings, asked))
        if as_json:
            print(json.dumps(answer))
