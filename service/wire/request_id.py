"""Every request has an id: on its answer, in its log line, in its audit rows (api.md, Conventions)."""

import re
from contextvars import ContextVar
from typing import Final
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NAME: Final = b"x-request-id"
_SANE: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_SCOPE_KEY: Final = "onestop.request_id"

current_request_id: ContextVar[str | None] = ContextVar("current_request_id", default=None)
"""The id of the request being served, for logs."""


def request_id_of(scope: Scope) -> str:
    """The id of this request."""
    request_id: str = scope[_SCOPE_KEY]
    return request_id


class RequestId:
    """
    Takes the caller's X-Request-Id where it is 1 to 64 letters, digits, '.', '_', ':', '-'; else makes one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == _NAME), b"").decode("latin-1")
        request_id = given if _SANE.fullmatch(given) else uuid4().hex
        scope[_SCOPE_KEY] = request_id
        token = current_request_id.set(request_id)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (_NAME, request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            current_request_id.reset(token)
