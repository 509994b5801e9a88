"""Cycles as they are answered: person by person, and summed by township and by disease."""

from collections.abc import Sequence
from typing import Any

from service.money import yuan
from service.payouts.batches.accounts import account_of
from service.payouts.batches.model import Why
from service.payouts.cycles import store
from service.payouts.cycles.actions import Law, everybody
from service.payouts.cycles.model import OfPerson, shared_by_disease
from service.payouts.items import store as items
from service.policy.cycles import Cycle
from service.reconciliation.desk import Desk
from service.registers.persons.store import persons_behind


async def page_of(desk: Desk, law: Law, after: str, limit: int, *, dry_run: bool) -> tuple[list[dict[str, Any]], bool]:
    """Persons of the cycle after one of them, and whether there are more: as it would be, or as it was posted."""
    numbers = await store.persons_after(desk.tx, desk.county_code, law.cycle, law.terms, after, limit + 1)
    found = await store.of_persons(desk.tx, desk.county_code, law.cycle, law.terms, numbers[:limit])
    status = await _status(desk, found)
    persons = await persons_behind(desk.tx, desk.vault, desk.county_code, numbers[:limit])
    shown = []
    for each in found:
        figures = each.now if dry_run or each.before is None else each.before.figures
        account = account_of(persons[each.person_no])
        shown.append(
            {
                "person_no": each.person_no,
                "township_code": each.township_code,
                **{name: yuan(value) for name, value in figures._asdict().items()},
                "difference": yuan(each.difference),
                "pay_by": law.cycle.pay_by,
                "status": status.get(each.person_no, "not_run"),
                "account": account if isinstance(account, Why) else None,
            }
        )
    return shown, len(numbers) > limit


async def _status(desk: Desk, found: Sequence[OfPerson]) -> dict[str, str]:
    cases = {each.person_no: each.before.case_id for each in found if each.before is not None}
    standing = await items.standing(desk.tx, desk.county_code, list(cases.values()))
    owed = {each.person_no: each.before.figures.amount for each in found if each.before is not None}
    return {
        person_no: standing[case_id].stage if owed[person_no] or standing[case_id].paid else "nothing_due"
        for person_no, case_id in cases.items()
    }


async def totals_of(desk: Desk, law: Law) -> dict[str, Any]:
    """What the cycle comes to by what is settled now: in all, by township and by disease."""
    townships: dict[str, dict[str, int]] = {}
    diseases: dict[str, dict[str, int]] = {}
    whole = _nothing()
    unpayable = 0
    async for chunk in everybody(desk, law):
        persons = await persons_behind(desk.tx, desk.vault, desk.county_code, [each.person_no for each in chunk])
        for each in chunk:
            figures = (each.now.total, each.now.reimbursed, each.now.amount)
            _add(whole, *figures)
            _add(townships.setdefault(each.township_code or "", _nothing()), *figures)
            person = persons.get(each.person_no)
            if each.now.amount and (person is None or isinstance(account_of(person), Why)):
                unpayable += 1
            for disease, amount in shared_by_disease(each).items():
                of_it = [visit for visit in each.visits if visit.disease_code == disease]
                total, reimbursed = sum(one.total for one in of_it), sum(one.reimbursed for one in of_it)
                _add(diseases.setdefault(disease, _nothing()), total, reimbursed, amount)
    return {
        **_shown(whole),
        "without_account": unpayable,
        "by_township": [{"township_code": code or None, **_shown(sums)} for code, sums in sorted(townships.items())],
        "by_disease": [{"disease_code": code, **_shown(sums)} for code, sums in sorted(diseases.items())],
    }


def _nothing() -> dict[str, int]:
    return {"persons": 0, "total": 0, "reimbursed": 0, "amount": 0}


def _add(sums: dict[str, int], total: int, reimbursed: int, amount: int) -> None:
    sums["persons"] += 1
    sums["total"] += total
    sums["reimbursed"] += reimbursed
    sums["amount"] += amount


def _shown(sums: dict[str, int]) -> dict[str, Any]:
    return {name: value if name == "persons" else yuan(value) for name, value in sums.items()}


async def ran(desk: Desk, law: Law, run: dict[str, Any] | None) -> dict[str, Any]:
    """A run with its sums; None: a dry run."""
    return {
        **cycle_of(law.cycle),
        "dry_run": run is None,
        "run": None if run is None else run_of(run),
        "totals": await totals_of(desk, law),
    }


def cycle_of(cycle: Cycle) -> dict[str, Any]:
    """The days of a cycle."""
    return {
        "cycle_start": cycle.start,
        "cycle_end": cycle.end,
        "counts_to": cycle.counts_to,
        "pay_by": cycle.pay_by,
    }


def run_of(run: dict[str, Any]) -> dict[str, Any]:
    """A run that was made."""
    return {"id": str(run["id"]), "persons": run["persons"], "changed": run["changed"], "at": run["at"]}
