"""A text replaces another from a day on: first its cost, then a second person, then everything settled from then on."""

from typing import Any

import httpx
import orjson
import pytest

from service.money import fen
from service.policy.load import load_text
from tests.cases.county import Call, done
from tests.claims.bills import Body
from tests.claims.changes.people import month_stay, settled
from tests.claims.machine.driving import amended_text
from tests.claims.world import World, drifted
from tests.corrections.bulk.doing import APPROVES, ASKS, approved, proved, read, worked

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/v1/policy-amendments"
NOTE = "2018年第12号文"


async def in_force(call: Call) -> str:
    hash_: str = (await done(await call("GET", "/v1/policies/guangxi-county-2018"), 200))["hash"]
    return hash_


async def uploaded(world: World, percent: int, first: str, **more: Any) -> httpx.Response:
    body = {"yaml": amended_text(percent), "replaces": await in_force(world.agency), "from": first, "note": NOTE}
    return await world.agency("POST", PATH, body | more, headers=ASKS)


async def enacted(world: World, amendment_id: str) -> Body:
    answer: Body = await done(await world.agency("POST", f"{PATH}/{amendment_id}/approval", headers=APPROVES), 200)
    return answer


async def stays(world: World, *months: int) -> list[Body]:
    """Of one person each: (10 000 - 300) x 75 % = 7 275 by the shipped text."""
    found = []
    for month in months:
        _, patient = await world.county.person()
        found.append(await settled(world.agency, month_stay(world.hospital_code, patient, month)))
    return found


def basic(settlement: Body) -> int:
    return int(fen(settlement["layers"][0]["paid"]))


async def test_an_amendment_is_previewed_approved_and_then_holds_also_for_the_past(world: World) -> None:
    old = await stays(world, 3, 8)
    before = await in_force(world.agency)

    made = await done(await uploaded(world, 70, "2018-07-01"))
    early = await world.agency("POST", f"{PATH}/{made['id']}/approval", headers=APPROVES)
    preview = await worked(world, made["readjudication_id"])
    alone = await world.agency("POST", f"{PATH}/{made['id']}/approval", headers=ASKS)
    first = await world.agency("POST", f"/v1/readjudications/{preview['id']}/approval", headers=APPROVES)
    [still] = await stays(world, 8)
    now = await enacted(world, made["id"])
    twice = await world.agency("POST", f"{PATH}/{made['id']}/approval", headers=APPROVES)
    march, august = await stays(world, 3, 8)

    assert [one.json()["code"] for one in (early, alone, first, twice)] == [
        "readjudication.state",
        "readjudication.same_person",
        "readjudication.amendment_first",
        "readjudication.state",
    ]
    assert preview["preview"]["payers"] == [{"payer": "basic_fund", "layer": "basic", "amount": "-485.00"}]
    assert (preview["preview"]["changed"], preview["preview"]["patients_pay_more"]) == (
        1,
        {"persons": 1, "amount": "485.00"},
    )
    assert (made["in_force"], now["in_force"], await in_force(world.agency)) == (False, True, made["hash"])
    assert before != made["hash"]
    assert [basic(one) for one in (*old, still, march, august)] == [7_275_00] * 4 + [6_790_00]
    assert (march["policy"]["hash"], august["policy"]["hash"]) == (before, made["hash"])

    kept = await done(await world.agency("GET", f"/v1/settlements/{old[1]['id']}"), 200)
    await approved(world, preview["id"])
    finished = await worked(world, preview["id"])
    versions = await done(await world.agency("GET", f"/v1/settlements/{old[1]['id']}/versions"), 200)

    assert basic(kept) == 7_275_00
    assert (finished["state"], finished["run"]["changed"]) == ("done", 1)
    assert versions["items"][-1]["side"]["policy"]["hash"] == made["hash"]
    assert await drifted(world) == []
    assert await proved(world) == []


async def test_a_process_that_has_not_read_of_it_cannot_settle_by_the_old_law(world: World) -> None:
    state = world.app.state
    stale = state.law.packs
    made = await done(await uploaded(world, 82, "2018-08-15"))
    await worked(world, made["readjudication_id"])
    await enacted(world, made["id"])
    fresh = state.law.packs
    _, patient = await world.county.person()
    body = month_stay(world.hospital_code, patient, 9)
    before = await world.counts()

    state.law.packs = stale
    refused = await world.agency("POST", "/v1/settlements", body, key="once")
    after = await world.counts()
    state.law.packs = fresh
    answer = await done(await world.agency("POST", "/v1/settlements", body, key="once"))

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert after == before
    assert basic(answer) == 7_954_00


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"yaml": "layers: [0.5"}, 422, "policy.faulty"),
        ({"yaml": "id: x"}, 422, "policy.faulty"),
        ({"replaces": f"sha256:{'0' * 64}"}, 409, "policy.not_in_force"),
        ({"from": "2017-01-01"}, 409, "policy.not_in_force"),
        ({"from": "2022-05-01"}, 409, "policy.not_in_force"),
        ({"from": "yesterday"}, 422, "request.invalid"),
        ({"replaces": "md5:1"}, 422, "request.invalid"),
        ({"note": ""}, 422, "request.invalid"),
    ],
)
async def test_a_text_that_must_not_replace_another_is_refused_and_leaves_nothing(
    world: World, more: Body, status: int, code: str
) -> None:
    before = await world.counts()

    answer = await uploaded(world, 70, "2018-09-01", **more)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await world.counts() == before


async def test_a_text_of_another_pack_or_county_or_time_is_refused(world: World) -> None:
    text = amended_text(70)
    others = {
        "another id": text.replace('"id":"guangxi-county-2018"', '"id":"guangxi-county-2019"'),
        "another county": text.replace('["459901"]', '["459902"]'),
        "the text in force": orjson.dumps(
            (await done(await world.agency("GET", "/v1/policies/guangxi-county-2018"), 200))["document"]
        ).decode(),
    }
    for what, other in others.items():
        load_text(other)
        answer = await uploaded(world, 70, "2018-09-01", yaml=other)
        assert (answer.status_code, answer.json()["code"]) == (422, "policy.does_not_fit"), what


async def test_of_two_amendments_of_the_same_text_one_is_approved(world: World) -> None:
    made = [await done(await uploaded(world, percent, "2018-10-01")) for percent in (71, 72)]
    for one in made:
        await worked(world, one["readjudication_id"])

    await enacted(world, made[0]["id"])
    late = await world.agency("POST", f"{PATH}/{made[1]['id']}/approval", headers=APPROVES)

    assert late.json()["code"] == "policy.not_in_force"
    listed = await done(await world.agency("GET", PATH), 200)
    assert [one["in_force"] for one in listed["items"]][:2] == [False, True]
    assert (await done(await world.agency("GET", f"{PATH}/{made[1]['id']}"), 200))["in_force"] is False
    assert (await read(world, made[1]["readjudication_id"]))["state"] == "previewed"
