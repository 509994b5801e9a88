"""One encounter, one payment: every pair of ways, in every order, and at the same moment from two callers."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import permutations
from typing import Any, Final

import httpx
import pytest

from tests.cases.county import done
from tests.claims.bills import chronic, fee_line, stay
from tests.claims.changes.people import POOR, settled
from tests.claims.world import World
from tests.payouts.claimants import APPROVE, CLERK, acted, claim_body, registered, unconnected, under_review
from tests.payouts.test_backpay import posted as post_file
from tests.payouts.test_backpay import previewed, row_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAYS: Final = {"admitted_on": "2018-03-01", "discharged_on": "2018-03-09"}
LINE: Final = {"fee_lines": [fee_line(price="10000.00", quantity="1", charged_on="2018-03-02")]}
REFUSED: Final = {"visit.overlap", "visit.already_settled", "backpay.stale", "manual_claim.same_encounter"}
Pay = Callable[[], Awaitable[httpx.Response]]


async def by_hospital(world: World, patient: str, number: str) -> Pay:
    body = stay(world.hospital_code, patient, visit_no=number, **DAYS, **LINE)
    return lambda: world.hospital("POST", "/v1/settlements", body)


async def by_claim(world: World, patient: str, number: str) -> Pay:
    body = claim_body(world.hospital_code, patient, "outage", visit_no=number, **DAYS, **LINE)
    answer = await world.agency("POST", "/v1/manual-claims", body, headers=CLERK)
    if answer.status_code != 201:
        return lambda: _already(answer)
    claim = await under_review(world, answer.json())
    return lambda: acted(world, claim, "decision", APPROVE)


async def by_file(world: World, patient: str, number: str) -> Pay:
    made = await previewed(world, row_of(patient, world.hospital_code, 住院号=number))
    return lambda: post_file(world, made)


async def _already(answer: httpx.Response) -> httpx.Response:
    return answer


WAYS: Final = {"hospital": by_hospital, "manual": by_claim, "backpay": by_file}


async def lives(world: World, person_no: str) -> int:
    return len(await world.rows("SELECT 1 FROM live_visits WHERE person_no = :p", p=person_no))


@pytest.mark.parametrize("numbers", [("SAME", "SAME"), ("ONE", "OTHER")], ids=["one number", "two numbers"])
@pytest.mark.parametrize(("first", "second"), [*permutations(WAYS, 2)])
async def test_what_one_way_has_paid_no_other_pays_again(
    world: World, first: str, second: str, numbers: tuple[str, str]
) -> None:
    person_no, patient = await world.county.person(POOR)
    one, other = (f"{number}-{patient[-6:]}" for number in numbers)
    paid = await (await WAYS[first](world, patient, one))()
    assert paid.status_code in (200, 201), paid.text

    again = await (await WAYS[second](world, patient, other))()

    assert again.status_code in (409, 422), again.text
    assert again.json()["code"] in REFUSED | {"backpay.nothing"}
    assert await lives(world, person_no) == 1


@pytest.mark.parametrize("numbers", [("SAME", "SAME"), ("ONE", "OTHER")], ids=["one number", "two numbers"])
@pytest.mark.parametrize(("first", "second"), [*permutations(WAYS, 2)])
async def test_prepared_by_two_ways_it_is_paid_by_whichever_comes_first(
    world: World, first: str, second: str, numbers: tuple[str, str]
) -> None:
    person_no, patient = await world.county.person(POOR)
    one, other = (f"{number}-{patient[-6:]}" for number in numbers)
    ways = [await WAYS[first](world, patient, one), await WAYS[second](world, patient, other)]

    answers = [await way() for way in ways]

    assert answers[0].status_code in (200, 201), answers[0].text
    assert answers[1].json()["code"] in REFUSED, answers[1].text
    assert await lives(world, person_no) == 1


@pytest.mark.parametrize("numbers", [("SAME", "SAME"), ("ONE", "OTHER")], ids=["one number", "two numbers"])
@pytest.mark.parametrize(("first", "second"), [("hospital", "manual"), ("manual", "backpay"), ("backpay", "hospital")])
async def test_at_the_same_moment_one_of_two_callers_is_refused(
    world: World, first: str, second: str, numbers: tuple[str, str]
) -> None:
    for attempt in range(4):
        person_no, patient = await world.county.person(POOR)
        one, other = (f"{number}-{patient[-6:]}-{attempt}" for number in numbers)
        ways = [await WAYS[first](world, patient, one), await WAYS[second](world, patient, other)]

        answers = await asyncio.gather(*(way() for way in ways))

        won = [answer for answer in answers if answer.status_code in (200, 201)]
        lost = [answer.json()["code"] for answer in answers if answer not in won]
        assert len(won) == 1, [answer.text for answer in answers]
        assert set(lost) <= REFUSED
        assert await lives(world, person_no) == 1


async def test_the_same_claim_with_another_file_is_refused_also_at_the_same_moment(world: World) -> None:
    _, patient = await world.county.person(POOR)
    hospital = await unconnected(world)
    body = claim_body(hospital, patient)
    other_number = body | {"visit": body["visit"] | {"visit_no": "ANOTHER", "invoice_no": "ANOTHER"}}
    other_person = (await world.county.person(POOR))[1]
    same_invoice = claim_body(hospital, other_person, invoice_no=body["visit"]["invoice_no"])

    answers = await asyncio.gather(
        *(world.agency("POST", "/v1/manual-claims", each, headers=CLERK) for each in (body, other_number))
    )
    third = await world.agency("POST", "/v1/manual-claims", same_invoice, headers=CLERK)

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    [lost] = [answer.json()["code"] for answer in answers if answer.status_code == 409]
    assert lost == "manual_claim.same_encounter"
    used = next(answer for answer in answers if answer.status_code == 201).json()["encounter"]["invoice_no"]
    assert third.status_code == (409 if used == body["visit"]["invoice_no"] else 201)


async def test_an_invoice_is_paid_once_by_whichever_way(world: World) -> None:
    _, one = await world.county.person(POOR)
    _, other = await world.county.person(POOR)
    await settled(world.agency, stay(world.hospital_code, one, invoice_no="INV-TWICE"))
    body = claim_body(world.hospital_code, other, "outage", invoice_no="INV-TWICE")
    claim = await under_review(world, await done(await world.agency("POST", "/v1/manual-claims", body, headers=CLERK)))

    answer = await acted(world, claim, "decision", APPROVE)

    assert (answer.status_code, answer.json()["code"]) == (409, "invoice.used")


async def test_the_database_itself_refuses_stays_that_overlap(world: World) -> None:
    person_no, patient = await world.county.person(POOR)
    await settled(world.agency, stay(world.hospital_code, patient))
    copied = """
        INSERT INTO live_visits SELECT hospital_code, visit_no || 'x', interim_no, county_code, person_no,
            settlement_id, visit_type, admitted_on + CAST(:days AS int), last_day + CAST(:days AS int)
        FROM live_visits WHERE person_no = :p
    """
    with pytest.raises(Exception, match="ex_live_visits_overlap"):
        await world.rows(f"{copied} RETURNING 1", p=person_no, days=7)
    assert len(await world.rows(f"{copied} RETURNING 1", p=person_no, days=8)) == 1, "the day of transfer"


async def near(world: World, person_no: str) -> list[Any]:
    page = await done(await world.agency("GET", f"/v1/encounters/near-misses?person_no={person_no}"), 200)
    return [
        (each["likeness"], *sorted((side["route"], side["state"]) for side in each["encounters"]))
        for each in page["items"]
    ]


async def test_a_claim_that_overlaps_a_stay_elsewhere_is_shown_to_a_clerk(world: World) -> None:
    person_no, patient = await world.county.person(POOR)
    body = claim_body(await unconnected(world), patient)
    await done(await world.agency("POST", "/v1/manual-claims", body, headers=CLERK))
    assert await near(world, person_no) == []

    days = {"admitted_on": "2018-06-05", "discharged_on": "2018-06-15"}
    await settled(world.agency, stay(world.hospital_code, patient, **days))

    assert await near(world, person_no) == [("overlap", ("hospital", "settled"), ("manual", "open"))]


async def test_a_transfer_and_two_visits_of_a_day_are_shown_and_parts_of_a_stay_are_not(world: World) -> None:
    person_no, patient = await world.county.person(POOR)
    await world.county.card(person_no, "CD03")
    parts = stay(world.hospital_code, patient, interim_no=1)
    await settled(world.agency, parts)
    await settled(world.agency, parts | {"interim_no": 0, "admitted_on": "2018-06-09", "discharged_on": "2018-06-12"})
    assert await near(world, person_no) == []

    elsewhere = await world.county.hospital("township", "county")
    await settled(world.agency, stay(elsewhere, patient, admitted_on="2018-06-12", discharged_on="2018-06-14"))
    for _ in range(2):
        await settled(world.agency, chronic(world.hospital_code, patient))

    found = await near(world, person_no)
    assert sorted(each[0] for each in found) == ["same_day", "touching"]


async def test_one_invoice_number_at_two_hospitals_is_shown(world: World) -> None:
    person_no, claim = await registered(world)
    _, other = await world.county.person(POOR)
    number = claim["encounter"]["invoice_no"]
    await settled(world.agency, stay(world.hospital_code, other, invoice_no=number))

    assert await near(world, person_no) == [("invoice", ("hospital", "settled"), ("manual", "open"))]


async def test_near_misses_come_in_pages(world: World) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = await done(await world.agency("GET", f"/v1/encounters/near-misses?limit=1{cursor}"), 200)
        seen += ["/".join(side["id"] for side in each["encounters"]) + each["likeness"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    whole = await done(await world.agency("GET", "/v1/encounters/near-misses?limit=200"), 200)
    assert len(seen) == len(set(seen)) == len(whole["items"]) > 2
