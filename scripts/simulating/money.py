"""Payments: transfers to hospitals, batches to people's accounts with the bank's answers, the yearly top-up."""

import csv
import io
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any, Final

import httpx

from scripts.simulating.county import TOP_UP, Town
from tests.cases.county import done
from tests.payouts.office import answer_file, bank
from tests.settlement.naive import POOR, add

SHARE: Final = Fraction(8, 10)
_MAKER: Final = {"X-Operator": "maker"}
_CHECKER: Final = {"X-Operator": "checker"}


async def pay_statement(town: Town, pick: int, way: str, today: date) -> bool:
    """Pay an open statement, whole or half; the transfer arrives, comes back, or stays on its way."""
    owed = [one for one in town.paper.statements if not one.passed_on and one.total > one.paid]
    if not owed:
        return False
    one = owed[pick % len(owed)]
    left = one.total - one.paid
    amount = Fraction(int(left * 50), 100) or left if way == "half" else left
    hospital_code = town.service.codes[one.where]
    path = f"/v1/statements?payer={one.payer}&hospital={hospital_code}&limit=200"
    items = (await done(await town.agency("GET", path), 200))["items"]
    [statement_id, *_] = [s["id"] for s in items if Fraction(s["outstanding"]) == left and s["carried_into"] is None]
    said = f"{float(amount):.2f}"
    body = {
        "payer": one.payer,
        "hospital_code": hospital_code,
        "bank_reference": f"R{next(town.serial):07d}",
        "paid_on": today.isoformat(),
        "amount": said,
        "allocations": [{"statement_id": statement_id, "amount": said}],
    }
    paid = await done(await town.agency("POST", "/v1/payments", body))
    if way == "returned":
        back = {"returned_on": today.isoformat(), "reason": "户名不符"}
        await done(await town.agency("POST", f"/v1/payments/{paid['id']}/return", back), 200)
        return True
    one.paid += amount
    town.transferred[one.payer, one.where] += amount
    if way != "on the way":
        await done(await town.hospitals[one.where]("POST", f"/v1/payments/{paid['id']}/receipt"), 200)
    return True


async def pay_people(town: Town, today: date, refuses: Callable[[], bool]) -> bool:
    """Make, release and fetch a batch; the bank pays it but for the accounts that it refuses, and says so."""
    body = {"payer": TOP_UP, "pay_on": today.isoformat()}
    made = await town.insurer("POST", "/v1/payout-batches", body, headers=_MAKER)
    if made.status_code == httpx.codes.CONFLICT or made.json().get("code") == "payout.nothing":
        assert made.json()["code"] == "payout.nothing", made.text
        return False
    batch_id = (await done(made))["batch"]["id"]
    await done(await town.insurer("POST", f"/v1/payout-batches/{batch_id}/release", headers=_CHECKER), 200)
    file = await town.insurer("GET", f"/v1/payout-batches/{batch_id}/file?format=csv")
    assert file.status_code == httpx.codes.OK, file.text
    rows = _rows(file.content)
    refused = {row["收款账号"]: "账户不存在" for row in rows if refuses()}
    sent: dict[str, Any] = {"files": {"file": ("回盘.csv", answer_file(bank(rows, refused)))}}
    sent["data"] = {"answered_on": today.isoformat()}
    await done(await town.insurer("POST", f"/v1/payout-batches/{batch_id}/answer", **sent), 200)
    for row in rows:
        if row["收款账号"] not in refused:
            person_no = town.accounts[row["收款账号"]]
            town.credited[person_no] += Fraction(row["金额"])
            for visit in town.paper.visits:
                if town.service.people[visit.person][0] == person_no:
                    visit.receive(TOP_UP)
    return True


def _rows(content: bytes) -> list[dict[str, str]]:
    found = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    return [{name: cell.rstrip("\t") for name, cell in row.items()} for row in found]


async def balance_chronic(town: Town, today: date) -> bool:
    """Run the cycle that ended in November, and hold it against chronic visits added up on paper."""
    start = "2018-01-01" if today.year == 2018 else f"{today.year - 1}-12-01"
    ran = await done(await town.agency("POST", f"/v1/cycles/{start}/run?limit=200", {"dry_run": False}), 200)
    found = {item["person_no"]: Fraction(item["amount"]) for item in ran["items"] if Fraction(item["amount"])}
    expected = on_paper(town, date.fromisoformat(start), date(today.year, 11, 30))
    assert found == expected, f"the cycle of {start}: {found}, on paper {expected}"
    town.raised[start] = len(found)
    return True


def on_paper(town: Town, first: date, last: date) -> dict[str, Fraction]:
    """What each person gets for a cycle: four fifths of what poor people's chronic visits cost, less what was paid."""
    found = {}
    for person, (person_no, _) in enumerate(town.service.people):
        counted = [
            visit
            for visit in town.paper.of(person)
            if visit.chronic and first <= visit.day <= last and POOR & visit.identities
        ]
        total, left = add(visit.price for visit in counted), add(visit.patient_pays for visit in counted)
        target = Fraction(int(SHARE * total * 100 + Fraction(1, 2)), 100)
        if (amount := target - (total - left)) > 0:
            found[person_no] = amount
    return found
