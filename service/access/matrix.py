"""Who may call what, as a table: made from the API document, which has it from each route's guard."""

from typing import Any, Final

from service.access.model import Role
from service.wire.openapi import operations

_MAY: Final = "yes"
_HEAD: Final = """\
# Who may call what

Made by `scripts/openapi` from the guard of each route; `tests/access/test_matrix.py` tries every cell over HTTP.
`open` needs no token. Whose rows a role finds behind a route is narrower still: its own county's, its own hospital's,
its own payers', its own township's (../README.md).

"""


def roles_of(document: dict[str, Any]) -> list[str]:
    """The roles that occur, those of clients first."""
    found = {role for *_, operation in operations(document) for role in operation.get("x-roles", ())}
    return [*Role, *sorted(found - set(Role))]


def matrix(document: dict[str, Any]) -> str:
    """The table, in Markdown: one line an operation, one column a role."""
    roles = roles_of(document)
    lines = [
        "| method | path | " + " | ".join(roles) + " |",
        "|---" * (len(roles) + 2) + "|",
    ]
    for path, method, operation in sorted(operations(document), key=lambda each: each[:2]):
        allowed = operation.get("x-roles")
        cells = ["open" if allowed is None else _MAY if role in allowed else "" for role in roles]
        lines.append(f"| {method.upper()} | `{path}` | " + " | ".join(cells) + " |")
    return _HEAD + "\n".join(lines) + "\n"
