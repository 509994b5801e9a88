"""The simulator in short: weeks of several counties; and a fault in the service, told in as few events as it takes."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
import pytest_asyncio

from scripts.simulating.faults import Fault, breakable
from scripts.simulating.plan import Event, planned
from scripts.simulating.running import Failure, Told, Worlds, shortest
from service.access import idempotency
from service.claims.changes import store as changes
from service.claims.changes.model import Made
from service.ledger import store as ledger
from service.ledger.model import Cause, Posting
from service.payouts.batches import store as batches
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


@pytest.mark.long
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


PAID = [
    Event(0, "account", person=0),
    Event(1, "visit", person=0, where=0, amount=12_345, way="stay"),
    Event(2, "visit", person=1, where=0, amount=40_000, way="stay"),
    Event(3, "identity", person=0, way="registered_poor"),
    Event(4, "redecision", pick=0, way="identity"),
    Event(5, "reversal", pick=1, way="alone"),
    Event(47, "batch"),
]


def forgets_a_sum(carry: Any) -> Any:
    """As `carry`, but a reversal leaves one of its running sums as it was."""

    async def forgetful(tx: Any, some: Sequence[Made], current: Any) -> None:
        partly = [replace(one, gives_back=one.gives_back[bool(one.record.reversal_of) :]) for one in some]
        await carry(tx, partly, current)

    return forgetful


def pays_twice(move: Any) -> Any:
    """As `move`, but what the bank paid people is booked twice."""

    async def generous(*where: Any) -> None:
        *rest, hops = where
        await move(*rest, [*hops, *(hop for hop in hops if hop[-1] == "paid")])

    return generous


def posts_twice(post: Any) -> Any:
    """As `post`, but a reversal posts twice the amounts. The database itself looks at them with their settlement."""

    async def doubling(tx: Any, entry: Any, postings: Sequence[Posting], **more: Any) -> None:
        times = 2 if entry.cause == Cause.REVERSAL else 1
        await post(tx, entry, [one._replace(amount=times * one.amount) for one in postings], **more)

    return doubling


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_broken_below_holds_when_it_is_whole(place: Worlds) -> None:
    assert (await place.live(PAID)).events == {one.kind: 1 for one in PAID} | {"visit": 2}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("room", "name", "broken", "event", "said"),
    [
        (changes, "carry", forgets_a_sum, PAID[5], "running sums hold what live settlements decided"),
        (batches, "move", pays_twice, PAID[6], "paid as the bank paid"),
        (ledger, "post", posts_twice, PAID[5], '"status":500'),
    ],
)
async def test_what_books_wrongly_is_found_on_the_day_on_which_it_does(
    place: Worlds, room: ModuleType, name: str, broken: Callable[[Any], Any], event: Event, said: str
) -> None:
    with mock.patch.object(room, name, broken(getattr(room, name))), pytest.raises(Failure, match=said) as failure:
        await place.live(PAID)

    assert failure.value.event == event


def forgetting(reserve: Any) -> Any:
    """As `reserve`, in a service that takes every request for a new one."""

    async def forgetful(*positional: Any, key: str, **named: Any) -> Any:
        return await reserve(*positional, key=f"{key}-{uuid4()}", **named)

    return forgetful
