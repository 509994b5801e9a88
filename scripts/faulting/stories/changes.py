"""What was settled turns out wrong: reversed, decided anew, alone and many at once; and patients who object."""

import asyncio
from random import Random
from typing import Any, Final

import httpx

from scripts.faulting.cast import AID, POOR, Cast, Patient
from scripts.faulting.stories.asked import said
from tests.cases.county import done

_LIVE: Final = "SELECT settlement_id::text FROM live_visits WHERE person_no = :person_no ORDER BY visit_no"
OVERTAKEN: Final = ("settlement.superseded", "settlement.already_reversed")
"""A bulk re-adjudication was faster, or another's reversal."""
_LATER_PART: Final = "settlement.has_later"
"""Of a stay in parts the last one goes first."""
_UNCHANGED: Final = "settlement.unchanged"
_GONE_THROUGH: Final = "SELECT count(previewed_at) + count(done_at) FROM readjudication_persons"
_POLLS: Final = 200
_POLL_SECONDS: Final = 0.25


async def live(cast: Cast, patient: Patient) -> list[str]:
    """The live settlements of a patient, with one new one where there is none."""
    found = [row[0] for row in await cast.place.rows(_LIVE, person_no=patient.person_no)]
    if found:
        return found
    body = patient.visit(cast.hospital_code, Random(patient.person_no))
    return [(await done(await cast.agency("POST", "/v1/settlements", body)))["id"]]


async def reversed_(cast: Cast, dice: Random) -> None:
    """A settlement reversed with all that rests on it, by two clerks at once: one of them is told that it is done."""
    patient = cast.patient(dice)
    one = dice.choice(await live(cast, patient))
    asked = [
        cast.agency("POST", f"/v1/settlements/{one}/reversal", {"reason": "录入有误", "chain": True}) for _ in "ab"
    ]
    answers = sorted(await asyncio.gather(*asked), key=lambda answer: answer.status_code)
    if not said(answers[0], _LATER_PART, *OVERTAKEN):
        await done(answers[0])
    if answers[1].status_code != httpx.codes.CONFLICT:
        cast.watch.wrong.append(f"settlement {one} was reversed twice: {answers[1].text[:200]}")
    cast.back(patient)


async def decided_anew(cast: Cast, dice: Random) -> None:
    """The register corrected, and a settlement decided anew with all that rests on it."""
    patient = cast.patient(dice)
    one = dice.choice(await live(cast, patient))
    held = dice.choice([[], [*POOR], [*AID]])
    await done(await cast.agency("PUT", f"/v1/persons/{patient.person_no}", {"identities": held}), 200)
    body = {"cause": "identity", "note": "补录", "chain": True}
    answer = await cast.agency("POST", f"/v1/settlements/{one}/readjudication", body)
    if not said(answer, _UNCHANGED, _LATER_PART, *OVERTAKEN):
        await done(answer)
    cast.back(patient)


async def many_decided_anew(cast: Cast, dice: Random) -> None:
    """A bulk re-adjudication asked for, previewed, approved by a second person, and done in the background."""
    patient = cast.patient(dice)
    await live(cast, patient)
    held = dice.choice([[], [*POOR]])
    await done(await cast.agency("PUT", f"/v1/persons/{patient.person_no}", {"identities": held}), 200)
    body = {"selection": {"hospital_code": cast.hospital_code}, "cause": "identity", "note": "名单补录"}
    made = await done(await cast.agency("POST", "/v1/readjudications", body, operator="Zhang"))
    path = f"/v1/readjudications/{made['id']}"
    await until(cast, path, "previewed")
    await done(await cast.agency("POST", f"{path}/approval", operator="Li"), 200)
    await until(cast, path, "done")
    cast.back(patient)


async def until(cast: Cast, path: str, state: str) -> None:
    """Until it is so far, as long as somebody goes on with it or with those before it."""
    gone_through, waited = -1, 0
    while waited < _POLLS:
        found: Any = await done(await cast.agency("GET", path), 200)
        if found["state"] == state:
            return
        before, gone_through = gone_through, await cast.place.scalar(_GONE_THROUGH)
        waited = waited + 1 if gone_through == before else 0
        await asyncio.sleep(_POLL_SECONDS)
    cast.watch.wrong.append(f"a job that nobody goes on with: {path} is {found['state']}, not {state}")


async def verified(cast: Cast, dice: Random) -> None:
    """An auditor has the county verified by the server, and finds it clean."""
    path = f"/v1/verifications/{(await done(await cast.auditor('POST', '/v1/verifications'), 202))['id']}"
    for _ in range(_POLLS):
        found: Any = await done(await cast.auditor("GET", path), 200)
        if found["status"] != "running":
            break
        await asyncio.sleep(_POLL_SECONDS)
    if found["status"] != "clean":
        cast.watch.wrong.append(f"the server's own verification is {found['status']}: {str(found)[:400]}")


async def objected(cast: Cast, dice: Random) -> None:
    """An objection filed, reviewed by another person, decided by a third."""
    patient = cast.patient(dice)
    body = {"settlement_id": dice.choice(await live(cast, patient)), "reason": "患者认为金额有误"}
    answer = await cast.agency("POST", "/v1/objections", body, operator="Zhang")
    if answer.status_code != httpx.codes.CONFLICT:
        path = f"/v1/objections/{(await done(answer))['id']}"
        await done(await cast.agency("POST", f"{path}/review", operator="Li"), 200)
        decision = {"outcome": "dismissed", "reason": "经核对，收费无误。"}
        await done(await cast.agency("POST", f"{path}/decision", decision, operator="Wang"), 200)
    cast.back(patient)
