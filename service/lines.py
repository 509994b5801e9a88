"""
Lines to the database on which nobody answers any more, found out and given up.

A machine without power, a pulled cable, a firewall that forgot a connection: none of them says a word, and whoever
waits for an answer waits for ever. Where packets are not acknowledged, TCP finds out (`Line`, and the server's side by
`KEEPALIVE`). Where something between acknowledges them all the same, only the database knows: asked on a new line, it
says that it is not at work for us.
"""

import asyncio
import logging
import socket
import time
from typing import Any, Final
from weakref import WeakSet

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine

_IDLE, _EACH, _TIMES = 15, 5, 3
_SILENT_SECONDS: Final = _IDLE + _EACH * _TIMES
KEEPALIVE: Final = {
    "tcp_keepalives_idle": f"{_IDLE}",
    "tcp_keepalives_interval": f"{_EACH}",
    "tcp_keepalives_count": f"{_TIMES}",
    "tcp_user_timeout": f"{_SILENT_SECONDS * 1000}",
}
"""The same for the server: a transaction whose client is gone holds its locks half a minute, not two hours."""
_OURS: Final = {
    "TCP_KEEPIDLE": _IDLE,
    "TCP_KEEPINTVL": _EACH,
    "TCP_KEEPCNT": _TIMES,
    "TCP_USER_TIMEOUT": _SILENT_SECONDS * 1000,
}
_LOOK_SECONDS: Final = 1.0
_AT_WORK: Final = "SELECT pid FROM pg_stat_activity WHERE pid = ANY ($1::int[]) AND state = 'active'"
_END: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY ($1::int[])"
_lines: Final[WeakSet["Line"]] = WeakSet()
_logger = logging.getLogger("onestop.lines")


class Line(asyncpg.Connection):
    """
    A connection to the database that is noticed to be dead within half a minute where TCP can tell.

    `waits_since`: when it was asked for what it has not answered yet (`time.monotonic`), None while it owes nothing.
    """

    __slots__ = ("waits_since",)

    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        # A new one owes its first answer.
        self.waits_since: float | None = time.monotonic()
        _lines.add(self)
        _keep_alive(self._transport.get_extra_info("socket"))


def _keep_alive(line: socket.socket) -> None:
    if line.family not in (socket.AF_INET, socket.AF_INET6):
        return
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OURS.items():
        # Not every system has all of them.
        if hasattr(socket, name):
            line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _of(connection: Connection) -> Line:
    line = connection.connection.driver_connection
    assert isinstance(line, Line)
    return line


def note_waiting(engine: AsyncEngine) -> None:
    """Let the lines of an engine know since when they wait, whatever is asked through SQLAlchemy."""

    def asked(connection: Connection, *_: Any) -> None:
        _of(connection).waits_since = time.monotonic()

    def answered(connection: Connection, *_: Any) -> None:
        _of(connection).waits_since = None

    def failed(context: ExceptionContext) -> None:
        connection = context.connection
        if connection is not None and not connection.closed and not connection.invalidated:
            answered(connection)

    event.listen(engine.sync_engine, "before_cursor_execute", asked)
    event.listen(engine.sync_engine, "after_cursor_execute", answered)
    event.listen(engine.sync_engine, "handle_error", failed)


async def keep_lines(url: str, silence_seconds: float) -> None:
    """
    Give up each line of this process that has owed an answer for so long while the database is not at work for it.

    Its transaction is ended on the database's side too, so that it holds no locks. Who waited is told to try again.
    """
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        try:
            await give_up_dead(url, silence_seconds)
        except Exception:
            _logger.exception("looking after the database connections failed")


async def give_up_dead(url: str, silence_seconds: float) -> int:
    """One look, as in `keep_lines`; how many lines were given up."""
    late = time.monotonic() - silence_seconds
    waiting = {
        line.get_server_pid(): line
        for line in _lines
        if line.waits_since is not None and line.waits_since < late and not line.is_closed()
    }
    if not waiting:
        return 0
    since = {pid: line.waits_since for pid, line in waiting.items()}
    dead: list[Line] = []
    try:
        async with asyncio.timeout(silence_seconds):
            asking = await asyncpg.connect(url)
            try:
                at_work = {row["pid"] for row in await asking.fetch(_AT_WORK, list(waiting))}
                # Whose answer came meanwhile waits no more, or for another one.
                dead = [one for pid, one in waiting.items() if pid not in at_work and one.waits_since == since[pid]]
                await asking.execute(_END, [one.get_server_pid() for one in dead])
            finally:
                asking.terminate()
    except OSError:
        # It cannot be reached at all.
        dead = list(waiting.values())
    except (asyncpg.PostgresError, asyncpg.InterfaceError):
        # It is there, and lets nobody in just now: whoever waits may still be answered.
        return 0
    for line in dead:
        line.terminate()
    if dead:
        _logger.warning("the database does not answer", extra={"onestop_fields": {"connections_given_up": len(dead)}})
    return len(dead)
