"""Who gets what with the next batch, and who does not, and why."""

from itertools import groupby

from service.payouts.batches import store
from service.payouts.batches.accounts import account_of
from service.payouts.batches.model import LeftOut, Returned, Transfer, Wanted, Why
from service.payouts.items import store as items
from service.payouts.items.model import Open
from service.reconciliation.desk import Desk
from service.registers.entries import Person
from service.registers.persons.store import numbers_of, persons_behind

LARGEST_ATTEMPT_BY_ITSELF = 2
"""What came back this often is not ordered again before a clerk has looked at it."""


async def candidates(desk: Desk, payer: str, wanted: Wanted) -> list[str]:
    """Whom a payer owes anything, of those that are wanted; or who owes it something."""
    asked = wanted.person_nos
    numbers = None if asked is None else await numbers_of(desk.tx, desk.county_code, asked)
    found = await items.open_of(desk.tx, desk.county_code, payer, numbers)
    return sorted({each.person_no for each in found if _is_wanted(each, wanted)})


async def gather(desk: Desk, payer: str, wanted: Wanted, person_nos: list[str]) -> tuple[list[Transfer], list[LeftOut]]:
    """
    One transfer for each person, of everything that is owed to them less what they got too much before; and who is
    left out. A person who owes more than they get is carried forward whole. What is owed to an entry that was joined
    into another one is the surviving one's, and so is what it got too much.
    """
    found = await items.open_of(desk.tx, desk.county_code, payer, person_nos)
    persons = await persons_behind(desk.tx, desk.vault, desk.county_code, person_nos)
    found.sort(key=lambda each: persons[each.person_no].person_no)
    came_back = await store.returned(desk.tx, desk.county_code, [each.origin for each in found])
    transfers: list[Transfer] = []
    left_out: list[LeftOut] = []
    for person_no, of_person in groupby(found, lambda each: persons[each.person_no].person_no):
        parts = tuple(each for each in of_person if _is_wanted(each, wanted))
        if not parts:
            continue
        person = persons[parts[0].person_no]
        if wanted.township_code not in (None, person.township_code):
            continue
        made = _transfer(desk, person, parts, came_back)
        if isinstance(made, Transfer):
            transfers.append(made)
        else:
            left_out.append(LeftOut(person_no, sum(part.amount for part in parts), made))
    return transfers, left_out


def _is_wanted(one: Open, wanted: Wanted) -> bool:
    # What was paid too much is taken from whatever comes next.
    return one.amount < 0 or wanted.kinds is None or one.kind in wanted.kinds


def _transfer(
    desk: Desk, person: Person, parts: tuple[Open, ...], came_back: dict[tuple[object, str], Returned]
) -> Transfer | Why:
    if sum(part.amount for part in parts) <= 0:
        return Why.RECOVERY
    account = account_of(person)
    if isinstance(account, Why):
        return account
    before = [came_back[key] for part in parts if (key := (part.origin, part.layer)) in came_back]
    last = max(before, key=lambda each: (each.attempt, each.item_id), default=None)
    if last is not None and not last.cleared:
        if last.attempt >= LARGEST_ATTEMPT_BY_ITSELF:
            return Why.CLERK
        if last.account_key == store.account_key(desk.vault, account.account):
            return Why.NOT_CORRECTED
    attempt = 1 if last is None else last.attempt + 1
    return Transfer(person.person_no, account.relation, account.account, parts, attempt)
