"""
What a route may answer, for its OpenAPI document: `responses=refusals(PersonUnknown, ...) | example(201,
{...})`.
"""

import inspect
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service.errors import Problem, Refusal, language_of

PROBLEM_JSON = "application/problem+json"
_SCHEMA = {"$ref": "#/components/schemas/Problem"}

Responses = dict[int | str, dict[str, Any]]


class InputErrorSchema(BaseModel):
    """One thing wrong with the request."""

    pointer: str = Field(description="JSON Pointer into the body; for a parameter or header '/' and its name.")
    code: str = Field(description="Stable code, `domain.reason`.")
    detail: str = Field(description="What is wrong there, and what to do.")


class ProblemSchema(BaseModel):
    """RFC 9457 problem document: one shape for everything that goes wrong."""

    model_config = ConfigDict(extra="allow", title="Problem")

    type: str = Field(description="`urn:onestop:problem:` and the code.")
    title: str
    status: int
    detail: str = Field(description="What is wrong and what to do, in Chinese, or English with `Accept-Language: en`.")
    code: str = Field(description="Stable code, `domain.reason`.")
    errors: list[InputErrorSchema] = Field(default=[], description="Where in the request, for input errors.")


def _example_of(refusal: type[Refusal]) -> dict[str, Any]:
    document = Problem(refusal.status, refusal.code, refusal.title, refusal.title).body(language_of(None))
    return {"summary": refusal.title.en, "value": document}


def described(refusal: type[Refusal]) -> str:
    """One line for people: the code and the docstring of the refusal."""
    return f"`{refusal.code}`: {inspect.cleandoc(refusal.__doc__ or refusal.title.en)}"


def refusals(*classes: type[Refusal]) -> Responses:
    """
    Describe the refusals of a route in its OpenAPI `responses`, one entry per status with an example of each.

    Those that every route of its kind can give (401, 403, 413, 500, 503 ...) are added by `wire.openapi`.
    """
    found: Responses = {}
    for refusal in classes:
        entry = found.setdefault(refusal.status, {"description": "", "content": {PROBLEM_JSON: {"schema": _SCHEMA}}})
        entry["description"] = "\n\n".join(filter(None, [entry["description"], described(refusal)]))
        entry["content"][PROBLEM_JSON].setdefault("examples", {})[refusal.code] = _example_of(refusal)
    return found


def merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two entries of one status as one."""
    lines = [*first["description"].split("\n\n"), *second["description"].split("\n\n")]
    content = {**second.get("content", {}), **first.get("content", {})}
    if PROBLEM_JSON in first.get("content", {}) and PROBLEM_JSON in second.get("content", {}):
        examples = first["content"][PROBLEM_JSON]["examples"] | second["content"][PROBLEM_JSON]["examples"]
        content[PROBLEM_JSON] = {"schema": _SCHEMA, "examples": examples}
    return {**second, **first, "description": "\n\n".join(dict.fromkeys(lines)), "content": content}


def example(status: int, value: Any, *, summary: str = "Example", media_type: str = "application/json") -> Responses:
    """An example of a successful answer."""
    return {status: {"content": {media_type: {"examples": {"example": {"summary": summary, "value": value}}}}}}
