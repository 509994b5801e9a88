"""`onestop openapi` and `onestop access-matrix`: what the repository keeps of what the code says."""

import json
from pathlib import Path
from typing import Annotated

import typer

from service.access.matrix import matrix
from service.config import Settings
from service.console import CommandRefused, refusals
from service.main import ROUTERS, create_app

Kept = Annotated[Path, typer.Argument(help="Where it is kept.")]
Check = Annotated[bool, typer.Option("--check", help="Change nothing; refuse if it is not current.")]


def openapi(file: Kept, check: Check = False) -> None:
    """Write the API's OpenAPI document, as the code has it."""
    with refusals():
        _keep(file, json.dumps(create_app(Settings()).openapi(), ensure_ascii=False, indent=1) + "\n", check)


def access_matrix(file: Kept, check: Check = False) -> None:
    """Write who may call what, as the code has it."""
    with refusals():
        _keep(file, matrix(create_app(Settings()), ROUTERS), check)


def _keep(file: Path, document: str, check: bool) -> None:
    if not check:
        file.write_text(document, encoding="utf-8")
    elif not file.exists() or file.read_text(encoding="utf-8") != document:
        raise CommandRefused(f"{file} is not what the code says: run scripts/openapi and commit it")
