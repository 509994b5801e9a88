"""Who may call what, as tables: made from the API document and the routes beside it, which know it by their guards."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route

from service.access.model import Role
from service.wire.openapi import operations

_MAY: Final = "yes"
_OPEN: Final = "open"
_HEAD: Final = """\
# Who may call what

Made by `scripts/openapi` from the guard of each route; `tests/access/test_matrix.py` tries every cell over HTTP.
`open` needs no token. Whose rows a role finds behind a route is narrower still: its own county's, its own hospital's,
its own payers', its own township's, a patient's own (../README.md).

"""
_OUTSIDE: Final = """
## Beside the API document

Pages know a patient by the cookie of a session, and the national interface a hospital by its own gateway keys: an
access token opens neither.

| method | path | who |
|---|---|---|
"""


def roles_of(document: dict[str, Any]) -> list[str]:
    """The roles that occur, those of clients first."""
    found = {role for *_, operation in operations(document) for role in operation.get("x-roles", ())}
    return [*Role, *sorted(found - set(Role))]


def beside(app: FastAPI, routers: Iterable[APIRouter]) -> list[tuple[str, str, Sequence[str]]]:
    """The routes that the API document leaves out: method, path, and who is let in (nobody named: everybody)."""
    routes = [*app.routes, *(route for router in routers for route in router.routes)]
    return sorted(
        (method, route.path, (getattr(route, "openapi_extra", None) or {}).get("x-roles", ()))
        for route in routes
        if isinstance(route, Route) and not (isinstance(route, APIRoute) and route.include_in_schema)
        for method in (route.methods or set()) - {"HEAD"}
    )


def matrix(app: FastAPI, routers: Iterable[APIRouter]) -> str:
    """The tables, in Markdown: one line an operation, one column a role; and what the document leaves out."""
    document = app.openapi()
    roles = roles_of(document)
    lines = [
        "| method | path | " + " | ".join(roles) + " |",
        "|---" * (len(roles) + 2) + "|",
    ]
    for path, method, operation in sorted(operations(document), key=lambda each: each[:2]):
        allowed = operation.get("x-roles")
        cells = [_OPEN if allowed is None else _MAY if role in allowed else "" for role in roles]
        lines.append(f"| {method.upper()} | `{path}` | " + " | ".join(cells) + " |")
    outside = [f"| {method} | `{path}` | {', '.join(who) or _OPEN} |" for method, path, who in beside(app, routers)]
    return _HEAD + "\n".join(lines) + "\n" + _OUTSIDE + "\n".join(outside) + "\n"
