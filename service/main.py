"""The HTTP application: puts the rooms together. `create_app` is what a server process runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.types import Lifespan

from service.access import routes as access
from service.access.limits import Limiter
from service.access.pace import Pace
from service.access.refusals import (
    Forbidden,
    InProgress,
    KeyMissing,
    KeyReused,
    OperatorSignatureWrong,
    OperatorUnsigned,
    ScopeInsufficient,
    TooManyRequests,
    Unauthenticated,
)
from service.access.tokens import Tokens
from service.access.vault import Vault
from service.admission import routes as admission
from service.claims import code_routes as codes
from service.claims import routes as claims
from service.claims.changes import routes as changes
from service.clock import Clock
from service.config import Settings
from service.corrections import routes as corrections
from service.corrections.amendments import routes as amendments
from service.corrections.bulk import routes as bulk
from service.db import create_engine
from service.inquiry import routes as inquiry
from service.inquiry import township
from service.nhsa import routes as nhsa
from service.nhsa.auth.doors import Doors
from service.objections import routes as objections
from service.open_work import SOURCES
from service.payouts import routes as payouts
from service.policy import routes as policy
from service.policy.library import Library
from service.policy.load import load_packs
from service.proof import routes as proof
from service.proof.seals.measures import seal_lag
from service.reconciliation import routes as reconciliation
from service.reconciliation.reports.measures import overdue
from service.registers import routes as registers
from service.rosters import routes as rosters
from service.slip import routes as slip
from service.web import failures
from service.web import routes as web
from service.wire import docs, health, logs, metrics, openapi, problems
from service.wire.capacity import Capacity
from service.wire.jobs import Jobs, Look
from service.wire.limits import RequestLimits
from service.wire.request_id import RequestId
from service.wire.security_headers import SecurityHeaders
from service.wire.sight import SeesNothing

ROUTERS: Final[tuple[APIRouter, ...]] = (
    access.router,
    claims.router,
    changes.router,
    codes.router,
    slip.router,
    objections.router,
    inquiry.router,
    township.router,
    web.router,
    *rosters.ROUTERS,
    *corrections.ROUTERS,
    bulk.router,
    admission.router,
    *registers.ROUTERS,
    *reconciliation.ROUTERS,
    *payouts.ROUTERS,
    policy.router,
    amendments.router,
    proof.router,
    nhsa.router,
    health.router,
    metrics.router,
)

MEASURES: Final[tuple[metrics.Measure, ...]] = (overdue, seal_lag)
"""What the rooms tell those who run the service (`/metrics`)."""

_DESCRIPTION: Final = """
What each payer pays for a hospital visit, what the patient owes, and why: exact to the fen, stored once.

**Getting in.** Get a token from `POST /oauth/token` with your client id and secret, and send it as
`Authorization: Bearer <token>`. Name the person behind the client in `X-Operator`.

**Amounts** are strings in yuan with two decimals (`"1234.50"`), ratios strings (`"0.90"`), dates `YYYY-MM-DD`. Unknown
fields are refused: they are usually a misspelling.

**When something is wrong** the answer is a problem document (RFC 9457) that says what is wrong and what to do, in
Chinese, or in English with `Accept-Language: en`. Its `code` never changes; `errors` point into the request.

**Trying again is safe.** Whatever moves money takes an `Idempotency-Key`: the same key and request give the first
answer again, whatever the network did. A 503 did nothing, but for `service.unavailable`: there the database's answer
was lost, and only the same request with the same key tells. Wait as long as `Retry-After` says.
"""

_TAGS: Final = [
    {"name": "Access", "description": "Tokens for clients."},
    {"name": "Policies", "description": "The law as packs: parameters with their citations."},
    {"name": "Settlements", "description": "Preview a visit, settle it, read it again with its reasons."},
    *registers.TAGS,
    *rosters.TAGS,
    *bulk.TAGS,
    *objections.TAGS,
    *inquiry.TAGS,
    *township.TAGS,
    *reconciliation.TAGS,
    *payouts.TAGS,
    *proof.TAGS,
    {"name": "Operations", "description": "For those who run the service."},
]
_IMPLIED: Final = openapi.Implied(
    secured=(
        Unauthenticated,
        Forbidden,
        ScopeInsufficient,
        OperatorUnsigned,
        OperatorSignatureWrong,
        TooManyRequests,
    ),
    idempotent=(KeyMissing, KeyReused, InProgress),
)


def _lifespan(settings: Settings, clock: Clock) -> Lifespan[FastAPI]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        logs.configure()
        if settings.database_url is None:
            raise RuntimeError("no database: set ONESTOP_DATABASE_URL, or use 'onestop serve', which embeds one")
        vault = Vault.from_settings(settings)
        engine = create_engine(settings.database_url, settings)
        app.state.engine = engine
        app.state.settings = settings
        app.state.clock = clock
        app.state.vault = vault
        metrics.watch_pool(engine)
        app.state.pace = Pace(settings.client_requests_per_second)
        app.state.limiter = Limiter(engine, vault)
        app.state.packs = load_packs(settings.packs_dir)
        app.state.law = Library(app.state.packs)
        counties = sorted({county for pack in app.state.packs.packs for county in pack.county_codes})
        app.state.jobs = Jobs(SOURCES, Look(counties, settings.seal_seconds))
        app.state.measures = metrics.Measures((*MEASURES, app.state.jobs.measured))
        app.state.tokens = Tokens(engine, vault, clock, lifetime=timedelta(minutes=settings.token_minutes))
        app.state.nhsa_doors = Doors(engine, vault, app.state.tokens, app.state.pace, app.state.limiter)
        if settings.traces_endpoint is not None:
            _tracing().trace_statements(engine, app.state.traces)
        yield
        if settings.traces_endpoint is not None:
            app.state.traces.shutdown()
        await engine.dispose()

    return lifespan


def _tracing() -> ModuleType:
    try:
        return import_module("service.wire.tracing")
    except ImportError as error:
        raise RuntimeError("ONESTOP_TRACES_ENDPOINT is set: install onestop[traces]") from error


class Application(FastAPI):
    """FastAPI, whose OpenAPI document also says what every operation of a kind can answer."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            openapi.complete(super().openapi(), _IMPLIED)
        assert self.openapi_schema is not None
        return self.openapi_schema


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> FastAPI:
    """
    The application. Settings come from the environment unless given; `clock` moves a sandbox to another day.

    The database is reached and the keys are read when it starts, not here: the OpenAPI document needs neither.
    """
    settings = settings or Settings()
    app = Application(
        title="onestop",
        version="1",
        summary="One-stop (一站式) medical settlement for a county",
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        openapi_url=docs.OPENAPI_URL,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(settings, clock or Clock()),
    )
    for router in ROUTERS:
        # Their routes are whole as they are: `include_router` would look for each request's route twice.
        app.router.routes += router.routes
    docs.install(app)
    problems.install(app)

    # The last one added is the first to see a request.
    app.add_middleware(SeesNothing)
    app.add_middleware(
        Capacity,
        working=settings.requests_working,
        waiting=settings.requests_waiting,
        seconds=settings.request_wait_seconds,
    )
    app.add_middleware(
        RequestLimits,
        max_body_bytes=settings.max_body_bytes,
        max_file_bytes=settings.max_file_bytes,
        body_seconds=settings.body_seconds,
    )
    app.add_middleware(problems.LastResort)
    app.add_middleware(failures.AsPages)
    app.add_middleware(logs.RequestLog)
    app.add_middleware(SecurityHeaders)
    if settings.traces_endpoint is not None:
        app.state.traces = _tracing().provider_for(settings.traces_endpoint)
        app.add_middleware(_tracing().Traced, provider=app.state.traces)
    app.add_middleware(RequestId)
    return app
