"""Whatever goes wrong becomes one kind of answer: an RFC 9457 problem document (api.md, Conventions)."""

import logging
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import Problem, Refusal, Text, language_of
from service.wire.refusals import (
    Internal,
    MethodUnknown,
    PathUnknown,
    RequestInvalid,
    RequestMalformed,
    ServiceBusy,
    ServiceOverloaded,
    ServiceUnavailable,
)
from service.wire.request_id import request_id_of
from service.wire.validation import input_errors

_log = logging.getLogger("onestop.problems")

RETRY_AFTER: Final = {"Retry-After": "1"}
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_TRY_AGAIN: Final = Text(
    "本次请求未产生任何效果；请稍候以同一 Idempotency-Key 重试。",
    "Nothing was done. Wait a moment and send the request again, with the same Idempotency-Key if it had one.",
)
_GONE: Final = Text("连接在请求发送完之前中断。", "The connection ended before the request had come.")
_UNREACHABLE: Final = Text(
    "数据库暂时无法连接；请稍候以同一 Idempotency-Key 重试。",
    "The database cannot be reached. Wait a moment and send the request again, with the same Idempotency-Key.",
)
LOCK_NOT_AVAILABLE: Final = "55P03"
_CANCELED: Final = "57014"
_BUSY_STATES: Final = frozenset({LOCK_NOT_AVAILABLE, _CANCELED, "40001", "40P01"})
_UNREACHABLE_STATES: Final = ("08", "28", "3D000", "53", "57P", "58")


def sqlstate_of(error: DBAPIError) -> str:
    """
    The five letters in which PostgreSQL says what went wrong; empty when the error did not come from there.
    """
    return str(getattr(error.orig, "sqlstate", None) or "")


def refusal_of(error: Exception) -> Refusal | None:
    """The refusal that a failure of the caller, the database or the pool amounts to; None: it is a bug."""
    if isinstance(error, ClientDisconnect):
        # Nobody is there to read it; the log says how the request ended.
        return RequestMalformed(_GONE)
    if isinstance(error, PoolTimeoutError):
        return ServiceOverloaded(_TRY_AGAIN, headers=RETRY_AFTER)
    if isinstance(error, DBAPIError):
        state = sqlstate_of(error)
        if state in _BUSY_STATES or isinstance(error.orig, AsyncAdapt_asyncpg_dbapi.InvalidCachedStatementError):
            return ServiceBusy(_TRY_AGAIN, headers=RETRY_AFTER)
        if error.connection_invalidated or state.startswith(_UNREACHABLE_STATES):
            return ServiceUnavailable(_UNREACHABLE, headers=RETRY_AFTER)
        return None
    # Connecting fails with whatever the operating system says, from an unknown name to a missing socket.
    if isinstance(error, OSError):
        return ServiceUnavailable(_UNREACHABLE, headers=RETRY_AFTER)
    return None


def _answer(request: Request, refusal: Refusal) -> Response:
    request.state.problem = refusal.code
    return Problem.of(refusal).response(language_of(request.headers.get("accept-language")))


async def _on_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return _answer(request, error)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _answer(request, RequestInvalid.at(*input_errors(error.errors(), error.body)))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == PathUnknown.status:
        detail = Text("请核对地址；接口目录见 /docs。", "Check the address; /docs lists what there is.")
        return _answer(request, PathUnknown(detail))
    if error.status_code == MethodUnknown.status:
        detail = Text("请核对请求方法；接口目录见 /docs。", "Check the method; /docs lists what there is.")
        return _answer(request, MethodUnknown(detail, headers={"Allow": ", ".join(_methods_at(request))}))
    detail = Text("请求内容无法解析。", "The body cannot be read.")
    return _answer(request, RequestMalformed(detail))


def _methods_at(request: Request) -> list[str]:
    """
    All methods of this address. Starlette names those of the first route only, and each method is a route.

    Where the address stands in the document as it is ('/v1/settlements/preview'), only what is said of it there counts,
    not what '/v1/settlements/{id}' would take.
    """
    documented = request.app.openapi()["paths"].get(request.scope["path"])
    if documented is not None:
        return [method for method in _METHODS if method.lower() in documented]
    routes = request.app.router.routes
    return [
        method
        for method in _METHODS
        if any(route.matches({**request.scope, "method": method})[0] == Match.FULL for route in routes)
    ]


def install(app: FastAPI) -> None:
    """Answer every expected failure with a problem document."""
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)


class LastResort:
    """Turns what nobody expected into a 500 (or a 503 where the database is to blame), and logs it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        except Exception as error:
            if started:
                raise
            response = self._response(Request(scope), error)
            await response(scope, receive, send)

    @staticmethod
    def _response(request: Request, error: Exception) -> Response:
        refusal = error if isinstance(error, Refusal) else refusal_of(error)
        if isinstance(refusal, ServiceUnavailable):
            _log.warning("the database cannot be reached", exc_info=error)
        if refusal is None:
            _log.error("unexpected failure", exc_info=error)
            request_id = request_id_of(request.scope)
            detail = Text(
                f"服务内部错误，请将请求编号 {request_id} 告知系统管理员。",
                f"A fault of the service. Report the request id {request_id} to whoever runs it.",
            )
            refusal = Internal(detail, extra={"request_id": request_id})
        return _answer(request, refusal)
