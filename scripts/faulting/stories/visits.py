"""Hospitals at work: a discharge settled and read, several of one patient at once, a stay in parts, a chronic visit."""

import asyncio
from datetime import timedelta
from random import Random
from uuid import uuid4

from scripts.faulting.cast import Cast
from tests.cases.county import done
from tests.claims.bills import chronic, fee_line

_WEEK = timedelta(days=7)


async def settled(cast: Cast, dice: Random) -> None:
    """A discharge, and its settlement read again."""
    patient = cast.patient(dice)
    answer = await done(await cast.hospital("POST", "/v1/settlements", patient.visit(cast.hospital_code, dice)))
    read = await done(await cast.hospital("GET", f"/v1/settlements/{answer['id']}"), 200)
    if read["patient_pays"] != answer["patient_pays"]:
        cast.watch.wrong.append(f"settlement {answer['id']} reads otherwise than it was answered")
    cast.back(patient)


async def previewed(cast: Cast, dice: Random) -> None:
    """A preview, which keeps nothing, and then the discharge."""
    patient = cast.patient(dice)
    body = patient.visit(cast.hospital_code, dice)
    await done(await cast.hospital("POST", "/v1/settlements/preview", body), 200)
    await done(await cast.hospital("POST", "/v1/settlements", body))
    cast.back(patient)


async def several_at_once(cast: Cast, dice: Random) -> None:
    """Three discharges of one patient at once, one of them sent twice under one key."""
    patient = cast.patient(dice)
    bodies = [patient.visit(cast.hospital_code, dice) for _ in range(3)]
    asked = [(body, str(uuid4())) for body in (*bodies, bodies[0])]
    asked[3] = asked[0]
    answers = await asyncio.gather(*(cast.hospital("POST", "/v1/settlements", body, key=key) for body, key in asked))
    for answer in answers:
        await done(answer)
    if answers[0].content != answers[3].content:
        cast.watch.wrong.append(f"one key, two answers: {answers[0].text[:200]} and {answers[3].text[:200]}")
    cast.back(patient)


async def in_parts(cast: Cast, dice: Random) -> None:
    """A long stay settled in two parts."""
    patient = cast.patient(dice)
    body = patient.visit(cast.hospital_code, dice)
    first = patient.next_day
    for interim_no, day in ((1, first), (0, first + _WEEK)):
        line = fee_line(price=f"{dice.randint(100, 9_000)}.00", quantity="1", charged_on=f"{day}")
        part = {"interim_no": interim_no, "admitted_on": f"{day}", "discharged_on": f"{day + _WEEK}"}
        await done(await cast.hospital("POST", "/v1/settlements", body | part | {"fee_lines": [line]}))
    patient.next_day = first + 3 * _WEEK
    cast.back(patient)


async def chronic_visit(cast: Cast, dice: Random) -> None:
    """A visit of a patient with a card for a chronic disease."""
    patient = cast.patient(dice, card=True)
    day, number = patient.next_day, patient.visits
    patient.next_day, patient.visits = day + timedelta(days=2), number + 1
    line = fee_line(price=f"{dice.randint(20, 400)}.50", quantity="1", charged_on=f"{day}")
    body = chronic(
        cast.hospital_code,
        patient.id_no,
        visit_no=f"{patient.person_no}-M{number}",
        service_on=f"{day}",
        fee_lines=[line],
    )
    await done(await cast.hospital("POST", "/v1/settlements", body))
    cast.back(patient)
