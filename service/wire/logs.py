"""
One JSON line per request, and one per fault. No personal data: no addresses with values in them, no bodies,
no messages of exceptions (databases put values there), only where a fault happened and of which kind it was.
"""

import logging
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.wire.metrics import observe
from service.wire.request_id import current_request_id

_ROOT: Final = "onestop"
_requests: Final = logging.getLogger(f"{_ROOT}.requests")
_FIELDS: Final = "onestop_fields"


class JsonLines(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "log": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id.get(),
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= _fault(record.exc_info[1])
        return orjson.dumps({name: value for name, value in line.items() if value is not None}).decode()


def _fault(error: BaseException) -> dict[str, Any]:
    original = getattr(error, "orig", None)
    frames = list(traceback.extract_tb(error.__traceback__))
    ours = [frame for frame in frames[:-1] if "site-packages" not in frame.filename] + frames[-1:]
    return {
        "error": type(error).__qualname__,
        "caused_by": type(error.__cause__).__qualname__ if error.__cause__ else None,
        "sqlstate": getattr(original, "sqlstate", None),
        "where": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in ours],
    }


def configure() -> None:
    """Write the service's own log to standard output as JSON lines, once per process."""
    log = logging.getLogger(_ROOT)
    if not log.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonLines())
        log.addHandler(handler)
        log.setLevel(logging.INFO)


class RequestLog:
    """Logs and measures each request: method, route template, status, milliseconds, client, problem code."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        began, status, replayed = time.perf_counter(), 0, False

        async def send_noting(message: Message) -> None:
            nonlocal status, replayed
            if message["type"] == "http.response.start":
                status = message["status"]
                replayed = any(name == b"idempotent-replayed" for name, _ in message.get("headers", ()))
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        finally:
            seconds, route = time.perf_counter() - began, scope.get("route")
            problem, operation = state.get("problem"), state.get("operation")
            observe(route, scope["method"], status, problem, replayed=replayed, seconds=seconds, operation=operation)
            fields = {
                "method": scope["method"],
                "route": getattr(route, "path_format", None),
                "operation": operation,
                "status": status,
                "ms": round(seconds * 1000, 1),
                "client_id": state.get("client_id"),
                "problem": problem,
            }
            _requests.info("request", extra={_FIELDS: fields})
