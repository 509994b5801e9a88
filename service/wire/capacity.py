"""
How many requests a server process works on at once, so that a flood meets a quick "not now" instead of the database.

What is more than `working` waits its turn, first come first served; what finds `waiting` others before it, or waits
longer than `seconds`, is refused with `Retry-After`, and nothing was done. So the wait of whoever is let in is bounded
however many come.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import Text
from service.wire.metrics import REQUESTS
from service.wire.problems import RETRY_AFTER
from service.wire.refusals import ServiceOverloaded

ALWAYS_ANSWERED: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Who runs the service looks at it above all when it has too much to do."""

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_TOO_MANY: Final = Text(
    "当前请求过多，本次请求未产生任何效果；请按 Retry-After 稍候，以同一 Idempotency-Key 重试。",
    "Too many requests at once, and nothing was done. Wait as long as `Retry-After` says, then send it again, with the "
    "same Idempotency-Key if it had one.",
)


class Turns:
    """The turns that requests take. Used within one event loop."""

    def __init__(self, working: int, waiting: int, seconds: float) -> None:
        self._free = asyncio.Semaphore(working)
        self._places = waiting
        self._waiting = 0
        self._seconds = seconds

    def refuse_if_full(self) -> None:
        """Raises service.overloaded where a request that comes now would find no place to wait."""
        if self._free.locked() and self._waiting >= self._places:
            raise ServiceOverloaded(_TOO_MANY, headers=RETRY_AFTER)

    async def take(self) -> None:
        """Wait for a turn. Raises service.overloaded where there is no place to wait, or the wait takes too long."""
        self.refuse_if_full()
        with self._waits():
            try:
                async with asyncio.timeout(self._seconds):
                    await self._free.acquire()
            except TimeoutError:
                raise ServiceOverloaded(_TOO_MANY, headers=RETRY_AFTER) from None
        REQUESTS.labels("working").inc()

    def give_back(self) -> None:
        REQUESTS.labels("working").dec()
        self._free.release()

    @contextmanager
    def _waits(self) -> Iterator[None]:
        self._waiting += 1
        REQUESTS.labels("waiting").inc()
        try:
            yield
        finally:
            self._waiting -= 1
            REQUESTS.labels("waiting").dec()


class Capacity:
    """
    Gives each request its turn, from when its body has come until its answer begins.

    So neither who sends slowly nor who reads slowly keeps others from being served.
    """

    def __init__(self, app: ASGIApp, working: int, waiting: int, seconds: float) -> None:
        self.app = app
        self._turns = Turns(working, waiting, seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS_ANSWERED:
            await self.app(scope, receive, send)
            return
        turns, holds = self._turns, False

        async def take() -> None:
            nonlocal holds
            if not holds:
                await turns.take()
                holds = True

        async def receive_then_wait() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                await take()
            return message

        async def send_and_let_go(message: Message) -> None:
            nonlocal holds
            if message["type"] == "http.response.start" and holds:
                holds = False
                turns.give_back()
            await send(message)

        # Before a body is read that could not be answered.
        turns.refuse_if_full()
        try:
            if not _has_body(scope):
                await take()
            await self.app(scope, receive_then_wait, send_and_let_go)
        finally:
            if holds:
                turns.give_back()


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    announced = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
    return announced and scope["method"] in _WITH_BODY
