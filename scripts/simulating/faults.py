"""
What goes wrong between a caller and the database, each at a planned place: the connection to the database is cut before
a statement, before a COMMIT or right after one, the answer is lost on its way, or the caller presses the button twice.

A caller does what api.md asks: it sends the same request with the same key until it has an answer.
"""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn
from unittest import mock
from uuid import uuid4

import asyncpg
import httpx
from sqlalchemy import Connection, Engine, event

from service import db
from tests.cases.county import Call

KINDS: Final = ("statement", "before commit", "after commit", "answer lost", "twice")
CHANGING: Final = frozenset({"POST", "PUT"})
TRIES: Final = 10
_IN_PROGRESS: Final = "idempotency.in_progress"


@dataclass(frozen=True, slots=True)
class Fault:
    """`call`: the how many-th request of an event it strikes; `place`: the how many-th statement or COMMIT of that."""

    kind: str
    call: int = 0
    place: int = 0

    @classmethod
    def drawn(cls, dice: random.Random) -> "Fault":
        kind = dice.choice(KINDS)
        return cls(kind, min(int(dice.expovariate(1.5)), 4), dice.randrange(12) if kind == "statement" else 0)

    def told(self) -> str:
        return f"{self.kind} (request {self.call + 1}{f', statement {self.place + 1}' if self.place else ''})"


@dataclass(slots=True)
class _Cut:
    """A cut that has yet to happen while a request is served."""

    kind: str
    left: int
    happened: bool = False

    def strikes(self, what: str) -> bool:
        if self.happened or what != self.kind:
            return False
        self.left -= 1
        self.happened = self.left < 0
        return self.happened


_cut: ContextVar[_Cut | None] = ContextVar("cut", default=None)


class _Breaking(db._SeeingConnection):
    """A connection that is cut where it is planned."""

    __slots__ = ()

    async def execute(self, query: str, *args: Any, **options: Any) -> str:
        commits = query.startswith("COMMIT")
        if commits and _strikes("before commit"):
            self._break()
        status = await super().execute(query, *args, **options)
        if commits and _strikes("after commit"):
            self._break()
        return status

    async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
        if _strikes("statement"):
            self._break()
        return await super().fetchval(query, *args, **options)

    def _break(self) -> NoReturn:
        self.terminate()
        raise asyncpg.ConnectionDoesNotExistError("cut, as planned")


def _strikes(what: str) -> bool:
    cut = _cut.get()
    return cut is not None and cut.strikes(what)


def _before_statement(connection: Connection, *_: Any) -> None:
    driver = connection.connection.driver_connection
    if isinstance(driver, _Breaking) and _strikes("statement"):
        driver.terminate()


@contextmanager
def breakable() -> Iterator[None]:
    """Engines that are made meanwhile have connections that can be cut."""
    event.listen(Engine, "before_cursor_execute", _before_statement)
    try:
        with mock.patch.object(db, "_SeeingConnection", _Breaking):
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", _before_statement)


class Line:
    """Between all callers and the service; `planned` is what goes wrong during the event at hand, if anything."""

    def __init__(self) -> None:
        self.planned: Fault | None = None
        self.struck: dict[str, int] = {}

    def through(self, call: Call) -> Call:
        """The same caller, on this line."""

        async def ask(method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
            if method not in CHANGING:
                return await call(method, path, body, **more)
            fault = self._due()
            more["key"] = more.get("key") or str(uuid4())
            if fault is not None and fault.kind == "twice":
                self._count(fault.kind)
                first, second = await asyncio.gather(*(_until_answered(call, method, path, body, more) for _ in "12"))
                return _same(first, second)
            answer = await self._cut_once(fault, call, method, path, body, more)
            if fault is not None and fault.kind == "answer lost":
                self._count(fault.kind)
                return _same(answer, await _until_answered(call, method, path, body, more))
            return answer

        return ask

    async def _cut_once(self, fault: Fault | None, call: Call, *asked: Any) -> httpx.Response:
        if fault is None or fault.kind in ("twice", "answer lost"):
            return await _until_answered(call, *asked)
        cut = _Cut(fault.kind, fault.place)
        token = _cut.set(cut)
        try:
            return await _until_answered(call, *asked)
        finally:
            _cut.reset(token)
            if cut.happened:
                self._count(fault.kind)

    def _due(self) -> Fault | None:
        """The planned fault, once, where this is the request that it strikes."""
        if self.planned is None:
            return None
        if self.planned.call:
            self.planned = replace(self.planned, call=self.planned.call - 1)
            return None
        due, self.planned = self.planned, None
        return due

    def _count(self, kind: str) -> None:
        self.struck[kind] = self.struck.get(kind, 0) + 1


def _same(first: httpx.Response, second: httpx.Response) -> httpx.Response:
    """Whoever asks twice gets one answer, whatever it is."""
    if httpx.codes.is_success(first.status_code) or httpx.codes.is_success(second.status_code):
        assert (first.status_code, first.content) == (second.status_code, second.content), (
            f"{first.request.method} {first.request.url.path}, sent twice, was answered differently:"
            f" {first.status_code} {first.text} / {second.status_code} {second.text}"
        )
    return first


async def _until_answered(call: Call, method: str, path: str, body: Any, more: dict[str, Any]) -> httpx.Response:
    for _ in range(TRIES):
        answer = await call(method, path, body, **more)
        busy = answer.status_code == httpx.codes.CONFLICT and answer.json().get("code") == _IN_PROGRESS
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE and not busy:
            return answer
    raise AssertionError(f"{method} {path} was not answered within {TRIES} tries: {answer.text}")
