"""
A run: many transactions, beside those of everybody else.

A run holds a connection of its own and one per hospital, one after the other. So that runs never wait for each
other's connections, and leave the pool to the discharges, a server process makes one run at a time; the others wait
without a connection. Of several processes, one bills a period at a time; the others wait, also without one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import Response

from service.access.idempotency import Attempt
from service.access.model import Caller
from service.db import transaction_on
from service.reconciliation.desk import Desk, answered
from service.reconciliation.statements.refusals import RunUnderWay

PATIENCE: Final = timedelta(seconds=30)
"""How long a run waits for another process that bills the same period."""
_PAUSE: Final = timedelta(milliseconds=100)
T = TypeVar("T")
_TURNS: Final[WeakKeyDictionary[AsyncEngine, asyncio.Lock]] = WeakKeyDictionary()


class _Unfinished(Exception):
    """Some hospital could not be billed: the answer is given, and not kept, so that the same key tries again."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer


async def run_alone(
    request: Request, caller: Caller, attempt: Attempt, act: Callable[[Desk], Awaitable[dict[str, Any]]]
) -> Response:
    """Run when it is this run's turn, once per key; a run in which a hospital failed may be tried again under it."""
    return await in_turn(lambda: _run(request, caller, attempt, act))


async def in_turn(run: Callable[[], Awaitable[T]]) -> T:
    """Run again while another process bills the same period. Raises statement.run_under_way when patience ends."""
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while True:
        try:
            return await run()
        except RunUnderWay:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(_PAUSE.total_seconds())


async def _run(
    request: Request, caller: Caller, attempt: Attempt, act: Callable[[Desk], Awaitable[dict[str, Any]]]
) -> Response:
    engine: AsyncEngine = request.app.state.engine
    async with _TURNS.setdefault(engine, asyncio.Lock()):
        try:
            async with transaction_on(engine) as tx:
                desk = Desk.of(request, tx, caller)

                async def finish() -> dict[str, Any]:
                    answer = await act(desk)
                    if answer["failed"]:
                        raise _Unfinished(answer)
                    return answer

                return await desk.once(attempt, finish, status=200)
        except _Unfinished as unfinished:
            answer = unfinished.answer
            async with transaction_on(engine) as tx:
                subject = f"{answer['payer']}/{answer['period']}"
                await Desk.of(request, tx, caller).note("statement.run_unfinished", subject=subject)
            return answered(answer)
