"""How the command line talks: steps as they go by, and a plain "no" instead of a stack of calls."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import typer
from asyncpg import PostgresError
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from service.access.vault import VaultError
from service.embedded import EmbeddedPostgresError
from service.policy.refusals import PackRefused
from service.processes import WorkerError

PROGRESS = Console(stderr=True, highlight=False)
"""Standard error, so that what a script reads from standard output is the answer alone."""

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any free one.")]


class CommandRefused(Exception):
    """A command cannot do what was asked. The message says why and what to do."""


@contextmanager
def step(doing: str) -> Iterator[None]:
    """Show what is being done: a spinner where a person looks, a line before and after elsewhere."""
    begin = time.monotonic()
    if PROGRESS.is_terminal:
        with PROGRESS.status(f"{doing} ..."):
            yield
    else:
        say(f"{doing} ...")
        yield
    say(f"{doing}: done in {time.monotonic() - begin:.1f} s")


def say(line: str) -> None:
    """One line of progress."""
    PROGRESS.print(line, markup=False, soft_wrap=True)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what a command may run into, outside our own code, into one clear line and exit code 1."""
    try:
        # Told to stop while still getting ready: that is no failure.
        with suppress(KeyboardInterrupt):
            yield
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            typer.echo(f"onestop: setting {'.'.join(map(str, problem['loc']))}: {problem['msg']}", err=True)
        raise typer.Exit(1) from None
    except (SQLAlchemyError, PostgresError) as error:
        typer.echo(f"onestop: the database refused: {getattr(error, 'orig', None) or error}", err=True)
        raise typer.Exit(1) from None
    except (CommandRefused, EmbeddedPostgresError, WorkerError, VaultError, PackRefused, OSError, ValueError) as error:
        typer.echo(f"onestop: {error}", err=True)
        raise typer.Exit(1) from None
