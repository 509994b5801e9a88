"""`onestop demo`: a fictional county to try."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from service.clock import COUNTY_ZONE
from service.config import Settings
from service.console import Port, refusals
from service.sandbox import run_demo


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
