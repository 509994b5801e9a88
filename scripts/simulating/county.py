"""The county under way: callers on an unreliable line, the county on paper beside it, and what the bank has done."""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from typing import Any, Final

from sqlalchemy import text

from scripts.simulating.faults import Line
from scripts.simulating.plan import FIRST_DAY, PEOPLE, PERCENTS
from service.access.model import Role
from service.db import transaction_on
from service.proof.seals.actions import seal
from tests.access.callers import headers_of
from tests.cases.county import Call
from tests.claims.machine.driving import HOSPITALS, Service, packs_of
from tests.claims.machine.naive import County, Visit
from tests.claims.world import World, caller

_ANALYZE: Final = text(
    "ANALYZE settlements, settlement_layers, settlement_documents, live_visits, accumulators, accumulator_entries,"
    " ledger_entries, postings, statements, statement_lines, payments, idempotency_keys, events, audit_log"
)
TOP_UP: Final = "top_up_insurer"


@dataclass
class Town:
    """
    `service` drives the real actions, `paper` says what they must come to; `transferred` is the bank's own book of what
    it paid hospitals, `credited` of what it paid people; `accounts`: whose is which.
    """

    service: Service
    line: Line
    paper: County
    insurer: Call
    hospitals: dict[str, Call]
    serial: "count[int]"
    transferred: dict[tuple[str, str], Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    credited: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    first_answers: dict[str, str] = field(default_factory=dict)
    applied_for: set[str] = field(default_factory=set)
    accounts: dict[str, str] = field(default_factory=dict)
    raised: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def agency(self) -> Call:
        return self.service.agency

    @property
    def world(self) -> World:
        return self.service.world

    @property
    def county_code(self) -> str:
        return self.service.county_code

    def live(self) -> list[Visit]:
        return [visit for visit in self.paper.visits if visit.live]

    async def seal(self) -> None:
        """Seal the month's rows; and let the planner know how many there are, as autovacuum would in a month."""
        state = self.world.app.state
        await seal(state.engine, self.county_code, state.clock)
        async with transaction_on(self.world.system) as tx:
            await tx.execute(_ANALYZE)


_PACKS: Final = {percent: packs_of(percent) for percent in PERCENTS}


async def founded(world: World, county_code: str, serial: "count[int]") -> Town:
    """A new county with its hospitals and people, on the first day, with a line on which nothing is planned yet."""
    service, line = Service(world, county_code, _PACKS, today=FIRST_DAY), Line()
    await service.begin(PEOPLE)

    async def call_as(role: Role, **details: Any) -> Call:
        name = f"{role}-{county_code}-{next(serial)}"
        headers = await headers_of(world.app, role, name, county_code=county_code, **details)
        return line.through(caller(world.client, headers))

    service.agency = line.through(service.agency)
    insurer = await call_as(Role.PAYER, payers=frozenset({TOP_UP}))
    hospitals = {
        hospital.name: await call_as(Role.HOSPITAL, hospital_code=service.codes[hospital.name])
        for hospital in HOSPITALS
    }
    paper = County([frozenset()] * PEOPLE)
    return Town(service, line, paper, insurer, hospitals, serial)
