"""Every refusal has its code, points at its cause, says what to do in both languages, and leaves no trace."""

import re
from typing import Any

import orjson
import pytest
import pytest_asyncio

from service.access.model import Role
from tests.cases.county import Call, done
from tests.claims.bills import fee_line, stay
from tests.claims.conftest import NEIGHBOUR
from tests.claims.refusal_cases import INVALID, REFUSALS, Names, Refused, of
from tests.claims.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

POOR = [{"class": "registered_poor", "valid_from": "2015-01-01"}]
CARD = {"applied_on": "2018-01-01", "valid_from": "2018-01-01"}


async def card(world: World, person_no: str, decision: str | None, **days: str) -> None:
    body = {
        "person_no": person_no,
        "disease_code": "CD03",
        "certificate": {"hospital_code": world.hospital_code, "issued_on": "2018-01-01"},
        **CARD,
        **days,
    }
    made = await done(await world.agency("POST", "/v1/chronic-cards", body))
    if decision is not None:
        said = {"decision": decision, "reason": "checked"}
        await done(await world.agency("POST", f"/v1/chronic-cards/{made['id']}/decision", said), 200)


async def people(world: World) -> Names:
    county, names = world.county, {}
    names["poor_no"], names["poor"] = await county.person(POOR)
    _, names["uninsured"] = await county.person(
        insured=[{"from": "2018-06-10"}, {"from": "2015-01-01", "to": "2018-06-04"}]
    )
    barred = [{"from": "2018-06-05", "to": "2018-06-09", "reason": "inquiry"}]
    _, names["barred"] = await county.person(barred=barred)
    _, names["dead"] = await county.person(died_on="2018-06-04")
    names["carded_no"], names["carded"] = await county.person()
    await county.card(names["carded_no"], "CD03")
    for name, decision, days in (
        ("card_applied", None, {}),
        ("card_refused", "refuse", {}),
        ("card_expired", "approve", {"valid_to": "2018-06-04"}),
        ("card_later", "approve", {"valid_from": "2018-06-06"}),
    ):
        number, names[name] = await county.person()
        await card(world, number, decision, **days)
    return names


async def hospitals(world: World, names: Names) -> None:
    county = world.county
    names["hospital"] = world.hospital_code
    names["other_hospital"] = await county.hospital("level2", "county", name="other")
    names["unconnected"] = await county.hospital("level2", "county", connected=False)
    suspended = [{"from": "2018-06-09", "to": "2018-06-09", "reason": "inspection"}]
    names["suspended"] = await county.hospital("level2", "county", suspended=suspended)


async def referrals(world: World, names: Names) -> None:
    county, person_no, hospital = world.county, names["poor_no"], names["hospital"]
    names["referral_expired"] = await county.referral(person_no, hospital, "2018-05-31")
    names["referral_later"] = await county.referral(person_no, hospital, "2018-06-02")
    names["referral_other_person"] = await county.referral(names["carded_no"], hospital, "2018-06-01")
    names["referral_other_hospital"] = await county.referral(person_no, names["other_hospital"], "2018-06-01")


async def settled(world: World, names: Names) -> None:
    for name, days in (("settled", ("2018-04-10", "2018-04-20")), ("long", ("2018-03-01", "2018-03-10"))):
        _, names[name] = await world.county.person(POOR)
        visit = {"settled": ("DONE", 0), "long": ("LONG", 1)}[name]
        body = stay(
            names["hospital"],
            names[name],
            visit_no=visit[0],
            interim_no=visit[1],
            admitted_on=days[0],
            discharged_on=days[1],
        )
        await done(await world.agency("POST", "/v1/settlements", body))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def names(world: World) -> Names:
    """A county with somebody and somewhere for every reason to refuse."""
    names = await people(world)
    await hospitals(world, names)
    await referrals(world, names)
    await settled(world, names)
    return names


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def callers(world: World) -> dict[str, Call]:
    neighbour = await world.call_as(Role.AGENCY, county_code=NEIGHBOUR)
    return {"agency": world.agency, "hospital": world.hospital, "neighbour": neighbour}


@pytest.mark.parametrize("case", REFUSALS + INVALID, ids=lambda case: f"{case.code}-{case.id}")
async def test_a_visit_is_refused(case: Refused, world: World, names: Names, callers: dict[str, Call]) -> None:
    body, call = case.make(names), callers[case.by]
    before = await world.counts()

    previewed = await call("POST", "/v1/settlements/preview", body)
    settled = await call("POST", "/v1/settlements", body, headers={"Accept-Language": "en"})

    for answer, english in ((previewed, False), (settled, True)):
        check(case, answer.headers["content-type"], answer.json(), english=english)
    assert await world.counts() == before


def check(case: Refused, media_type: str, problem: dict[str, Any], *, english: bool) -> None:
    assert (problem["status"], problem["code"]) == (case.status, case.code), problem
    assert media_type == "application/problem+json"
    errors = {error["pointer"]: error for error in problem["errors"]}
    assert case.pointer in errors, problem
    assert errors[case.pointer]["code"] == (case.error or case.code)
    for said in (problem["title"], problem["detail"], errors[case.pointer]["detail"]):
        assert said.strip()
        assert bool(re.search("[一-鿿]", said)) is not english, said


MALFORMED = {
    "nul": rb'{"visit_no": "a\u0000b"}',
    "lone-surrogate": rb'{"visit_no": "\ud800"}',
    "key-twice": b'{"visit_no": "1", "visit_no": "2"}',
    "nan": b'{"interim_no": NaN}',
    "huge-number": b'{"interim_no": 1' + b"0" * 400 + b"}",
    "huge-exponent": b'{"interim_no": 1e999}',
    "deep": b"[" * 100_000,
    "not-utf-8": '{"visit_no": "一"}'.encode("gbk"),
    "not-json": b"visit_no=1",
    "empty": b"",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_cannot_be_read_one_way_is_refused(body: bytes, world: World) -> None:
    before = await world.counts()

    for path in ("/v1/settlements/preview", "/v1/settlements"):
        headers = {"Content-Type": "application/json"}
        answer = await world.agency("POST", path, headers=headers, content=body)

        assert answer.status_code in {400, 422}, answer.text
        assert answer.json()["code"] in {"request.malformed", "request.invalid"}
    assert await world.counts() == before


async def test_a_refused_key_can_be_used_again(world: World) -> None:
    _, id_number = await world.county.person(POOR)
    body, key = stay(world.hospital_code, id_number), "tried-before"

    refused = await world.hospital("POST", "/v1/settlements", body | {"fee_lines": []}, key=key)
    settled = await world.hospital("POST", "/v1/settlements", body, key=key)

    assert (refused.status_code, settled.status_code) == (422, 201)
    assert "idempotent-replayed" not in settled.headers


async def test_the_day_of_transfer_belongs_to_two_stays(world: World) -> None:
    _, id_number = await world.county.person(POOR)
    days = [
        ("2018-06-05", "2018-06-09"),
        ("2018-06-01", "2018-06-05"),
        ("2018-06-09", "2018-06-09"),
        ("2018-06-09", "2018-06-12"),
    ]

    for first, last in days:
        body = stay(world.hospital_code, id_number, admitted_on=first, discharged_on=last)
        await done(await world.hospital("POST", "/v1/settlements", body))


async def test_a_stay_in_parts_begins_where_the_part_before_ended(world: World) -> None:
    _, id_number = await world.county.person(POOR)
    parts = [(1, "2018-06-01", "2018-06-10"), (2, "2018-06-10", "2018-06-20"), (0, "2018-06-21", "2018-06-30")]

    for interim_no, first, last in parts:
        days = {"admitted_on": first, "discharged_on": last}
        body = stay(world.hospital_code, id_number, visit_no="PARTS", interim_no=interim_no, **days)
        await done(await world.hospital("POST", "/v1/settlements", body))


async def test_a_refusal_names_the_settlement_that_stands_in_its_way(world: World) -> None:
    _, id_number = await world.county.person(POOR)
    body = stay(world.hospital_code, id_number)
    first = await done(await world.hospital("POST", "/v1/settlements", body))

    again = await world.hospital("POST", "/v1/settlements", body)

    assert (again.status_code, again.json()["settlement_id"]) == (409, first["id"])


async def test_a_foreign_hospital_is_answered_as_one_that_does_not_exist(world: World, names: Names) -> None:
    answers = [
        await world.hospital("POST", "/v1/settlements/preview", of(hospital_code=code)(names))
        for code in (names["other_hospital"], "H-NONE")
    ]

    foreign, absent = (answer.text for answer in answers)
    assert foreign.replace(names["other_hospital"], "H-NONE") == absent


async def test_a_pack_may_turn_a_finding_into_a_refusal(world: World) -> None:
    neighbour = await world.call_as(Role.AGENCY, county_code=NEIGHBOUR)
    _, id_number = await county_of(world, neighbour)
    body = stay(world.hospital_code, id_number, fee_lines=[fee_line(charged_on="2018-06-10")])
    before = await world.counts()

    refused = await world.hospital("POST", "/v1/settlements", body)

    assert (refused.status_code, refused.json()["code"]) == (422, "visit.finding_refused")
    assert refused.json()["errors"][0]["pointer"] == "/fee_lines"
    assert await world.counts() == before


async def county_of(world: World, agency: Call) -> tuple[str, str]:
    world.county.agency, own = agency, world.county.agency
    try:
        return await world.county.person(POOR, county_code=NEIGHBOUR, township_code="459902101")
    finally:
        world.county.agency = own


async def test_every_refusal_of_a_route_is_documented(world: World) -> None:
    document = orjson.loads((await world.client.get("/openapi.json")).content)

    for path in ("/v1/settlements/preview", "/v1/settlements"):
        responses = document["paths"][path]["post"]["responses"]
        for case in REFUSALS + INVALID:
            examples = responses[str(case.status)]["content"]["application/problem+json"]["examples"]
            assert case.code in examples, f"{path} {case.status} {case.code}"
