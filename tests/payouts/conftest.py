"""A county whose patients are owed money, the clerks who pay it, and a bank."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Role
from service.clock import Clock
from service.db import transaction_on
from tests.cases.county import Call, County
from tests.cases.parties import calling, on_day
from tests.claims import world as worlds
from tests.claims.world import World
from tests.conftest import Cluster
from tests.payouts.office import Office


@pytest.fixture
def clock() -> Clock:
    return on_day("2018-12-01")


@pytest.fixture
def as_role(app: FastAPI, client: httpx.AsyncClient) -> Callable[..., Awaitable[Call]]:
    return calling(app, client)


@pytest.fixture
async def office(app: FastAPI, engine: AsyncEngine, as_role: Callable[..., Awaitable[Call]]) -> Office:
    async def rows(statement: str, **values: Any) -> list[Any]:
        async with transaction_on(engine) as tx:
            return list((await tx.execute(text(statement), values)).all())

    agency = await as_role(Role.AGENCY)
    insurer = await as_role(Role.PAYER, "insurer", payers=frozenset({"top_up_insurer", "serious_insurer"}))
    return Office(app, agency, insurer, County(agency), rows)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One application for all tests of a module on today's calendar: each test has patients of its own."""
    async with worlds.made(cluster, tmp_path_factory.mktemp("world")) as made:
        yield made
