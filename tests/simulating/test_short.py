"""The simulator in short: weeks of several counties; and a fault in the service, told in as few events as it takes."""

import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
import pytest_asyncio

from scripts.simulating.faults import Fault, breakable
from scripts.simulating.plan import Event, planned
from scripts.simulating.running import Failure, Told, Worlds, shortest
from service.access import idempotency
from tests.claims import world as worlds
from tests.conftest import Cluster

SEEDS, DAYS = (1, 2, 3), 45
LOST = Fault("answer lost")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worlds]:
    """Where county after county is founded, by an application whose connections can be cut."""
    with breakable():
        async with worlds.made(cluster, tmp_path_factory.mktemp("world")) as world:
            logging.getLogger("onestop").setLevel(logging.CRITICAL)
            yield Worlds(world)
            logging.getLogger("onestop").setLevel(logging.INFO)


def test_a_seed_says_all_that_is_to_happen() -> None:
    assert planned(7, 200) == planned(7, 200)
    assert planned(7, 200) != planned(8, 200)
    assert [event.day for event in planned(7, 200)] == sorted(event.day for event in planned(7, 200))


@pytest.mark.asyncio(loop_scope="module")
async def test_weeks_of_several_counties_hold_every_day_whatever_goes_wrong(place: Worlds) -> None:
    told = Told()
    for seed in SEEDS:
        told.add(await place.live(planned(seed, DAYS)))

    assert told.days_checked > len(SEEDS) * DAYS // 4
    assert {"visit", "bill", "pay"} <= set(told.events)
    assert set(told.faults) == {"statement", "before commit", "after commit", "answer lost", "twice"}
    assert told.checked > 0


@pytest.mark.asyncio(loop_scope="module")
async def test_a_service_that_forgets_its_answers_is_found_and_told_in_three_events(place: Worlds) -> None:
    plan = [
        Event(0, "account", person=1),
        Event(1, "visit", person=0, where=0, amount=40_000, way="stay"),
        Event(2, "identity", person=2, way="registered_poor"),
        Event(30, "bill"),
        Event(44, "pay", way="whole", fault=LOST),
        Event(45, "account", person=3),
    ]

    async def fails(events: Sequence[Event]) -> bool:
        try:
            await place.live(events)
        except Failure:
            return True
        return False

    assert not await fails(plan)
    with mock.patch.object(idempotency, "reserve", forgetting(idempotency.reserve)):
        with pytest.raises(Failure, match="payments, sent twice, was answered differently") as failure:
            await place.live(plan)
        story = await shortest(plan, fails)

    assert failure.value.event == plan[4]
    assert [event.kind for event in story] == ["visit", "bill", "pay"]
    assert story[-1].told() == "2018-02-15: pay way whole; answer lost (request 1)"


def forgetting(reserve: Any) -> Any:
    """As `reserve`, in a service that takes every request for a new one."""

    async def forgetful(*positional: Any, key: str, **named: Any) -> Any:
        return await reserve(*positional, key=f"{key}-{uuid4()}", **named)

    return forgetful
