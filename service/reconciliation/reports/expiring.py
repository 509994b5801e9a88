"""What runs out: papers to renew, aid expected at discharge to apply for, objections to decide."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from service.access.model import Role
from service.claims.month import expected_aid
from service.objections import store as objections
from service.payouts.decisions_due import applied_for
from service.reconciliation.desk import Desk
from service.registers.agreements.store import agreements_of
from service.registers.cards.store import cards_of

NOTICE: Final = timedelta(days=30)
"""How long before it runs out a paper is listed, and how long afterwards where nobody renewed it."""
_ONE_DAY: Final = timedelta(days=1)
_YEAR_ENDS: Final = (12, 31)


class Expiring(NamedTuple):
    """Something to be renewed, applied for or decided; `amount` in fen."""

    kind: str
    due_on: date
    payer: str | None
    hospital_code: str | None
    subject: str
    amount: int


async def expiring(desk: Desk, most: int) -> list[Expiring]:
    """Agreements, cards, expected aid and objections that the caller may see and has to look after."""
    papers = [*await _agreements(desk, most), *await _cards(desk, most)]
    return [*papers, *await _aid(desk, most), *await _objections(desk, most)]


async def _agreements(desk: Desk, most: int) -> list[Expiring]:
    """Agreements that end without another one after them."""
    found: list[Expiring] = []
    for county_code, insurer in _scopes(desk):
        scope: dict[str, Any] = {"hospital_code": desk.hospital_code, "insurer": insurer, "after": None, "rows": most}
        ends = (desk.today - NOTICE, desk.today + NOTICE)
        for agreement_id, each in await agreements_of(desk.tx, county_code, on=None, ends=ends, **scope):
            what, last = each.fact.what, each.fact.last
            pair: dict[str, Any] = {
                "hospital_code": what.hospital_code,
                "insurer": what.insurer,
                "after": None,
                "rows": 1,
            }
            if not await agreements_of(desk.tx, county_code, on=last + _ONE_DAY, **pair):
                subject = str(agreement_id)
                found.append(Expiring("agreement.ends", last, what.insurer, what.hospital_code, subject, 0))
    return found


def _scopes(desk: Desk) -> Iterator[tuple[str, str | None]]:
    payers: list[str | None] = [*desk.payers] if desk.payers is not None else [None]
    for county_code in desk.county_codes:
        yield from ((county_code, payer) for payer in payers)


async def _cards(desk: Desk, most: int) -> list[Expiring]:
    """Cards of patients: the agency renews them. No name, the card's id alone."""
    if desk.caller.role not in (Role.AGENCY, Role.AUDITOR):
        return []
    ends = (desk.today - NOTICE, desk.today + NOTICE)
    scope: dict[str, Any] = {"status": "approved", "after": None, "rows": most}
    cards = await cards_of(desk.tx, desk.county_code, person_no=None, on=None, ends=ends, **scope)
    found: list[Expiring] = []
    for card_id, each in cards:
        what, last = each.fact.what, each.fact.last
        later = await cards_of(desk.tx, desk.county_code, person_no=what.person_no, on=last + _ONE_DAY, **scope)
        if all(other.fact.what.disease_code != what.disease_code for _, other in later):
            found.append(Expiring("card.ends", last, None, None, str(card_id), 0))
    return found


async def _aid(desk: Desk, most: int) -> list[Expiring]:
    """Aid expected at discharge: it uses up the year's caps, and lapses with nobody the wiser (domain §6)."""
    rows = await expected_aid(
        desk.tx, county_codes=desk.county_codes, hospital_code=desk.hospital_code, payers=desk.payers, most=most
    )
    applied = await applied_for(desk, [str(row["id"]) for row in rows])
    return [
        Expiring(
            "aid.apply",
            row["settled_on"].replace(month=_YEAR_ENDS[0], day=_YEAR_ENDS[1]),
            row["payer"],
            row["hospital_code"],
            str(row["id"]),
            row["amount"],
        )
        for row in rows
        if str(row["id"]) not in applied
    ]


async def _objections(desk: Desk, most: int) -> list[Expiring]:
    """Objections that the agency has to decide, by the pack's days; a hospital sees those it filed, a payer none."""
    if desk.caller.role == Role.PAYER:
        return []
    view = objections.View(desk.county_code, hospital_code=desk.hospital_code)
    return [
        Expiring("objection.decide", due_on, None, hospital_code, str(objection_id), 0)
        for objection_id, due_on, hospital_code in await objections.open_ones(desk.tx, view, rows=most)
    ]
