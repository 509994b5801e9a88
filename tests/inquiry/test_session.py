"""The way in: a code and six characters; guessing leads nowhere, and whoever is right is let in."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import jwt
import pytest

from service.access.limits import Limit
from service.access.model import Role
from service.claims.codes import LedTo
from service.inquiry import door, session
from service.registers.entries import Payee, Person
from tests.access.callers import bearer, headers_of
from tests.cases.county import done
from tests.claims.world import World
from tests.inquiry.patients import settled

pytestmark = pytest.mark.asyncio(loop_scope="module")


def other_six(id_no: str) -> str:
    return "000000" if id_no[-6:] != "000000" else "111111"


async def forget(world: World) -> None:
    """As if an hour had passed."""
    async with world.app.state.engine.begin() as tx:
        await tx.exec_driver_sql("DELETE FROM limit_counts")


async def test_a_code_and_the_last_six_open_the_persons_claims_and_nobody_elses(world: World) -> None:
    one, other = await settled(world), await settled(world)
    call = await one.call()

    listed = await done(await call("GET", "/v1/patient/claims"), 200)

    assert [each["id"] for each in listed["items"]] == [one.settlement["id"]]
    foreign = await call("GET", other.claim)
    absent = await call("GET", "/v1/patient/claims/0198c7a4-5c00-7000-8000-00000000dead")
    assert foreign.status_code == absent.status_code == 404
    assert foreign.json() == absent.json()
    assert foreign.headers.keys() == absent.headers.keys()


async def test_the_code_may_be_typed_as_people_type(world: World) -> None:
    patient = await settled(world)
    grouped = f"{patient.code[:4]} {patient.code[4:8]}-{patient.code[8:]}"

    assert (await patient.enters(grouped, patient.id_no[-6:].lower())).status_code == 200


async def test_neither_half_is_told_to_be_wrong(world: World) -> None:
    patient = await settled(world)
    wrong_code = str((int(patient.code) + 1) % 10**12).rjust(12, "0")

    answers = [
        await patient.enters(code, six)
        for code, six in (
            (patient.code, other_six(patient.id_no)),
            (wrong_code, patient.id_no[-6:]),
            (wrong_code, other_six(patient.id_no)),
        )
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert len({tuple(answer.headers.keys()) for answer in answers}) == 1


async def test_a_code_stays_shut_after_some_wrong_tries_whether_it_exists_or_not(world: World) -> None:
    patient = await settled(world)
    most = door.PER_CODE[0].most
    for code in (patient.code, "999999999999"):
        wrong = [await patient.enters(code, other_six(patient.id_no)) for _ in range(most)]
        locked = await patient.enters(code)

        assert [answer.status_code for answer in wrong] == [401] * most
        assert (locked.status_code, locked.json()["code"]) == (429, "patient.locked")
        assert 0 < int(locked.headers["retry-after"]) <= 3600

    await forget(world)
    assert (await patient.enters()).status_code == 200


async def test_a_village_behind_one_address_is_let_in_while_somebody_there_is_guessing(world: World) -> None:
    villagers = [await settled(world) for _ in range(3)]
    for number in range(door.PER_ADDRESS.most + 10):
        await villagers[0].enters(str(number).rjust(12, "7"), "123456")

    guessing = await villagers[0].enters("000000000001", "123456")
    answers = await asyncio.gather(*(each.enters() for each in villagers for _ in range(4)))

    assert (guessing.status_code, guessing.json()["code"]) == (429, "patient.locked")
    assert {answer.status_code for answer in answers} == {200}
    await forget(world)


@pytest.fixture
def small_budget(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(door, "TOGETHER", Limit("patient.together", 5, timedelta(hours=1)))
    return 5


async def test_beyond_the_budget_of_all_addresses_one_gets_a_try_a_minute(world: World, small_budget: int) -> None:
    patient = await settled(world)
    for number in range(door.PER_ADDRESS.most + small_budget + 1):
        await patient.enters(str(number).rjust(12, "6"), "123456")

    shut = await patient.enters()

    assert shut.status_code == 429
    assert int(shut.headers["retry-after"]) <= 60
    elsewhere = httpx.ASGITransport(world.app, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://x") as client:
        answer = await client.post(
            "/v1/patient/session", json={"query_code": patient.code, "id_last6": patient.id_no[-6:]}
        )
        assert answer.status_code == 200, "who comes from elsewhere is let in"
    await forget(world)


async def test_a_reissued_code_opens_and_the_lost_one_and_its_sessions_do_not(world: World) -> None:
    patient = await settled(world)
    call = await patient.call()
    path = f"/v1/settlements/{patient.settlement['id']}"

    first = await done(await world.hospital("POST", f"{path}/query-code", key=f"lost-{patient.person_no}"))
    again = await world.hospital("POST", f"{path}/query-code", key=f"lost-{patient.person_no}")

    assert again.json() == first
    assert first["query_code"] != patient.code
    assert (await call("GET", "/v1/patient/claims")).status_code == 401
    assert (await patient.enters()).status_code == 401
    assert (await patient.enters(first["query_code"])).status_code == 200
    assert (await done(await world.hospital("GET", path), 200))["query_code"] == first["query_code"]
    second = await done(await world.agency("POST", f"{path}/query-code"))
    assert (await patient.enters(first["query_code"])).status_code == 401
    assert (await patient.enters(second["query_code"])).status_code == 200
    listed = await done(await world.hospital("GET", f"/v1/settlements?person_no={patient.person_no}"), 200)
    assert [each["query_code"] for each in listed["items"]] == [second["query_code"]]


async def test_only_the_hospitals_own_codes_are_issued_anew(world: World) -> None:
    patient = await settled(world)
    other = await world.call_as(Role.HOSPITAL, hospital_code="H45990109999")

    answer = await other("POST", f"/v1/settlements/{patient.settlement['id']}/query-code")

    assert (answer.status_code, answer.json()["code"]) == (404, "settlement.unknown")
    assert (await patient.enters()).status_code == 200


async def test_no_other_token_is_a_session_and_no_session_another_token(world: World) -> None:
    patient = await settled(world)
    vault, now = world.app.state.vault, datetime.now(UTC)
    led_to = LedTo("459901", patient.person_no, UUID(patient.settlement["id"]), 0)
    good = session.issue(vault, led_to, at=now)
    claims = jwt.decode(good, options={"verify_signature": False})
    key = vault.fingerprint("patient_session", "signing key")
    bad = [
        "x.y.z",
        session.issue(vault, led_to, at=now - session.LIFETIME),
        session.issue(vault, led_to._replace(serial=1), at=now),
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode(claims, bytes(32), algorithm="HS256"),
        jwt.encode(claims | {"aud": "onestop-api"}, key, algorithm="HS256"),
        jwt.encode(claims | {"role": "agency"}, key, algorithm="HS256"),
        jwt.encode({name: claims[name] for name in claims if name != "exp"}, key, algorithm="HS256"),
        good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1],
    ]

    for token in bad:
        answer = await world.client.get("/v1/patient/claims", headers=bearer(token))
        assert (answer.status_code, answer.json()["code"]) == (401, "access.unauthenticated"), token
    assert (await world.client.get("/v1/patient/claims", headers=bearer(good))).status_code == 200
    agency = await headers_of(world.app, Role.AGENCY, "agency-at-the-wrong-door")
    assert (await world.client.get("/v1/patient/claims", headers=agency)).status_code == 403
    assert (await world.client.get("/v1/settlements", headers=bearer(good))).status_code == 401


async def test_a_child_without_a_number_is_asked_for_by_its_guardians() -> None:
    child = Person("459901", "P1", "甲", payee=Payee("乙", "母亲", "459901195003070005", None, None))

    assert door.last_six_of(child) == "070005"
    assert door.last_six_of(Person("459901", "P2", "甲")) == ""
    assert door.last_six_of(Person("459901", "P3", "甲", id_no="(1)-2.3")) == "", "too short to prove anything"


@pytest.mark.parametrize(
    ("number", "last_six"), [("H12345678(9)", "456789"), ("H12345678(9)", "45678(9)"), ("E-1234", "E1234")]
)
async def test_a_number_of_another_kind_is_given_as_its_letters_and_digits(
    world: World, number: str, last_six: str
) -> None:
    patient = await settled(world)
    person = Person("459901", "P1", "甲", id_no=number)

    known = door.last_six_of(person)
    answer = await patient.enters(last_six=last_six)

    assert door.plain(last_six) == known
    assert answer.status_code == 401, "well spelled, and of somebody else"


@pytest.mark.parametrize("wrong", ["123", "1234567", "(1234)", ""])
async def test_what_can_be_no_end_of_a_number_is_refused_before_it_counts_as_a_try(world: World, wrong: str) -> None:
    patient = await settled(world)
    body = {"query_code": patient.code, "id_last6": wrong}

    answers = [await world.client.post("/v1/patient/session", json=body) for _ in range(door.PER_CODE[0].most + 1)]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(422, "request.invalid")}
    assert (await patient.enters()).status_code == 200


@pytest.mark.parametrize("size", [400])
async def test_guessing_on_two_server_processes_gives_nothing_and_the_right_one_is_served(
    world: World, size: int
) -> None:
    """`scripts/prove/guessing` sends 10,000; its figures are in scripts/reports."""
    patient = await settled(world)
    urls = world.start_servers(2)
    async with httpx.AsyncClient(timeout=60) as client:

        async def guess(number: int) -> int:
            # Half of them at the code itself, the others at codes that do not exist.
            code = patient.code if number % 2 else str(number).rjust(12, "8")
            body = {"query_code": code, "id_last6": str(number).rjust(6, "0")}
            return (await client.post(f"{urls[number % 2]}/v1/patient/session", json=body)).status_code

        statuses = []
        for start in range(0, size, 50):
            statuses += await asyncio.gather(*(guess(number) for number in range(start, start + 50)))

        assert set(statuses) <= {401, 429}
        judged = await world.rows("SELECT max(tries) FROM limit_counts WHERE kind = 'patient.code'")
        assert judged[0][0] == door.PER_CODE[0].most, "over both processes together"
        other = await settled(world)
        for url in urls:
            body = {"query_code": other.code, "id_last6": other.id_no[-6:]}
            assert (await client.post(f"{url}/v1/patient/session", json=body)).status_code == 200
    await forget(world)
