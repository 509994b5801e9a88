"""
Traces by OpenTelemetry, where an endpoint is configured: a span a request, and within it a span a statement.

They say which operation, which route, which kind of statement and how it ended; never an address with values in it,
never a statement's parameters. Imported only where an endpoint is configured: its libraries are an extra
(`onestop[traces]`).
"""

from typing import Any, Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.wire.request_id import request_id_of

_SERVICE: Final = "onestop"
_SERVER_ERROR: Final = 500


def provider_for(endpoint: str) -> TracerProvider:
    """Sends spans to an OTLP collector over HTTP, in batches, beside the requests."""
    provider = TracerProvider(resource=Resource.create({"service.name": _SERVICE}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return provider


class Traced:
    """A span for each request, below the caller's own where it sent `traceparent`."""

    def __init__(self, app: ASGIApp, provider: TracerProvider) -> None:
        self.app = app
        self.tracer = provider.get_tracer(_SERVICE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        above = TraceContextTextMapPropagator().extract(dict(Headers(scope=scope)))
        with self.tracer.start_as_current_span(
            scope["method"], context=above, kind=SpanKind.SERVER, record_exception=False
        ) as span:

            async def send_noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= _SERVER_ERROR:
                        span.set_status(StatusCode.ERROR)
                await send(message)

            await self.app(scope, receive, send_noting)
            route, state = getattr(scope.get("route"), "path_format", None), scope.get("state", {})
            span.update_name(f"{scope['method']} {route or 'unknown'}")
            said = {
                "http.request.method": scope["method"],
                "http.route": route,
                "onestop.request_id": request_id_of(scope),
                "onestop.client_id": state.get("client_id"),
                "onestop.problem": state.get("problem"),
            }
            span.set_attributes({name: value for name, value in said.items() if value is not None})


def trace_statements(engine: AsyncEngine, provider: TracerProvider) -> None:
    """A span for each statement, named by its first word."""
    tracer = provider.get_tracer(_SERVICE)

    def begin(_connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
        context.onestop_span = tracer.start_span(statement.split(maxsplit=1)[0].upper())

    def end(_connection: Any, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
        context.onestop_span.end()

    def failed(about: Any) -> None:
        span = getattr(about.execution_context, "onestop_span", None)
        if span is not None:
            span.set_attribute("db.response.status_code", str(getattr(about.original_exception, "sqlstate", None)))
            span.end()

    event.listen(engine.sync_engine, "before_cursor_execute", begin)
    event.listen(engine.sync_engine, "after_cursor_execute", end)
    event.listen(engine.sync_engine, "handle_error", failed)
