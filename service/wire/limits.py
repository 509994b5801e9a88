"""How much a request may bring: a bounded body, and an address that a database can read."""

import asyncio
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import Text
from service.wire.refusals import RequestMalformed, RequestTooLarge, RequestTooSlow

MULTIPART: Final = "multipart/form-data"
_LONGER_WITH_FILES: Final = 10
_FEW_FIELDS: Final = 8_192
_NUL_IN_ADDRESS: Final = Text("地址中含有 NUL 字符。", "The address holds a NUL character.")


class RequestLimits:
    """
    Refuses a body that is too large, announced or sent in pieces, before it is held in memory.

    A form with files (multipart) may have `max_file_bytes`: it is read piece by piece, onto the disk. A body that does
    not come within `body_seconds` of being asked for is given up, one with files after ten times as long.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int, max_file_bytes: int, body_seconds: float) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.max_file_bytes = max_file_bytes
        self.body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            raise RequestMalformed(_NUL_IN_ADDRESS)
        headers = Headers(scope=scope)
        has_files = headers.get("content-type", "").lower().startswith(MULTIPART)
        most = self.max_file_bytes if has_files else self.max_body_bytes
        announced = headers.get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced) > most:
            raise _too_large(most)
        seconds = self.body_seconds * (_LONGER_WITH_FILES if has_files else 1)
        received, until, complete = 0, None, False

        async def receive_counting() -> Message:
            nonlocal received, until, complete
            if complete:
                # What is waited for now is the end of the connection, as long as the answer takes.
                return await receive()
            until = until or asyncio.get_running_loop().time() + seconds
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise _too_slow(seconds) from None
            complete = not message.get("more_body", False)
            received += len(message.get("body", b""))
            if received > most:
                raise _too_large(most)
            return message

        await self.app(scope, receive_counting, send)


async def short_body(request: Request) -> bytes:
    """A body of a few fields, from somebody who has not shown yet who they are. Raises request.too_large."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _FEW_FIELDS:
            raise _too_large(_FEW_FIELDS)
    return body


def _too_slow(seconds: float) -> RequestTooSlow:
    detail = Text(
        f"请求内容未在 {seconds:g} 秒内发送完；请检查网络后以同一 Idempotency-Key 重试。",
        f"The body did not come within {seconds:g} seconds: send it again with the same Idempotency-Key.",
    )
    return RequestTooSlow(detail, headers={"Connection": "close"})


def _too_large(most: int) -> RequestTooLarge:
    detail = Text(
        f"请求内容不得超过 {most} 字节；请分次提交。",
        f"The body may have at most {most} bytes: send it in parts.",
    )
    return RequestTooLarge(detail, headers={"Connection": "close"})
