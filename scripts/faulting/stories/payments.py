"""Money to patients: bills handed in at a counter, late aid, back-pay, the yearly top-up, and the bank's file."""

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any, Final

import httpx

from scripts.faulting.cast import Cast
from service.money import fen
from tests.cases.county import done
from tests.payouts.claimants import APPROVE, picture
from tests.payouts.office import answer_file, bank
from tests.payouts.test_backpay import csv_of, row_of

_AID_DECISIONS: Final = (
    {"outcome": "cut", "granted": "10.00", "reason": "按差额核定"},
    {"outcome": "approved", "reason": "经核实"},
    {"outcome": "refused", "reason": "不属于救助对象"},
)
LATER: Final = timedelta(days=60)
_RETURNED: Final = 0.2
_CYCLE_ENDS: Final = date(2018, 12, 1)


def _rows(file: httpx.Response) -> list[dict[str, str]]:
    """The file of transfers as the bank reads it."""
    found = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig")))
    return [{name: cell.rstrip("\t") for name, cell in row.items()} for row in found]


async def registered(cast: Cast, visit: dict[str, Any]) -> Any:
    """A claim for a bill that was paid at a counter."""
    body = {"reason": "not_connected", "visit": visit | {"invoice_no": f"F{visit['visit_no']}"}}
    return await done(await cast.agency("POST", "/v1/manual-claims", body, operator="clerk"))


async def with_papers(cast: Cast, claim: Any) -> str:
    """Where the claim is, when every paper of its checklist is handed in."""
    path = f"/v1/manual-claims/{claim['id']}"
    for kind in claim["documents_missing"]:
        paper: dict[str, Any] = {"data": {"kind": kind}, "files": {"file": ("a.jpg", picture())}}
        await done(await cast.agency("POST", f"{path}/documents", operator="clerk", **paper))
    return path


async def at_the_counter(cast: Cast, dice: Random) -> None:
    """A bill paid at a hospital that is not connected: registered, papers handed in, reviewed, approved."""
    patient = cast.patient(dice)
    path = await with_papers(cast, await registered(cast, patient.visit(cast.unconnected, dice)))
    await done(await cast.agency("POST", f"{path}/review", operator="chief"), 200)
    await done(await cast.agency("POST", f"{path}/decision", APPROVE, operator="chief"), 200)
    cast.back(patient)


async def owed_to_the_patient(cast: Cast, dice: Random) -> None:
    """A discharge from a hospital without an agreement: the top-up goes to the patient's account."""
    patient = cast.patient(dice)
    await done(await cast.agency("POST", "/v1/settlements", patient.visit(cast.without_agreement, dice)))
    cast.back(patient)


async def late_aid(cast: Cast, dice: Random) -> None:
    """Aid that is expected at discharge, applied for; granted, cut or refused by another person."""
    patient = cast.patient(dice)
    settled = await done(await cast.agency("POST", "/v1/settlements", patient.visit(cast.aid_later, dice)))
    if fen(settled["expected_aid"]) > 1000:
        asked = {"settlement_id": settled["id"]}
        application = await done(await cast.agency("POST", "/v1/aid-applications", asked, operator="clerk"))
        path = f"/v1/aid-applications/{application['id']}/decision"
        await done(await cast.agency("POST", path, dice.choice(_AID_DECISIONS), operator="chief"), 200)
    cast.back(patient)


async def paid_back(cast: Cast, dice: Random) -> None:
    """The social-insurance bureau's file of stays before the agreement, posted once."""
    if not cast.before_agreement:
        return
    id_no = cast.before_agreement.pop()
    said = {"agreement_on": "2018-06-01"}
    content = csv_of(row_of(id_no, cast.hospital_code))
    files = {"file": ("补支付.csv", content)}
    made = await done(await cast.agency("POST", "/v1/backpay", data=said, files=files))
    await done(await cast.agency("POST", f"/v1/backpay/{made['id']}/post"), 200)


async def yearly_top_up(cast: Cast, dice: Random) -> None:
    """The cycle of chronic visits run, as soon as it is over."""
    if cast.place.shift.today() >= _CYCLE_ENDS:
        await done(await cast.agency("POST", "/v1/cycles/2018-01-01/run", {"dry_run": False}), 200)


async def paid_out(cast: Cast, dice: Random) -> None:
    """What an insurer owes to patients: a batch made, released by another person, answered by the bank."""
    pay_on = f"{cast.place.shift.today() + LATER}"
    body = {"payer": "top_up_insurer", "pay_on": pay_on}
    answer = await cast.insurer("POST", "/v1/payout-batches", body, operator="maker")
    if answer.status_code != 201 and "nothing" in answer.text:
        return
    batch = (await done(answer))["batch"]
    path = f"/v1/payout-batches/{batch['id']}"
    await done(await cast.insurer("POST", f"{path}/release", operator="checker"), 200)
    await answered(cast, batch["id"], lambda: dice.random() < _RETURNED)


async def answered(cast: Cast, batch_id: str, returned: Callable[[], bool]) -> None:
    """The bank's file of a released batch; of which transfers come back, is drawn one by one."""
    path = f"/v1/payout-batches/{batch_id}"
    rows = _rows(await cast.insurer("GET", f"{path}/file?format=csv"))
    refused = {row["收款账号"]: "账户不存在" for row in rows if returned()}
    content = answer_file(bank(rows, refused))
    said = {"answered_on": f"{cast.place.shift.today()}"}
    await done(await cast.insurer("POST", f"{path}/answer", data=said, files={"file": ("回盘.csv", content)}), 200)
