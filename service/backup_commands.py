"""`onestop backup` and `onestop restore`: what is on record, kept elsewhere and brought back."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from service.backup_run import Manifest, run_backup, run_restore, told
from service.base_backup_run import run_base_backup, run_base_restore
from service.clock import COUNTY_ZONE
from service.config import Settings
from service.console import CommandRefused, Json, refusals
from service.database import database, engine_on, within_reach


def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder; it is whole once it has a manifest.json.")],
    base: Annotated[
        bool, typer.Option("--base", help="The embedded PostgreSQL's files, to be brought to any later moment.")
    ] = False,
    as_json: Json = False,
) -> None:
    """
    Keep everything that is on record, as of one moment, while the service works.

    Keep the keys of personal data (ONESTOP_KEYS) apart from it: it opens nothing without them.
    """
    with refusals():
        settings = Settings()
        with within_reach(settings) as url:
            answer = asyncio.run(run_base_backup(url, settings, folder) if base else _dumped(url, settings, folder))
        print(json.dumps(answer) if as_json else f"Backup written: {answer['folder']}, as of {answer['taken_at']}.")


def restore(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder of a backup.")],
    to: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"],
            help="The moment.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """
    Fill an empty database from a backup, whole or not at all; a base backup makes the data folder, as of `--to`.

    Nothing is ever written over. A moment without a zone is the county's.
    """
    with refusals():
        settings = Settings()
        if Manifest.read(folder).kind == "base":
            until = to.replace(tzinfo=to.tzinfo or COUNTY_ZONE) if to is not None else None
            answer = run_base_restore(settings, folder, until)
            words = f"Restored as of {answer['reached']}. Run `onestop verify` before you serve it."
        elif to is not None:
            raise CommandRefused("a dump is one moment: only a base backup can be brought to another (`--to`)")
        else:
            with database(settings) as (url, _):
                answer = asyncio.run(_restored(url, settings, folder))
            words = told(answer)
        print(json.dumps(answer) if as_json else words)


async def _dumped(url: str, settings: Settings, folder: Path) -> dict[str, Any]:
    async with engine_on(url, settings) as engine:
        return await run_backup(engine, settings, folder)


async def _restored(url: str, settings: Settings, folder: Path) -> dict[str, Any]:
    async with engine_on(url, settings) as engine:
        return await run_restore(engine, settings, folder)
