"""How much a request may bring: a bounded body, and an address that a database can read."""

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import Text
from service.wire.refusals import RequestMalformed, RequestTooLarge

MULTIPART: Final = "multipart/form-data"
_NUL_IN_ADDRESS: Final = Text("地址中含有 NUL 字符。", "The address holds a NUL character.")


class RequestLimits:
    """
    Refuses a body that is too large, announced or sent in pieces, before it is held in memory.

    A form with files (multipart) may have `max_file_bytes`: it is read piece by piece, onto the disk.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int, max_file_bytes: int) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.max_file_bytes = max_file_bytes

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
        received = 0

        async def receive_counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise _too_large(most)
            return message

        await self.app(scope, receive_counting, send)


def _too_large(most: int) -> RequestTooLarge:
    detail = Text(
        f"请求内容不得超过 {most} 字节；请分次提交。",
        f"The body may have at most {most} bytes: send it in parts.",
    )
    return RequestTooLarge(detail, headers={"Connection": "close"})
