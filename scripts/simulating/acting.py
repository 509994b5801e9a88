"""How each event of a plan is carried out: by the service through its API, and on paper. Each says whether it was."""

import random
from collections.abc import Awaitable, Callable, Mapping
from fractions import Fraction
from typing import Final

import httpx

from scripts.simulating.county import Town
from scripts.simulating.money import balance_chronic, pay_people, pay_statement
from scripts.simulating.plan import Event
from tests.cases.county import done
from tests.claims.machine.driving import HOSPITALS, MONTHLY
from tests.claims.machine.naive import QUARTERLY, Visit
from tests.payouts.office import account

LAST_MONTH_OF_A_QUARTER: Final = 3


async def visit(town: Town, event: Event) -> bool:
    day = event.date
    if any(other.day == day for other in town.paper.of(event.person)):
        return False
    made = Visit(
        f"S{next(town.serial):07d}",
        event.person,
        HOSPITALS[event.where],
        day,
        event.way == "chronic",
        Fraction(event.amount),
        town.paper.people[event.person],
        town.paper.level2_percent,
    )
    await town.service.settle(made)
    town.first_answers[made.visit_no] = town.service.ids[made.visit_no]
    town.paper.settle(made)
    return True


async def identity(town: Town, event: Event) -> bool:
    """Somebody's identity is entered late: it holds since long before their visits."""
    classes = frozenset(filter(None, event.way.split(",")))
    await town.service.identify(event.person, classes)
    town.paper.people[event.person] = classes
    return True


async def account_named(town: Town, event: Event) -> bool:
    person_no, named = town.service.people[event.person][0], account(serial=next(town.serial))
    town.accounts[named["number"]] = person_no
    await done(await town.agency("PUT", f"/v1/persons/{person_no}", {"bank_account": named}), 200)
    return True


async def amendment(town: Town, event: Event) -> bool:
    town.service.enact(event.amount)
    town.paper.level2_percent = event.amount
    return True


def _one(town: Town, event: Event, which: Callable[[Visit], bool] = lambda _: True) -> Visit | None:
    some = [visit for visit in town.live() if which(visit)]
    return some[event.pick % len(some)] if some else None


async def redecision(town: Town, event: Event) -> bool:
    picked = _one(town, event)
    return picked is not None and await _redecided(town, picked, event.way)


async def _redecided(town: Town, picked: Visit, cause: str) -> bool:
    answer = await town.service.redecide(picked, cause)
    if not town.paper.outdated(picked):
        assert (answer.status_code, answer.json()["code"]) == (409, "settlement.unchanged"), answer.text
        return False
    assert answer.status_code == httpx.codes.CREATED, answer.text
    town.paper.redecide(picked)
    return True


async def objection(town: Town, event: Event) -> bool:
    picked = _one(town, event)
    if picked is None:
        return False
    path = await town.service.object_to(picked)
    upheld = await _redecided(town, picked, "appeal")
    said = {"outcome": "upheld" if upheld else "dismissed", "reason": "经复核"}
    if upheld:
        said["version_id"] = town.service.ids[picked.visit_no]
    await town.service.decide(path, said)
    return True


async def reversal(town: Town, event: Event) -> bool:
    picked = _one(town, event)
    if picked is None:
        return False
    chain = event.way == "chain"
    answer = await town.service.reverse(picked, chain=chain)
    if town.paper.later(picked) and not chain:
        assert (answer.status_code, answer.json()["code"]) == (409, "settlement.has_later"), answer.text
        return False
    assert answer.status_code == httpx.codes.CREATED, answer.text
    town.paper.reverse(picked)
    return True


async def aid(town: Town, event: Event) -> bool:
    """The township hands in what was expected at discharge; it is granted, cut (in quarters) or refused."""
    picked = _one(town, event, lambda one: one.expected_aid > 0 and one.visit_no not in town.applied_for)
    if picked is None:
        return False
    town.applied_for.add(picked.visit_no)
    body = {"settlement_id": town.service.ids[picked.visit_no]}
    applied = await done(await town.agency("POST", "/v1/aid-applications", body, headers={"X-Operator": "Zhang"}))
    fen = int(picked.expected_aid * 100) * event.amount // 4
    said = {"outcome": "refused", "reason": "经核定", "chain": True}
    if event.amount and fen:
        whole = fen == picked.expected_aid * 100
        said |= {"outcome": "approved"} if whole else {"outcome": "cut", "granted": f"{fen // 100}.{fen % 100:02}"}
    path = f"/v1/aid-applications/{applied['id']}/decision"
    await done(await town.agency("POST", path, said, headers={"X-Operator": "Li"}), 200)
    town.paper.grant(picked, Fraction(fen, 100))
    await town.service.renew()
    return True


async def repetition(town: Town, event: Event) -> bool:
    """A hospital's system sends an old request once more, whatever has become of it."""
    if not town.paper.visits:
        return False
    picked = town.paper.visits[event.pick % len(town.paper.visits)]
    assert await town.service.repeat(picked), f"{picked.visit_no}: the first answer is given again"
    return False


async def bill(town: Town, event: Event) -> bool:
    """The month before is billed and its books are closed; after a quarter, its payer's too."""
    ended = event.date.month - 1 or 12
    payers = [*MONTHLY, QUARTERLY] if ended % LAST_MONTH_OF_A_QUARTER == 0 else MONTHLY
    found = await town.service.close_ended()
    made = {(one.payer, one.where): (one.lines, one.carried) for one in town.paper.bill(payers)}
    assert found == made, f"statements {found}, on paper {made}"
    return True


async def pay(town: Town, event: Event) -> bool:
    return await pay_statement(town, event.pick, event.way, event.date)


async def batch(town: Town, event: Event) -> bool:
    """Everybody who can be paid is; the bank refuses some of the accounts."""
    dice = random.Random(event.pick)
    return await pay_people(town, event.date, refuses=lambda: dice.random() < 0.2)


async def cycle(town: Town, event: Event) -> bool:
    return await balance_chronic(town, event.date)


ACTS: Final[Mapping[str, Callable[[Town, Event], Awaitable[bool]]]] = {
    "visit": visit,
    "identity": identity,
    "account": account_named,
    "amendment": amendment,
    "redecision": redecision,
    "objection": objection,
    "reversal": reversal,
    "aid": aid,
    "repetition": repetition,
    "bill": bill,
    "pay": pay,
    "batch": batch,
    "cycle": cycle,
}
