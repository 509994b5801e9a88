"""
The command line: one entry point, `onestop`, over the same functions that the API calls.

Exit 0: done. 1: refused, with a message that says why. 2: not how it is called.
"""

import ast
import signal
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

COMMANDS: Final = {
    "serve": ("serving_commands", "serve"),
    "migrate": ("serving_commands", "migrate"),
    "demo": ("demo_commands", "demo"),
    "backup": ("backup_commands", "backup"),
    "restore": ("backup_commands", "restore"),
    "verify": ("proof_commands", "verify"),
    "seal": ("proof_commands", "seal"),
    "backpay": ("payout_commands", "backpay"),
    "cycle": ("payout_commands", "cycle"),
    "statements": ("statement_commands", "app"),
    "readjudicate": ("bulk_commands", "app"),
    "roster": ("list_commands", "roster"),
    "catalogue": ("list_commands", "catalogue"),
    "policy": ("policy_commands", "app"),
    "client": ("client_commands", "app"),
    "keys": ("key_commands", "app"),
    "nhsa": ("nhsa_commands", "app"),
    "openapi": ("document_commands", "openapi"),
    "access-matrix": ("document_commands", "access_matrix"),
}
"""
In which module of ours each command is, and under which name: a function, or a group of commands.

A module is imported when its command is called: the whole service takes seconds to import, and hardly any command
needs it.
"""


class Called(TyperGroup):
    """The commands, each with its help; what one does is imported when it is called."""

    def __init__(self, **given: Any) -> None:
        listed = {name: TyperCommand(name, help=help_of(*place)) for name, place in COMMANDS.items()}
        super().__init__(**given | {"commands": listed})

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed and imported(*COMMANDS[str(name)]), rest


def imported(module: str, name: str) -> TyperCommand | TyperGroup:
    """A command as it is called."""
    found = getattr(import_module(f"service.{module}"), name)
    if isinstance(found, typer.Typer):
        return get_group(found)
    alone = typer.Typer(add_completion=False)
    alone.command()(found)
    command = get_command(alone)
    assert isinstance(command, TyperCommand)
    return command


def help_of(module: str, name: str) -> str:
    """What a command says of itself, read from its source: a function's docstring, a group's `help`."""
    for node in _source(module).body:
        match node:
            case ast.FunctionDef(name=found) if found == name:
                return ast.get_docstring(node) or ""
            case ast.Assign(targets=[ast.Name(id=found)], value=ast.Call(keywords=said)) if found == name:
                return str(next(ast.literal_eval(word.value) for word in said if word.arg == "help"))
    raise LookupError(f"service.{module} has no {name}")


@cache
def _source(module: str) -> ast.Module:
    return ast.parse((Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8"))


app = typer.Typer(cls=Called, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def onestop() -> None:
    """onestop: one-stop (一站式) medical settlement for a county."""


def main() -> None:
    """The entry point."""
    # SIGTERM ends a command as Ctrl-C does: one that embeds PostgreSQL must not be cut off while it starts it.
    signal.signal(signal.SIGTERM, _interrupt)
    app()


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
