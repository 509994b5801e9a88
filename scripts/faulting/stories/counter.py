"""At the agency's counters: injuries, two claims that look like one, papers that are missing, invoices, objections."""

from datetime import date
from random import Random
from typing import Any, Final

from scripts.faulting.cast import Cast
from scripts.faulting.stories.asked import pages, reads, said
from scripts.faulting.stories.changes import OVERTAKEN, live
from scripts.faulting.stories.payments import registered, with_papers
from tests.cases.county import done
from tests.payouts.claimants import APPROVE, MISSING, REFUSE, picture

_UNKNOWN_YET: Final = {"third_party": "unknown", "note": ""}
_FOUND_OUT: Final = ("none", "liable_unpaid", "liable_paid")
_TRIES: Final = 5


async def injured(cast: Cast, dice: Random) -> None:
    """An injury on hold until it is known who is liable: then released to the patient, or taken back."""
    patient = cast.patient(dice)
    visit = patient.visit(cast.hospital_code, dice, injury=_UNKNOWN_YET)
    held = await done(await cast.hospital("POST", "/v1/settlements", visit))
    assert held["status"] == "on_hold", held["status"]
    body = {"third_party": dice.choice(_FOUND_OUT), "note": "已查明", "chain": True}
    listed = f"/v1/settlements?visit_no={visit['visit_no']}"
    for _ in range(_TRIES):
        [one] = [each for each in await pages(cast.agency, listed) if each["status"] == "on_hold"]
        answer = await cast.agency("POST", f"/v1/injuries/{one['id']}/outcome", body, operator="chief")
        if not said(answer, *OVERTAKEN):
            break
    await done(answer, 200)
    last = "reversed" if body["third_party"] == "liable_paid" else "settled"
    statuses = {each["status"] for each in await pages(cast.agency, listed)}
    assert last in statuses, f"{visit['visit_no']}: {statuses}"
    assert "on_hold" not in statuses, f"{visit['visit_no']}: {statuses}"
    cast.back(patient)


async def two_encounters(cast: Cast, dice: Random) -> None:
    """A bill of a stay that begins where another ends: it waits until a clerk has said that they are two."""
    patient = cast.patient(dice)
    first = patient.visit(cast.hospital_code, dice)
    await done(await cast.hospital("POST", "/v1/settlements", first))
    patient.next_day = date.fromisoformat(first["discharged_on"])
    path = await with_papers(cast, await registered(cast, patient.visit(cast.unconnected, dice)))
    await done(await cast.agency("POST", f"{path}/review", operator="chief"), 200)
    waits = await cast.agency("POST", f"{path}/decision", APPROVE, operator="chief")
    assert said(waits, "manual_claim.near_misses"), waits.text
    for pair in waits.json()["near_misses"]:
        body = pair | {"reason": "病历与票据均已核对"}
        await done(await cast.agency("POST", "/v1/encounters/near-misses/dismissals", body, operator="chief"))
    await done(await cast.agency("POST", f"{path}/decision", APPROVE, operator="chief"), 200)
    await reads(cast.agency, path, state="approved")
    cast.back(patient)


async def sent_away(cast: Cast, dice: Random) -> None:
    """A bill at the counter of which papers are missing; handed in, it is refused all the same."""
    patient = cast.patient(dice)
    claim = await registered(cast, patient.visit(cast.unconnected, dice))
    path = f"/v1/manual-claims/{claim['id']}"
    await done(await cast.agency("POST", f"{path}/request", MISSING, operator="chief"), 200)
    await reads(cast.agency, path, state="incomplete")
    await with_papers(cast, claim)
    await done(await cast.agency("POST", f"{path}/review", operator="chief"), 200)
    await done(await cast.agency("POST", f"{path}/decision", REFUSE, operator="chief"), 200)
    await reads(cast.agency, path, state="refused")
    cast.back(patient)


async def invoiced(cast: Cast, dice: Random) -> None:
    """The invoice of a stay, attached after it is settled."""
    patient = cast.patient(dice)
    visit = patient.visit(cast.hospital_code, dice)
    one = await done(await cast.hospital("POST", "/v1/settlements", visit))
    number = f"FP{visit['visit_no']}"
    answer = await cast.hospital("PUT", f"/v1/settlements/{one['id']}/invoice", {"invoice_no": number})
    if not said(answer, *OVERTAKEN):
        await done(answer, 200)
        found = await pages(cast.agency, f"/v1/settlements?invoice_no={number}")
        assert [each["visit_no"] for each in found if each["status"] == "settled"] == [visit["visit_no"]], found
    cast.back(patient)


async def taken_back(cast: Cast, dice: Random) -> None:
    """An objection filed at a counter with a paper, under review, and taken back."""
    patient = cast.patient(dice)
    body = {"settlement_id": dice.choice(await live(cast, patient)), "reason": "金额不对"}
    answer = await cast.agency("POST", "/v1/objections", body, operator="Zhang")
    if not said(answer, "objection.open"):
        path = f"/v1/objections/{(await done(answer))['id']}"
        paper: dict[str, Any] = {"files": {"file": ("a.jpg", picture())}}
        await done(await cast.agency("POST", f"{path}/documents", operator="Zhang", **paper))
        await done(await cast.agency("POST", f"{path}/review", operator="Li"), 200)
        await done(await cast.agency("POST", f"{path}/withdrawal", operator="Zhang"), 200)
        found = await reads(cast.agency, path, state="withdrawn")
        assert len(found["documents"]) == 1, found["documents"]
    cast.back(patient)
