"""`onestop policy`: what a county's own packs say, and what is wrong with them."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from service.console import Json
from service.policy.check import check_path

app = typer.Typer(help="Policy packs: the law of a county as data.", no_args_is_help=True)


@app.command()
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
