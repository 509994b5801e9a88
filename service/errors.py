"""
The expected ways in which the service says no. Anything else is a bug and becomes a 500.

A refusal is an exception that carries its HTTP status and a stable code (`domain.reason`, api.md); each package
keeps its own refusals in its `refusals.py`. It becomes an RFC 9457 problem document, in Chinese, or in English
for callers who ask for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson
from starlette.responses import Response

from service.text import Text

__all__ = ["InputError", "Problem", "Refusal", "Text", "language_of"]


@dataclass(frozen=True, slots=True)
class InputError:
    """One thing wrong with the request: where (JSON Pointer), a stable code, and what to do about it."""

    pointer: str
    code: str
    detail: Text


class Refusal(Exception):
    """
    A "no" that the caller can do something about.

    `detail` says what is wrong and what to do next. `pointer` names the field of the request that it is about.
    """

    status: ClassVar[int] = 422
    code: ClassVar[str]
    title: ClassVar[Text]

    def __init__(
        self,
        detail: Text,
        *,
        pointer: str | None = None,
        errors: Sequence[InputError] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{self.code}: {detail.en}")
        self.detail = detail
        self.errors = tuple(errors) or ((InputError(pointer, self.code, detail),) if pointer is not None else ())
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


@dataclass(frozen=True, slots=True)
class Problem:
    """An RFC 9457 problem document, ready to be written in one language."""

    status: int
    code: str
    title: Text
    detail: Text
    errors: tuple[InputError, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, refusal: Refusal) -> "Problem":
        return cls(
            refusal.status,
            refusal.code,
            refusal.title,
            refusal.detail,
            refusal.errors,
            refusal.headers,
            refusal.extra,
        )

    def body(self, language: str) -> dict[str, Any]:
        document: dict[str, Any] = {
            "type": f"urn:onestop:problem:{self.code}",
            "title": self.title.in_language(language),
            "status": self.status,
            "detail": self.detail.in_language(language),
            "code": self.code,
        }
        if self.errors:
            document["errors"] = [
                {"pointer": e.pointer, "code": e.code, "detail": e.detail.in_language(language)} for e in self.errors
            ]
        return document | dict(self.extra)

    def response(self, language: str) -> Response:
        return Response(
            orjson.dumps(self.body(language)),
            status_code=self.status,
            media_type="application/problem+json",
            headers={**self.headers, "Content-Language": "en" if language == "en" else "zh-CN"},
        )


def language_of(accept_language: str | None) -> str:
    """The language of an answer: English only where the caller puts it first, Chinese otherwise (api.md)."""
    first = (accept_language or "").split(",")[0].strip().lower()
    return "en" if first == "en" or first.startswith(("en-", "en;")) else "zh"
