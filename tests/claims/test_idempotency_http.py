"""The same request acts once, whatever the network or the server does meanwhile."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
import pytest_asyncio

from service.access.answers import decompress
from service.access.model import Role
from tests.access.callers import headers_of
from tests.claims.bills import Body, fee_line, stay
from tests.claims.burst import Burst
from tests.claims.world import World, drifted, until_somebody_waits

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIFTY = 50


@pytest_asyncio.fixture(loop_scope="module")
async def headers(burst: Burst) -> dict[str, str]:
    return {"Authorization": burst.client.headers["authorization"]}


async def a_stay(world: World, **more: Any) -> Body:
    _, id_number = await world.county.person([{"class": "registered_poor", "valid_from": "2015-01-01"}])
    return stay(await world.county.hospital("level2", "county"), id_number, **more)


async def settlements(world: World, *bodies: Body) -> int:
    """How many settlements these visits have."""
    visits = [body["visit_no"] for body in bodies]
    return len(await world.rows("SELECT 1 FROM settlements WHERE visit_no = ANY (:visits)", visits=visits))


async def test_fifty_identical_requests_at_once_are_one_settlement(world: World, burst: Burst) -> None:
    body = await a_stay(world)

    answers = await burst.settle_all([body] * FIFTY, keys=["fifty"] * FIFTY)

    settled = [answer for answer in answers if answer.status_code == 201]
    others = [answer for answer in answers if answer.status_code != 201]
    assert {(other.status_code, other.json()["code"]) for other in others} <= {(409, "idempotency.in_progress")}
    assert len({answer.content for answer in settled}) == 1
    replayed = [answer.headers.get("idempotent-replayed") for answer in settled]
    assert replayed.count(None) == 1
    assert set(replayed) <= {None, "true"}
    assert await settlements(world, body) == 1
    audit = "SELECT 1 FROM audit_log WHERE action = 'settlement.create' AND subject = :id"
    assert len(await world.rows(audit, id=settled[0].json()["id"])) == 1
    assert await drifted(world) == []


async def test_the_answer_is_replayed_byte_for_byte_however_the_request_is_spelled(world: World, burst: Burst) -> None:
    body = await a_stay(world, fee_lines=[fee_line(item_name="氯化钠注射液")])
    first = await burst.settle(body, key="spelled")
    url = f"{burst.urls[1]}/v1/settlements"
    other_spelling = orjson.dumps(dict(reversed(body.items())), option=orjson.OPT_INDENT_2)
    named = {"Idempotency-Key": "spelled", "Content-Type": "application/json", "Accept-Language": "en"}

    again = await burst.client.post(url, content=other_spelling, headers=named)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")


async def test_a_key_with_another_body_is_refused_without_a_trace(world: World, burst: Burst) -> None:
    body = await a_stay(world)
    await burst.settle(body, key="mine")

    before = await world.counts()

    other = await burst.settle(body | {"visit_no": "ANOTHER", "admitted_on": "2018-06-08"}, key="mine", server=1)

    assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")
    assert await world.counts() == before
    assert await world.rows("SELECT 1 FROM live_visits WHERE visit_no = 'ANOTHER'") == []


async def test_a_replay_outlives_what_changed_meanwhile(world: World, burst: Burst) -> None:
    person_no, id_number = await world.county.person([{"class": "registered_poor", "valid_from": "2015-01-01"}])
    body = stay(await world.county.hospital("level2", "county"), id_number)
    first = await burst.settle(body, key="before")
    changed = await world.agency("PUT", f"/v1/persons/{person_no}", {"identities": [], "insured": []})
    assert changed.status_code == 200, changed.text

    again = await burst.settle(body, key="before", server=1)
    anew = await burst.settle(body | {"visit_no": "NEW"}, key="after")

    assert again.content == first.content
    assert anew.json()["code"] == "person.not_insured"


async def test_two_callers_may_use_the_same_key(world: World, burst: Burst) -> None:
    bodies = [await a_stay(world), await a_stay(world)]
    stranger = await headers_of(world.app, Role.AGENCY, "stranger")

    first = await burst.settle(bodies[0], key="shared")
    second, again = [
        await burst.client.post(
            f"{burst.urls[1]}/v1/settlements", json=bodies[1], headers=stranger | {"Idempotency-Key": "shared"}
        )
        for _ in range(2)
    ]

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]
    assert again.content == second.content


async def test_a_request_without_a_key_does_nothing(world: World, burst: Burst) -> None:
    body = await a_stay(world)

    for key in (b"", "键".encode(), b"a key", b"k" * 256):
        answer = await burst.client.post(
            f"{burst.urls[0]}/v1/settlements", json=body, headers={b"Idempotency-Key": key}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency.key_missing")
    assert await settlements(world, body) == 0


async def test_a_client_that_hangs_up_and_tries_again_is_settled_once(
    world: World, burst: Burst, headers: dict[str, str]
) -> None:
    body = await a_stay(world)
    earlier = body | {"visit_no": "EARLIER", "admitted_on": "2018-01-01", "discharged_on": "2018-01-05"}
    who = (await burst.settle(earlier)).json()["person_no"]

    async with world.app.state.engine.connect() as connection, connection.begin():
        await connection.exec_driver_sql("SELECT 1 FROM person_orders WHERE person_no = $1 FOR UPDATE", (who,))
        await say_and_hang_up(world, burst.urls[0], headers, body, key="hung-up")
        retried = asyncio.create_task(burst.settle(body, key="hung-up", server=1))
    answer = await retried

    assert answer.status_code == 201, answer.text
    assert await settlements(world, body) == 1
    again = await burst.settle(body, key="hung-up")
    assert again.content == answer.content
    assert await drifted(world) == []


async def say_and_hang_up(world: World, url: str, headers: dict[str, str], body: Body, *, key: str) -> None:
    """Send a whole request, wait until the server works on it, and go without the answer."""
    content = orjson.dumps(body)
    place = urlsplit(url)
    said = {"Host": place.netloc, "Content-Type": "application/json", "Idempotency-Key": key, **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(f"POST /v1/settlements HTTP/1.1\r\n{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    await writer.drain()
    await until_somebody_waits(world)
    writer.transport.abort()
    assert not reader.at_eof() or await reader.read() == b""


async def test_half_a_request_does_nothing(world: World, burst: Burst, headers: dict[str, str]) -> None:
    body = await a_stay(world)
    content = orjson.dumps(body)
    place = urlsplit(burst.urls[0])
    said = {"Host": place.netloc, "Content-Type": "application/json", "Idempotency-Key": "half", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    _, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(
        f"POST /v1/settlements HTTP/1.1\r\n{head}Content-Length: {len(content)}\r\n\r\n".encode() + content[:-9]
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    assert (await burst.client.get(f"{burst.urls[0]}/healthz")).status_code == 200
    assert await settlements(world, body) == 0


async def test_a_killed_server_forgets_no_answer_and_repeats_no_settlement(world: World, burst: Burst) -> None:
    people = [(await world.county.person())[1] for _ in range(8)]
    hospital = await world.county.hospital("level2", "county")
    days = [(f"2018-{month:02}-01", f"2018-{month:02}-09") for month in range(1, 6)]
    bodies = [stay(hospital, who, admitted_on=first, discharged_on=last) for who in people for first, last in days]
    victim = Burst(world.start_servers(1), burst.client)
    asked = {f"key-{n}": asyncio.create_task(victim.settle(b, key=f"key-{n}")) for n, b in enumerate(bodies)}

    await asyncio.wait(asked.values(), return_when=asyncio.FIRST_COMPLETED)
    world.workers[-1].process.kill()
    await asyncio.wait(asked.values())

    answers = {key: task.result() for key, task in asked.items() if task.exception() is None}
    lost = [key for key in asked if key not in answers]
    assert answers
    assert lost, "nothing was in flight when the server was killed"
    assert all(isinstance(asked[key].exception(), httpx.TransportError) for key in lost)
    for key, answer in answers.items():
        assert answer.status_code == 201, answer.text
        assert await kept_answer(world, key) == answer.content

    for number, body in enumerate(bodies):
        again = await burst.settle(body, key=f"key-{number}", server=1)
        assert again.status_code == 201, again.text
        if f"key-{number}" in answers:
            assert again.content == answers[f"key-{number}"].content
    assert await settlements(world, *bodies) == len(bodies)
    assert await drifted(world) == []


async def kept_answer(world: World, key: str) -> bytes:
    found = await world.rows(
        "SELECT body FROM idempotency_keys JOIN idempotency_answers USING (county_code, result_id) WHERE key = :key",
        key=key,
    )
    return decompress(found[0][0])
