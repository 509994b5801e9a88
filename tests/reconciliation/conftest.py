"""A county whose settlements are made, and its parties as callers, on a day of choice."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Role
from service.db import transaction_on
from tests.cases.county import Call, County, done
from tests.cases.parties import calling, on_day
from tests.reconciliation.bulk import Case, write

PAYERS = ("basic_fund", "serious_insurer", "civil_affairs", "top_up_insurer")
H1, H2 = "H45990100101", "H45990100102"


@dataclass
class Calendar:
    """The day of the application, which a test turns."""

    app: FastAPI

    def turn_to(self, day: str | date) -> None:
        self.app.state.clock = on_day(day)


@dataclass
class Parties:
    """The parties of a month: each a way to call."""

    agency: Call
    insurer: Call
    civil: Call
    hospital: Call
    other_hospital: Call
    auditor: Call

    async def run(self, payer: str, period: str, *, dry_run: bool = False, status: int = 200) -> Any:
        body = {"payer": payer, "period": period, "dry_run": dry_run}
        return await done(await self.agency("POST", "/v1/statements/run", body), status)

    async def pay(self, statement: dict[str, Any], amount: str, *, reference: str | None = None) -> Any:
        body = {
            "payer": statement["payer"],
            "hospital_code": statement["hospital_code"],
            "bank_reference": reference or uuid4().hex,
            "paid_on": statement["due_on"],
            "amount": amount,
            "allocations": [{"statement_id": statement["id"], "amount": amount}],
        }
        return await done(await self.agency("POST", "/v1/payments", body))

    async def statement(self, statement_id: str) -> Any:
        return await done(await self.agency("GET", f"/v1/statements/{statement_id}"), 200)

    async def lines(self, statement_id: str) -> list[Any]:
        found, cursor = [], None
        while True:
            params = {"limit": 200} | ({"cursor": cursor} if cursor else {})
            page = await done(await self.agency("GET", f"/v1/statements/{statement_id}/lines", params=params), 200)
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found


@pytest.fixture
def calendar(app: FastAPI) -> Calendar:
    return Calendar(app)


@pytest.fixture
def as_role(app: FastAPI, client: httpx.AsyncClient) -> Callable[..., Awaitable[Call]]:
    return calling(app, client)


@pytest.fixture
async def parties(as_role: Callable[..., Awaitable[Call]]) -> Parties:
    insurers = frozenset({"top_up_insurer", "serious_insurer"})
    return Parties(
        agency=await as_role(Role.AGENCY),
        insurer=await as_role(Role.PAYER, "insurer", payers=insurers),
        civil=await as_role(Role.PAYER, "civil", payers=frozenset({"civil_affairs"})),
        hospital=await as_role(Role.HOSPITAL, "his-1", hospital_code=H1),
        other_hospital=await as_role(Role.HOSPITAL, "his-2", hospital_code=H2),
        auditor=await as_role(Role.AUDITOR),
    )


@pytest.fixture
def settled(engine: AsyncEngine) -> Callable[..., Awaitable[None]]:
    """Write settlements into the database."""

    async def make(*cases: Case) -> None:
        async with transaction_on(engine) as tx:
            await write(tx, cases)

    return make


@pytest.fixture
async def county(parties: Parties, calendar: Calendar) -> County:
    """A county in June 2018, with the hospital of the parties in it."""
    calendar.turn_to("2018-06-20")
    made = County(parties.agency)
    body = {"hospital_code": H1, "name": "县人民医院", "level": "level2", "location": "county"}
    await done(await parties.agency("POST", "/v1/hospitals", body))
    await made.agreement(H1)
    return made
