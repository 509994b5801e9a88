"""`onestop readjudicate`: many settlements decided anew, by hand where the server does not do it."""

import json
from typing import Annotated
from uuid import UUID

import typer

from service.bulk_run import Readjudicating, run_readjudication, told
from service.console import refusals
from service.database import done

app = typer.Typer(help="Many settlements decided anew.", no_args_is_help=True)


@app.command()
def run(
    readjudication: Annotated[UUID, typer.Argument(help="The id given when it was asked for.")],
    county: Annotated[str, typer.Option(help="Division code of the county.")],
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")] = False,
) -> None:
    """
    Go through the persons of a re-adjudication that are left: its preview, or, once it is approved, the thing itself.

    It may be stopped, killed and started again at any time, also several at once and beside the server.
    """
    with refusals():
        asked = Readjudicating(readjudication, county)
        answer = done(lambda engine, settings: run_readjudication(engine, settings, asked))
        print(json.dumps(answer, ensure_ascii=False) if as_json else told(answer))
