"""
Connections that are slow, silent or too many: each is let go, with a problem document where one can still be sent.

uvicorn bounds only the time between two requests. A head that comes letter by letter, an answer that nobody reads, or
thousands of open connections would each use up what a process may keep open.
"""

import asyncio
import socket
import struct
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Final, Self, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.config import Settings
from service.errors import Problem, Refusal, Text
from service.wire.problems import RETRY_AFTER
from service.wire.refusals import RequestMalformed, RequestTooLarge, RequestTooSlow, ServiceOverloaded

_LARGEST_HEAD: Final = 65_536
_AT_ONCE: Final = struct.pack("ii", 1, 0)
_UNREADABLE: Final = Text("请求不符合 HTTP。", "This is not an HTTP request.")
_HEAD_TOO_LARGE: Final = Text(
    f"请求头不得超过 {_LARGEST_HEAD} 字节。", f"The head of a request may have at most {_LARGEST_HEAD} bytes."
)
_TOO_MANY: Final = Text("连接过多；请稍候重试。", "Too many connections: wait a moment and try again.")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many connections, how long for the head of a request, and how long an answer may lie unread (seconds)."""

    connections: int
    head_seconds: float
    read_seconds: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.connections_open, settings.head_seconds, settings.read_seconds)


class BoundedConnection(HttpToolsProtocol):
    """A connection within `bounds`; make a class with bounds by `bounded`."""

    bounds: ClassVar[Bounds]

    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self._head: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        if len(self.connections) > self.bounds.connections:
            self._end(ServiceOverloaded(_TOO_MANY, headers=RETRY_AFTER))
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_there()
        self._is_read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._head is not None and (size := self._head_bytes + len(data)) > _LARGEST_HEAD:
            self._end(RequestTooLarge(_HEAD_TOO_LARGE))
        elif self._head is not None:
            self._head_bytes = size

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        self._head_is_there()
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(self.bounds.read_seconds, self._reset)

    def resume_writing(self) -> None:
        self._is_read()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  (uvicorn's sentence; ours is in two languages)
        self._end(RequestMalformed(_UNREADABLE))

    def _await_head(self) -> None:
        if self._head is None:
            self._head = self.loop.call_later(self.bounds.head_seconds, self._give_up)

    def _give_up(self) -> None:
        self._head = None
        if self.cycle is not None and not self.cycle.response_complete:
            # The request before is still being answered: its answer is not cut off for the next one's sake.
            self._await_head()
            return
        seconds = f"{self.bounds.head_seconds:g}"
        detail = Text(f"请求头未在 {seconds} 秒内到达。", f"The head did not come within {seconds} seconds.")
        self._end(RequestTooSlow(detail))

    def _reset(self) -> None:
        """End it at once, also what the kernel holds: nobody reads that."""
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    def _head_is_there(self) -> None:
        self._head_bytes = 0
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _end(self, refusal: Refusal) -> None:
        """Say why and hang up; only hang up where an answer to an earlier request is on its way."""
        self._head_is_there()
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_answer(refusal))
        self.transport.close()


def bounded(settings: Settings) -> type[asyncio.Protocol]:
    """The class of connections that a server process with these settings has."""
    return type("Bounded", (BoundedConnection,), {"bounds": Bounds.of(settings)})


def _answer(refusal: Refusal) -> bytes:
    response = Problem.of(refusal).response("zh")
    head = [f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}", "connection: close"]
    lines = [line.encode("latin-1") for line in head] + [b": ".join(pair) for pair in response.raw_headers]
    return b"\r\n".join([*lines, b"", bytes(response.body)])
