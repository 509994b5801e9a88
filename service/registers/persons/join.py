"""
Two entries become one person, and neither's history is lost.

The surviving entry takes over what the other one holds on days on which it holds nothing of the kind; the other's
numbers lead to it from now on. The other entry stays on record with its superseded facts.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import exists, insert, select, update

from service.registers.cards.store import CARDS
from service.registers.dated import DatedTable, hold
from service.registers.desk import Desk
from service.registers.entries import Person
from service.registers.model import ID_CARD, Author
from service.registers.periods import ONE_DAY, Dated, joined
from service.registers.persons import store
from service.registers.persons.refusals import JoinedAlready, JoinSelf
from service.registers.persons.tables import person_joins
from service.registers.persons.turns import beside_others
from service.registers.referrals.store import REFERRALS
from service.registers.refusals import PersonExists, PersonUnknown
from service.registers.tables import person_keys

_FILLED: Final = (
    "township_code",
    "household_no",
    "phone",
    "bank_account",
    "payee",
    "born_on",
    "died_on",
    "sex",
    "social_card_no",
)
_OF_THE_CARD: Final = ("id_type", "id_no", "born_on", "sex")


async def hold_both(desk: Desk, survivor: str, other: str) -> None:
    """Let nobody else change either entry; in one order, so that two joins cannot wait for each other."""
    await beside_others(desk.tx, desk.county_code)
    for number in sorted((survivor, other)):
        await hold(desk.tx, "person", desk.county_code, number)


async def join(desk: Desk, survivor_no: str, other_no: str, reason: str | None) -> Person:
    """Join the other entry into the surviving one. `hold_both` first, and see that the other has no settlement."""
    if survivor_no == other_no:
        raise JoinSelf("/other")
    survivor, other = await _entry(desk, survivor_no, None), await _entry(desk, other_no, "/other")

    author = desk.author(reason or f"合并 {other_no}")
    k = person_keys.c
    theirs = (k.county_code == desk.county_code, k.person_no == other_no)
    await desk.tx.execute(update(person_keys).where(*theirs).values(person_no=survivor_no))
    after = _filled(survivor, other)
    if after != survivor:
        taken = await store.replace_person(desk.tx, desk.vault, survivor, after, author)
        # The number that the survivor had until now leads to them too.
        if taken is not None or await store.add_keys(desk.tx, desk.vault, survivor) is not None:
            raise PersonExists
    for table, thing in (
        (store.INSURED, _anything),
        (store.IDENTITIES, _class_of),
        (store.BARRED, _anything),
    ):
        await _take_over(desk, table, thing, survivor_no, other_no, author)
    await _papers(desk, survivor_no, other_no, author)

    recorded = {"recorded_at": author.at, "recorded_by": author.by, "reason": author.reason}
    row = {"county_code": desk.county_code, "person_no": other_no, "joined_into": survivor_no, **recorded}
    await desk.tx.execute(insert(person_joins).values(row))
    await desk.note("person.join", person_no=survivor_no, subject=other_no)
    return after


def _filled(survivor: Person, other: Person) -> Person:
    """The survivor with what only the other entry says, and with its identity card where they have none."""
    names = [name for name in _FILLED if getattr(survivor, name) is None]
    if survivor.id_type != ID_CARD and other.id_type == ID_CARD:
        names += _OF_THE_CARD
    return replace(survivor, **{name: getattr(other, name) for name in names})


async def _entry(desk: Desk, person_no: str, pointer: str | None) -> Person:
    found = await store.person(desk.tx, desk.vault, desk.county_code, person_no)
    if found is None:
        raise PersonUnknown(pointer)
    c = person_joins.c
    is_joined = select(exists().where(c.county_code == desk.county_code, c.person_no == person_no))
    if await desk.tx.scalar(is_joined):
        raise JoinedAlready(pointer)
    return found


def _anything(_what: Any) -> Hashable:
    return ()


def _class_of(what: Any) -> Hashable:
    named: str = what.identity_class
    return named


async def _take_over(
    desk: Desk, table: DatedTable[Any], thing: Any, survivor_no: str, other_no: str, author: Author
) -> None:
    mine, theirs = ({"county_code": desk.county_code, "person_no": number} for number in (survivor_no, other_no))
    known, given = await table.current(desk.tx, **mine), await table.current(desk.tx, **theirs)
    facts = [each.fact for each in known]
    for each in given:
        taken = [fact for fact in facts if thing(fact.what) == thing(each.fact.what)]
        facts += without(each.fact, taken)
    await table.supersede(desk.tx, theirs, [each.row for each in given], author)
    await table.correct(desk.tx, mine, known, joined(facts), author)


def without(fact: Dated[Any], taken: Iterable[Dated[Any]]) -> list[Dated[Any]]:
    """The parts of a fact on days on which none of the others holds."""
    left: Sequence[Dated[Any]] = [fact]
    for other in taken:
        cut: list[Dated[Any]] = []
        for part in left:
            if other.last < part.first or part.last < other.first:
                cut.append(part)
                continue
            if part.first < other.first:
                cut.append(replace(part, valid_to=other.first - ONE_DAY))
            if other.last < part.last:
                cut.append(replace(part, valid_from=other.last + ONE_DAY))
        left = cut
    return list(left)


async def _papers(desk: Desk, survivor_no: str, other_no: str, author: Author) -> None:
    """Cards and referrals name the surviving person from now on. Raises `card.exists` where two cards collide."""
    for table, name in ((CARDS, "card_id"), (REFERRALS, "referral_no")):
        c = table.table.c
        where = [c.county_code == desk.county_code, c.person_no == other_no]
        found: list[Any] = await table.page(desk.tx, where, order=[c.id], after=None, rows=_MANY)
        for row, known in found:
            scope = {"county_code": desk.county_code, name: row[name]}
            after = replace(known.fact, what=replace(known.fact.what, person_no=survivor_no))
            await table.correct(desk.tx, scope, [known], [after], author)


_MANY: Final = 1_000
