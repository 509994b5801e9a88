"""`onestop roster` and `onestop catalogue`: lists from the offices that keep them, previewed and applied."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from service.catalogue_run import CatalogueImport, import_catalogue
from service.console import Json, refusals
from service.database import done
from service.registers.catalogue.imports.schemas import Kind
from service.registers.rosters.model import RosterKind, Statement
from service.roster_run import Import, import_roster, purge_rosters, told
from service.words import IdentityClass

roster = typer.Typer(help="Lists of persons from the offices that keep them.", no_args_is_help=True)
catalogue = typer.Typer(help="The fee catalogue: grades, first-pay ratios and ceilings.", no_args_is_help=True)


@roster.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX or XLS.")],
    county: Annotated[str, typer.Option(help="Division code of the county.")],
    source: Annotated[str, typer.Option(help="The office that the list comes from.")],
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="From which day the list holds.")],
    kind: Annotated[RosterKind, typer.Option(help="full: who is absent has ended.")] = RosterKind.CHANGES,
    class_: Annotated[
        IdentityClass | None, typer.Option("--class", help="Of everybody listed, where no column says it.")
    ] = None,
    township: Annotated[str | None, typer.Option(help="A full list of this township only.")] = None,
    operator: Annotated[str | None, typer.Option(help="Who imports it.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Apply it, whole or not at all; else preview only.")] = False,
    accept_rejected: Annotated[
        bool, typer.Option("--accept-rejected", help="Let a full list end people although rows could not be read.")
    ] = False,
    accept_older: Annotated[
        bool, typer.Option("--accept-older", help="Apply a list although a later one of the same office is applied.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Import an applied list once more, after another of its source was applied.")
    ] = False,
    rejected: Annotated[Path | None, typer.Option(help="Where to write the rejected rows, as CSV.")] = None,
    as_json: Json = False,
) -> None:
    """Preview a list, or apply it. The same file again goes on where it stopped, and is never applied twice."""
    with refusals():
        statement = Statement(kind, source, as_of.date(), class_.value if class_ else None, township)
        asked = Import(file, county, operator, statement, apply, accept_rejected, accept_older, rejected, again)
        result = done(lambda engine, settings: import_roster(engine, settings, asked))
        print(json.dumps(result) if as_json else told(result))


@roster.command()
def purge(
    county: Annotated[str, typer.Option(help="Division code of the county.")],
    days: Annotated[int, typer.Option(min=1, help="Lists uploaded more than so many days ago.")] = 90,
    as_json: Json = False,
) -> None:
    """Delete the rows of old lists, which name people. What the lists changed stays on record, row by row."""
    with refusals():
        result = done(lambda engine, settings: purge_rosters(engine, settings, county, days))
        print(json.dumps(result) if as_json else f"The rows of {result['purged']} lists are deleted.")


@catalogue.command("import")
def catalogue_import(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX or XLS.")],
    county: Annotated[str, typer.Option(help="Division code of the county.")],
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="From which day terms without one hold.")],
    kind: Annotated[Kind, typer.Option(help="full: an item that is absent has ended.")] = Kind.CHANGES,
    operator: Annotated[str | None, typer.Option(help="Who imports it.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Apply it, whole or not at all; else preview only.")] = False,
    accept_rejected: Annotated[
        bool, typer.Option("--accept-rejected", help="Let a full catalogue end items although rows could not be read.")
    ] = False,
    rejected: Annotated[Path | None, typer.Option(help="Where to write the rejected rows, as CSV.")] = None,
    as_json: Json = False,
) -> None:
    """Preview a fee catalogue, or apply it. The same file again is never applied twice."""
    with refusals():
        asked = CatalogueImport(file, county, operator, kind.value, as_of.date(), apply, accept_rejected, rejected)
        result = done(lambda engine, settings: import_catalogue(engine, settings, asked))
        print(json.dumps(result) if as_json else told(result, "Catalogue"))
