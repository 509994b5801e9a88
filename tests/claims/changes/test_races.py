"""Changes that race, over several server processes: one reversal, and sums as some serial order would leave them."""

import asyncio
from collections.abc import Sequence
from random import Random
from uuid import uuid4

import httpx
import pytest

from tests.claims.burst import Burst
from tests.claims.changes.people import POOR, month_stay, settled, stand
from tests.claims.world import World, drifted

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLERS = 20


async def reverse(burst: Burst, settlement_id: str, server: int, *, chain: bool = False) -> httpx.Response:
    url = f"{burst.urls[server % len(burst.urls)]}/v1/settlements/{settlement_id}/reversal"
    body = {"reason": "录入有误", "chain": chain}
    return await burst.client.post(url, json=body, headers={"Idempotency-Key": str(uuid4())})


async def reverse_all(burst: Burst, ids: Sequence[str], *, chain: bool = False) -> list[httpx.Response]:
    return await asyncio.gather(*(reverse(burst, one, server, chain=chain) for server, one in enumerate(ids)))


async def test_twenty_callers_at_once_make_one_reversal(world: World, burst: Burst) -> None:
    person_no, patient = await world.county.person(POOR)
    before = await stand(world, person_no)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))

    answers = await reverse_all(burst, [first["id"]] * CALLERS)

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (CALLERS - 1)
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert refused == {"settlement.already_reversed"}
    made = await world.rows("SELECT id FROM settlements WHERE reversal_of = :id", id=first["id"])
    assert len(made) == 1
    assert await stand(world, person_no) == before


async def test_a_chain_asked_for_by_everybody_at_once_leaves_no_trace_in_the_sums(world: World, burst: Burst) -> None:
    person_no, patient = await world.county.person(POOR)
    before = await stand(world, person_no)
    bodies = [month_stay(world.hospital_code, patient, month, 50_000) for month in range(1, 9)]
    ids = [(await settled(world.hospital, body))["id"] for body in bodies]

    while ids:
        answers = await reverse_all(burst, ids, chain=True)
        assert {answer.status_code for answer in answers} <= {201, 409}, [answer.text for answer in answers]
        live = await world.rows("SELECT settlement_id FROM live_visits WHERE person_no = :p", p=person_no)
        ids = [str(row[0]) for row in live]

    assert await stand(world, person_no) == before
    assert await drifted(world) == []


@pytest.mark.parametrize("seed", range(4))
async def test_settling_and_reversing_in_any_interleaving_restores_everything(
    seed: int, world: World, burst: Burst
) -> None:
    person_no, patient = await world.county.person(POOR)
    before = await stand(world, person_no)
    bodies = [month_stay(world.hospital_code, patient, month, 30_000 + month) for month in range(1, 7)]
    Random(seed).shuffle(bodies)

    async def there_and_back(body: object, server: int) -> None:
        """Settle, then reverse as soon as nothing later stands in the way."""
        visit = (await burst.settle(body, server=server)).json()
        while (answer := await reverse(burst, visit["id"], server)).status_code != 201:
            assert answer.json()["code"] == "settlement.has_later", answer.text

    await asyncio.gather(*(there_and_back(body, server) for server, body in enumerate(bodies)))

    assert await stand(world, person_no) == before
    assert await drifted(world) == []
