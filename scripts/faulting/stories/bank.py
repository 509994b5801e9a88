"""The bank's part of paying patients: batches given up, transfers that come back late, and again, to a clerk."""

from random import Random
from typing import Any, Final

from scripts.faulting.cast import Cast, Patient
from scripts.faulting.stories.asked import pages, reads, said
from scripts.faulting.stories.payments import LATER, answered
from tests.cases.county import done
from tests.payouts.office import account

_ATTEMPTS: Final = 2
_PAYER: Final = "top_up_insurer"


async def given_up(cast: Cast, dice: Random) -> None:
    """A batch that nobody has released is withdrawn: what is in it goes into the next."""
    patient = cast.patient(dice)
    batch = await _owed(cast, patient, dice)
    if batch is not None:
        path = f"/v1/payout-batches/{batch['id']}"
        await done(await cast.insurer("POST", f"{path}/withdrawal", {"reason": "日期有误"}, operator="maker"), 200)
        await reads(cast.insurer, path, status="withdrawn")
    cast.back(patient)


async def came_back(cast: Cast, dice: Random) -> None:
    """A transfer that comes back late, twice, is a clerk's to clear; then it may go out once more."""
    patient = cast.patient(dice)
    for _ in range(_ATTEMPTS):
        batch = await _owed(cast, patient, dice)
        if batch is None:
            break
        await done(await cast.insurer("POST", f"/v1/payout-batches/{batch['id']}/release", operator="checker"), 200)
        await answered(cast, batch["id"], lambda: False)
        [item] = await pages(cast.insurer, f"/v1/payout-items?batch_id={batch['id']}")
        body = {"returned_on": f"{cast.place.shift.today()}", "reason": "账户已销户"}
        await done(await cast.insurer("POST", f"/v1/payout-items/{item['id']}/return", body), 200)
    for item in await pages(cast.agency, f"/v1/payout-items?status=clerk&person_no={patient.person_no}"):
        path = f"/v1/payout-items/{item['id']}/clearance"
        await done(await cast.agency("POST", path, {"reason": "已核实"}, operator="clerk"), 200)
    assert not await pages(cast.agency, f"/v1/payout-items?status=clerk&person_no={patient.person_no}")
    cast.back(patient)


async def _owed(cast: Cast, patient: Patient, dice: Random) -> Any:
    """A batch of what is owed to a patient, to a new account; None where nothing is, or another has it already."""
    await done(await cast.agency("POST", "/v1/settlements", patient.visit(cast.without_agreement, dice)))
    body: dict[str, Any] = {"bank_account": account(), "reason": "更正账号"}
    await done(await cast.agency("PUT", f"/v1/persons/{patient.person_no}", body), 200)
    wanted = {"person_nos": [patient.person_no]}
    body = {"payer": _PAYER, "pay_on": f"{cast.place.shift.today() + LATER}", "filter": wanted}
    answer = await cast.insurer("POST", "/v1/payout-batches", body, operator="maker")
    return None if said(answer, "payout.nothing") else (await done(answer))["batch"]
