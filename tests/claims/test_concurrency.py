"""Settlements racing over several server processes end as some serial order would."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from service.money import yuan
from service.policy.load import shipped_packs
from tests.cases.claims import Person, figures
from tests.cases.county import visit_body, wire_figures
from tests.claims.bills import stay
from tests.claims.burst import Burst
from tests.claims.world import World, drifted

pytestmark = pytest.mark.asyncio(loop_scope="module")

STAYS = 20

Line = dict[str, str]
Visit = dict[str, Any]


@dataclass(frozen=True)
class Race:
    """Visits of one person, all at once, for the last yuan of something of which `limit` is the most (fen)."""

    name: str
    identity: str
    level: str
    first_day: date
    price: int
    sum_name: str
    limit: int
    disease: str | None = None

    def visits(self) -> list[tuple[Visit, list[Line]]]:
        return [self._visit(number) for number in range(STAYS)]

    def _visit(self, number: int) -> tuple[Visit, list[Line]]:
        day = self.first_day + timedelta(days=number * 4)
        visit: Visit = {
            "visit_no": f"{self.name}-{number}".replace(" ", "-"),
            "hospital_level": self.level,
            "hospital_location": "county",
        }
        if self.disease is None:
            visit |= {"visit_type": "inpatient", "admitted_on": f"{day}", "discharged_on": f"{day + timedelta(days=3)}"}
        else:
            visit |= {"visit_type": "chronic_outpatient", "service_on": f"{day}", "disease": self.disease}
        # No two bills are the same, so that another order gives other figures.
        return visit, [{"grade": "A", "unit_price": yuan(self.price + number * number * 7_13), "quantity": "1"}]


RACES = [
    Race("basic cap", "registered_poor", "township", date(2018, 1, 3), 15_000_00, "basic.paid", 200_000_00),
    Race("aid cap", "key_aid", "level2", date(2018, 1, 3), 12_000_00, "aid.paid", 20_000_00),
    Race(
        "disease limit", "low_income_allowance", "level2", date(2018, 1, 3), 290_00, "basic.fund.CD03", 2_000_00, "CD03"
    ),
    Race("aid deductible", "monitored", "level2", date(2022, 3, 2), 1_500_00, "aid_deductible_2022.used", 3_000_00),
]


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.name)
async def test_visits_racing_for_the_last_yuan_end_as_some_serial_order_would(
    race: Race, world: World, burst: Burst
) -> None:
    person_no, id_number = await world.county.person([{"class": race.identity, "valid_from": "2015-01-01"}])
    hospital = await world.county.hospital(race.level, "county")
    if race.disease is not None:
        await world.county.card(person_no, race.disease)
    visits = race.visits()
    bodies = [visit_body(v, lines, hospital=hospital, id_number=id_number, referral=None) for v, lines in visits]

    answers = [answer.json() for answer in await burst.settle_all(bodies)]

    assert [answer["status"] for answer in answers] == ["settled"] * STAYS, answers
    order = await world.rows(
        "SELECT visit_no, order_no FROM settlements WHERE person_no = :who ORDER BY order_no", who=person_no
    )
    assert [number for _, number in order] == list(range(1, STAYS + 1))
    settled = {answer["visit_no"]: wire_figures(answer) for answer in answers}
    replayed, sums = replay(race, visits, [visit_no for visit_no, _ in order])
    assert settled == replayed
    kept = await world.rows("SELECT period, name, value FROM accumulators WHERE person_no = :who", who=person_no)
    assert {(period, name): value for period, name, value in kept if value} == sums
    assert sums[str(race.first_day.year), race.sum_name] == race.limit, "the race was not for the last yuan"
    assert await drifted(world) == []


def replay(
    race: Race, visits: Sequence[tuple[Visit, list[Line]]], order: Sequence[str]
) -> tuple[dict[str, dict[str, str]], dict[tuple[str, str], int]]:
    """The figures of each visit, and the sums at the end, when the kernel settles them one after another."""
    person, packs = Person(frozenset({race.identity})), shipped_packs()
    by_number = {visit["visit_no"]: (visit, lines) for visit, lines in visits}
    told = {}
    for visit_no in order:
        visit, lines = by_number[visit_no]
        claim = person.claim(visit, [*lines])
        pack = packs.on("459901", claim.day)
        assert pack is not None
        told[visit_no] = figures(person.settle(claim, pack))
    return told, {key: value for key, value in person.sums.items() if value}


async def test_one_visit_sent_twice_under_two_keys_is_settled_once(world: World, burst: Burst) -> None:
    _, id_number = await world.county.person()
    hospital = await world.county.hospital("level2", "county")
    bodies = [
        stay(hospital, id_number, admitted_on=f"2018-{m:02}-01", discharged_on=f"2018-{m:02}-09") for m in range(1, 9)
    ]

    answers = await burst.settle_all([body for body in bodies for _ in range(2)])

    for first, second in zip(answers[::2], answers[1::2], strict=True):
        refused, settled = sorted((first, second), key=lambda answer: -answer.status_code)
        assert (settled.status_code, refused.status_code) == (201, 409)
        assert refused.json()["code"] == "visit.already_settled"


async def test_one_visit_number_of_two_persons_is_settled_for_one(world: World, burst: Burst) -> None:
    pairs = [[(await world.county.person())[1] for _ in range(2)] for _ in range(6)]
    hospital = await world.county.hospital("level2", "county")
    bodies = [stay(hospital, who, visit_no=f"SAME-{number}") for number, pair in enumerate(pairs) for who in pair]

    answers = await burst.settle_all(bodies)

    for first, second in zip(answers[::2], answers[1::2], strict=True):
        refused, settled = sorted((first, second), key=lambda answer: -answer.status_code)
        assert (settled.status_code, refused.status_code) == (201, 409)
        assert refused.json()["code"] == "visit.already_settled"
    assert len(await world.rows("SELECT 1 FROM settlements WHERE visit_no LIKE 'SAME-%'")) == len(pairs)
    assert await drifted(world) == []


async def test_persons_do_not_wait_for_each_other(world: World, burst: Burst) -> None:
    held_no, held = await world.county.person()
    _, free = await world.county.person()
    hospital = await world.county.hospital("level2", "county")
    await burst.settle(stay(hospital, held, admitted_on="2018-01-01", discharged_on="2018-01-02"))

    async with world.app.state.engine.connect() as connection, connection.begin():
        await connection.exec_driver_sql("SELECT 1 FROM person_orders WHERE person_no = $1 FOR UPDATE", (held_no,))
        waiting = asyncio.create_task(burst.settle(stay(hospital, held)))
        passed = await burst.settle(stay(hospital, free), server=1)
        assert passed.status_code == 201
        assert not waiting.done()

    assert (await waiting).status_code == 201


async def test_the_parts_of_one_stay_are_one_persons(world: World, burst: Burst) -> None:
    pairs = [[(await world.county.person())[1] for _ in range(2)] for _ in range(8)]
    hospital = await world.county.hospital("level2", "county")
    bodies = [
        stay(hospital, who, visit_no=f"SHARED-{number}", interim_no=interim_no)
        for number, pair in enumerate(pairs)
        for interim_no, who in zip((1, 0), pair, strict=True)
    ]

    answers = await burst.settle_all(bodies)

    for first, second in zip(answers[::2], answers[1::2], strict=True):
        assert sorted((first.status_code, second.status_code)) == [201, 422]
    persons = "SELECT count(DISTINCT person_no) FROM live_visits WHERE visit_no LIKE 'SHARED-%' GROUP BY visit_no"
    assert [count for (count,) in await world.rows(persons)] == [1] * len(pairs)
