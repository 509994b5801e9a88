"""A chain leaves a person exactly where another stands for whom it had always been so."""

from random import Random
from typing import Any

import pytest

from service.money import fen
from tests.cases.county import done
from tests.claims.bills import Body, chronic, fee_line
from tests.claims.changes.people import amounts, anew, month_stay, reversed_, settled, stand
from tests.claims.world import World, drifted

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY_AID = [{"class": "key_aid", "valid_from": "2015-01-01"}]
IDENTITIES: tuple[list[dict[str, str]], ...] = (
    [],
    KEY_AID,
    [{"class": "registered_poor", "valid_from": "2015-01-01"}, *KEY_AID],
)


async def hospitals(world: World) -> list[str]:
    return [await world.county.hospital(level, "county") for level in ("township", "level2")]


def a_year(dice: Random, places: list[str], patient: str) -> list[Body]:
    """Stays and chronic visits of 2018, in the order in which they come in; one stay in two parts."""
    bodies = []
    for month in dice.sample(range(1, 12), 5):
        place, yuan = dice.choice(places), dice.choice([900, 12_345, 60_000, 150_000])
        if dice.random() < 0.3:
            lines = [fee_line(price=f"{yuan}.37", quantity="1", charged_on=f"2018-{month:02}-20")]
            bodies.append(chronic(place, patient, service_on=f"2018-{month:02}-20", fee_lines=lines))
        else:
            bodies.append(month_stay(place, patient, month, yuan))
    first = month_stay(places[1], patient, 12, 40_000, interim_no=1)
    last = first | {"interim_no": 0, "admitted_on": "2018-12-09", "discharged_on": "2018-12-30"}
    at = dice.randrange(len(bodies) + 1)
    return [*bodies[:at], first, last, *bodies[at:]]


def renamed(bodies: list[Body], patient: str) -> list[Body]:
    """The same visits for another person."""
    return [body | {"person": {"id_no": patient}, "visit_no": f"{body['visit_no']}-B"} for body in bodies]


async def live_figures(world: World, person_no: str) -> dict[tuple[str, int], dict[str, int]]:
    """What the live settlement of each visit pays, layer by layer."""
    found = {}
    for status in ("settled", "on_hold"):
        query = f"/v1/settlements?person_no={person_no}&status={status}&limit=100"
        for one in (await done(await world.agency("GET", query), 200))["items"]:
            layers = {layer["layer"]: 0 for layer in one["layers"]}
            for layer in one["layers"]:
                layers[layer["layer"]] += fen(layer["paid"])
            found[one["visit_no"].removesuffix("-B"), one["interim_no"]] = layers | {"rest": fen(one["patient_pays"])}
    return found


async def the_same(world: World, person_no: str, other_no: str) -> None:
    assert await live_figures(world, person_no) == await live_figures(world, other_no)
    mine, theirs = await stand(world, person_no), await stand(world, other_no)
    assert {k: v for k, v in mine.sums.items() if not k[0].startswith("stay:")} == {
        k: v for k, v in theirs.sums.items() if not k[0].startswith("stay:")
    }
    assert await drifted(world) == []


async def two_people(world: World, identities: Any) -> list[tuple[str, str]]:
    people = [await world.county.person(identities) for _ in range(2)]
    for person_no, _ in people:
        await world.county.card(person_no, "CD03")
    return people


@pytest.mark.parametrize("seed", range(9))
async def test_a_reversed_visit_leaves_the_year_as_if_it_had_never_been(seed: int, world: World) -> None:
    dice = Random(seed)
    (person_no, patient), (other_no, other) = await two_people(world, IDENTITIES[seed % 3])
    bodies = a_year(dice, await hospitals(world), patient)
    answers = [await settled(world.agency, body) for body in bodies]
    gone = dice.choice([n for n, body in enumerate(bodies) if body.get("interim_no") != 1])
    for body in renamed([body for n, body in enumerate(bodies) if n != gone], other):
        await settled(world.agency, body)

    await reversed_(world.agency, answers[gone]["id"], chain=True)

    await the_same(world, person_no, other_no)


@pytest.mark.parametrize("seed", range(9))
async def test_a_corrected_bill_leaves_the_year_as_if_it_had_come_in_so(seed: int, world: World) -> None:
    dice = Random(100 + seed)
    (person_no, patient), (other_no, other) = await two_people(world, IDENTITIES[seed % 3])
    bodies = a_year(dice, await hospitals(world), patient)
    answers = [await settled(world.agency, body) for body in bodies]
    wrong = dice.randrange(len(bodies))
    day = bodies[wrong].get("service_on") or bodies[wrong]["admitted_on"]
    more = fee_line(9, "T-LATE", price=f"{dice.randrange(1, 90_000)}.55", quantity="1", charged_on=day)
    corrected = bodies[wrong] | {"fee_lines": [*bodies[wrong]["fee_lines"], more]}
    for n, body in enumerate(renamed(bodies, other)):
        lines = corrected["fee_lines"] if n == wrong else body["fee_lines"]
        await settled(world.agency, body | {"fee_lines": lines})

    answer = await anew(world.agency, answers[wrong]["id"], "hospital_correction", chain=True, request=corrected)

    assert amounts(answer)["hospital_advances"] >= amounts(answers[wrong])["hospital_advances"]
    await the_same(world, person_no, other_no)
