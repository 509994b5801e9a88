"""
Completes the OpenAPI document: what every operation of a kind can answer is said once, here, for all of them.

So a route declares only its own refusals, and none of the common ones can be forgotten.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from service.errors import Refusal
from service.wire import schema_names
from service.wire.refusals import (
    Internal,
    MediaTypeUnsupported,
    PathUnknown,
    RequestInvalid,
    RequestMalformed,
    RequestTooLarge,
    RequestTooSlow,
    ServiceBusy,
    ServiceOverloaded,
    ServiceUnavailable,
)
from service.wire.responses import PROBLEM_JSON, ProblemSchema, merged, refusals

_KEY_HEADER: Final = "Idempotency-Key"
_FORM: Final = "application/x-www-form-urlencoded"
_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})
_ALWAYS: Final = (RequestMalformed, Internal, ServiceOverloaded, ServiceUnavailable, ServiceBusy)
_HEADERS: Final = {
    "X-Request-Id": {
        "description": "The id of this request: the caller's own where it sent a sane one.",
        "schema": {"type": "string"},
    },
    "Retry-After": {"description": "Seconds to wait before trying again.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How to authenticate (RFC 9110).", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "`true` when this is the stored first answer to the same request.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}
_HEADERS_OF_STATUS: Final = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"}


@dataclass(frozen=True, slots=True)
class Implied:
    """Refusals that come with a property of an operation: a token asked for, an Idempotency-Key asked for."""

    secured: Sequence[type[Refusal]] = ()
    idempotent: Sequence[type[Refusal]] = ()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation of an OpenAPI document: path, method, operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, method, operation


def _common(operation: dict[str, Any], implied: Implied) -> Iterator[type[Refusal]]:
    yield from _ALWAYS
    parameters = operation.get("parameters", [])
    if operation.get("security"):
        yield from implied.secured
    kinds = operation.get("requestBody", {}).get("content", {}).keys()
    if parameters or kinds - {_FORM}:
        yield RequestInvalid
    if any(parameter["in"] == "path" for parameter in parameters):
        yield PathUnknown
    if any(parameter["name"] == _KEY_HEADER for parameter in parameters):
        yield from implied.idempotent
    if kinds:
        yield RequestTooLarge
        yield RequestTooSlow
    if "application/json" in kinds:
        yield MediaTypeUnsupported


def _requires_its_key(operation: dict[str, Any]) -> None:
    """FastAPI sees a default, because a missing key has a refusal of its own; callers must send one."""
    for parameter in operation.get("parameters", []):
        if parameter["name"] == _KEY_HEADER:
            parameter["required"] = True
            parameter["schema"].pop("default", None)


def _says_its_roles(operation: dict[str, Any]) -> None:
    if "x-roles" in operation:
        roles = ", ".join(f"`{role}`" for role in operation["x-roles"])
        operation["description"] = f"{operation.get('description', '')}\n\nRoles: {roles}.".strip()


def _with_headers(operation: dict[str, Any]) -> None:
    keyed = any(parameter["name"] == _KEY_HEADER for parameter in operation.get("parameters", []))
    for status, response in operation["responses"].items():
        names = ["X-Request-Id", *filter(None, [_HEADERS_OF_STATUS.get(status)])]
        if keyed and status.startswith("2"):
            names.append("Idempotent-Replayed")
        response.setdefault("headers", {}).update({name: {"$ref": f"#/components/headers/{name}"} for name in names})


def complete(document: dict[str, Any], implied: Implied) -> dict[str, Any]:
    """Add the common refusals, headers and the problem schema to FastAPI's document, in place."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = ProblemSchema.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {name.removesuffix("Schema"): schema for name, schema in problem.pop("$defs").items()}
    problem["properties"]["errors"]["items"] = {"$ref": "#/components/schemas/InputError"}
    schemas["Problem"] = problem
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    document["components"]["headers"] = _HEADERS

    for _, _, operation in operations(document):
        responses = operation["responses"]
        if "application/json" in responses.get("422", {}).get("content", {}):
            responses.pop("422")
        for status, entry in refusals(*dict.fromkeys(_common(operation, implied))).items():
            known = responses.get(str(status))
            responses[str(status)] = merged(known, entry) if known else entry
        operation["responses"] = dict(sorted(responses.items()))
        _with_headers(operation)
        _requires_its_key(operation)
        _says_its_roles(operation)
    schema_names.rename(document)
    return document


__all__ = ["PROBLEM_JSON", "Implied", "complete", "operations"]
