"""The language that a caller reads: a dependency of routes whose answers carry sentences."""

from typing import Annotated

from fastapi import Depends, Request

from service.errors import language_of


async def _language(request: Request) -> str:
    return language_of(request.headers.get("accept-language"))


LanguageOf = Annotated[str, Depends(_language)]
"""`zh` or `en`, by the Accept-Language header (api.md, Conventions)."""
