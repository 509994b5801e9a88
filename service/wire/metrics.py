"""
What Prometheus reads at /metrics: how many of which operations, how they ended, how long they took, what waits.

No label says anything about a person: they are names of operations, problem codes, route templates, payers. Several
server processes add up: each keeps its counts in a folder that `onestop serve` gives them (PROMETHEUS_MULTIPROC_DIR,
read when the library is imported), and whichever is asked tells for all. What waits is asked of the database.
"""

import os
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector
from sqlalchemy import QueuePool, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.datastructures import State
from starlette.responses import Response

from service.db import EVERY_COUNTY, seeing, transaction_on
from service.wire.routing import Router

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
_AS_OLD_AS: Final = 5.0
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

OPERATIONS: Final = Counter(
    "onestop_operations",
    "Operations by how they ended: done, replayed (the first answer again), or the code of the problem.",
    ["operation", "outcome"],
)
SECONDS: Final = Histogram(
    "onestop_request_seconds",
    "How long requests took.",
    ["method", "route", "status"],
    buckets=_BUCKETS,
)
CONNECTIONS: Final = Gauge(
    "onestop_database_connections",
    "Database connections of all server processes: in use, and how many there may be.",
    ["state"],
    multiprocess_mode="livesum",
)
REQUESTS: Final = Gauge(
    "onestop_requests_at_hand",
    "Requests of all server processes that are worked on, and that wait for their turn.",
    ["state"],
    multiprocess_mode="livesum",
)

router = Router(tags=["Operations"])


@dataclass(frozen=True, slots=True)
class Measured:
    """One thing that the database knows: a gauge's name, what it means, its labels and its value."""

    name: str
    meaning: str
    labels: dict[str, str]
    value: float


Measure = Callable[[AsyncConnection, datetime], Awaitable[Sequence[Measured]]]
"""Asks the database what waits, in every county."""


class Measures:
    """What the rooms measure, asked at most every few seconds however often it is read."""

    def __init__(self, measures: Sequence[Measure]) -> None:
        self._measures = measures
        self._known: list[Measured] = []
        self._known_at = float("-inf")

    async def now(self, state: State) -> list[Measured]:
        """What waits; without a database, that there is none: what the processes counted is wanted then above all."""
        if time.monotonic() - self._known_at >= _AS_OLD_AS:
            try:
                self._known = [*await self._asked(state), _database_is_there(1)]
            except (SQLAlchemyError, OSError):
                self._known = [_database_is_there(0)]
            self._known_at = time.monotonic()
        return self._known

    async def _asked(self, state: State) -> list[Measured]:
        # Counts and ages only; nobody asks for a county.
        with seeing(EVERY_COUNTY):
            async with transaction_on(state.engine) as tx:
                return [each for ask in self._measures for each in await ask(tx, state.clock.now())]


def watch_pool(engine: AsyncEngine) -> None:
    """
    Count the connections of this process as they are taken and given back.

    Not when somebody reads /metrics: that asks one process, and the others' figures would be those of its last visit.
    """
    in_use = CONNECTIONS.labels("in_use")
    in_use.set(0)
    pool = engine.sync_engine.pool
    assert isinstance(pool, QueuePool)
    CONNECTIONS.labels("size").set(pool.size())
    event.listen(pool, "checkout", lambda *_: in_use.inc())
    event.listen(pool, "checkin", lambda *_: in_use.dec())


def _database_is_there(value: int) -> Measured:
    return Measured("onestop_database_up", "Whether the database answers.", {}, value)


def observe(
    route: Any,
    method: str,
    status: int,
    problem: str | None,
    *,
    replayed: bool,
    seconds: float,
    operation: str | None = None,
) -> None:
    """Count one request that was answered. `operation`: what was asked for, where one route takes many."""
    path = getattr(route, "path_format", None) or "unknown"
    SECONDS.labels(method if path != "unknown" else "any", path, str(status)).observe(seconds)
    asked = operation or getattr(route, "name", None) or "unknown"
    OPERATIONS.labels(asked, problem or ("replayed" if replayed else "done")).inc()


@router.get(
    "/metrics",
    summary="Measurements for Prometheus",
    response_class=Response,
    responses={
        200: {
            "description": "Counters and gauges in the text format of Prometheus.",
            "content": {
                "text/plain": {
                    "schema": {"type": "string"},
                    "examples": {
                        "example": {
                            "summary": "Example",
                            "value": 'onestop_operations_total{operation="settle_visit",outcome="done"} 17.0\n',
                        }
                    },
                }
            },
        }
    },
)
async def read_metrics(request: Request) -> Response:
    """
    Operations by outcome, seconds by route, database connections, what waits: overdue statements, rows to be sealed.
    Nothing about any person.

    Of all server processes together, whichever answers.
    """
    waiting = CollectorRegistry()
    waiting.register(_Waiting(await request.app.state.measures.now(request.app.state)))
    return Response(generate_latest(_counted()) + generate_latest(waiting), media_type=CONTENT_TYPE_LATEST)


class _Waiting(Collector):
    """What the database said, for this answer alone: not kept with the counts of a process."""

    def __init__(self, measured: Sequence[Measured]) -> None:
        self._measured = measured

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families: dict[str, GaugeMetricFamily] = {}
        for each in self._measured:
            if each.name not in families:
                families[each.name] = GaugeMetricFamily(each.name, each.meaning, labels=list(each.labels))
            families[each.name].add_metric(list(each.labels.values()), each.value)
        yield from families.values()


def _counted() -> CollectorRegistry:
    if FOLDER not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together)
    return together
