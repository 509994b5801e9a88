"""What every answer tells browsers and caches, unless the answer says it itself (a page its own policy)."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    # Nearly every answer is about somebody.
    (b"cache-control", b"no-store"),
)
_OVER_TLS: Final = ((b"strict-transport-security", b"max-age=31536000"),)


class SecurityHeaders:
    """Adds the headers of a careful service to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = _ALWAYS + (_OVER_TLS if scope["scheme"] == "https" else ())

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name.lower() for name, _ in message.get("headers", ())}
                message["headers"] = [*message.get("headers", ()), *(each for each in wanted if each[0] not in said)]
            await send(message)

        await self.app(scope, receive, send_with_headers)
