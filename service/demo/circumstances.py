"""What befalls people over the years: rosters they get on and off, insurance, bars, death."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from service.demo.dice import Dice
from service.demo.hospitals import OPENED
from service.demo.households import Household, Member
from service.demo.known import identity
from service.registers.entries import Bar, Coverage, Insured, RosterIdentity
from service.registers.periods import ONE_DAY, Dated
from service.words import IdentityClass

_LIFTED_ON: Final = (date(2018, 12, 31), date(2019, 12, 31), date(2020, 11, 20))
_MONITORED_FROM: Final = (date(2020, 6, 1), date(2021, 5, 1), date(2022, 9, 1))
_MARGIN_FROM: Final = (date(2021, 6, 1), date(2023, 1, 1))
_ALLOWANCE_FROM: Final = (OPENED, OPENED, OPENED, date(2018, 10, 1), date(2020, 1, 1))
_LEFT_ON: Final = (date(2018, 12, 31), date(2019, 12, 31), date(2022, 12, 31))
_DEATHS: Final = (date(2018, 3, 1), date(2024, 12, 31))
_CAUSES: Final = ("欠缴保费", "冒名就医核查", "参保信息核查")
# Of a thousand households; where two ranges overlap, a household is both.
_POOR: Final = range(210)
_WITH_ALLOWANCE: Final = range(180, 260)
_MONITORED: Final = range(250, 290)
_AT_THE_MARGIN: Final = range(280, 320)

# Of ten old people who live alone.
_IN_EXTREME_POVERTY: Final = range(3)
_WITH_NOTHING: Final = range(3, 4)

_ADULT: Final = 18
_OLD: Final = 60

Held = Dated[RosterIdentity]


@dataclass(frozen=True, slots=True)
class Fate:
    coverage: Coverage
    died_on: date | None


def fate(household: Household, member: Member) -> Fate:
    """Everything dated about one member; nothing of it before the birth or after the death."""
    died_on = _death(member)
    first = max(OPENED, member.born_on)
    insured = tuple(_within(_insured(member.dice), first, died_on))
    held = tuple(_within((*_of_household(household.dice), *_of_member(household, member)), first, died_on))
    return Fate(Coverage(insured, held, tuple(_within(_barred(member.dice), first, died_on))), died_on)


def _within(facts: Iterable[Dated[Any]], first: date, last: date | None) -> Iterable[Dated[Any]]:
    for fact in facts:
        lasting = min(fact.last, last or date.max)
        if max(fact.first, first) <= lasting:
            yield replace(fact, valid_from=max(fact.first, first), valid_to=None if lasting == date.max else lasting)


def _of_household(dice: Dice) -> Iterable[Held]:
    """Poverty is found of a whole household; some are lifted out of it, some never were, some are in danger of it."""
    throw = dice.below(1000, "circumstances")
    if throw in _POOR:
        yield from _poor(dice)
    if throw in _WITH_ALLOWANCE:
        yield _allowance(dice)
    if throw in _MONITORED:
        last = date(2023, 12, 31) if dice.in_a_thousand(300, "no longer monitored") else None
        yield identity(IdentityClass.MONITORED, dice.one_of(_MONITORED_FROM, "monitored"), last)
    if throw in _AT_THE_MARGIN:
        yield identity(IdentityClass.LOW_INCOME_MARGIN, dice.one_of(_MARGIN_FROM, "margin"))


def _poor(dice: Dice) -> Iterable[Held]:
    lifted = dice.one_of(_LIFTED_ON, "lifted") if dice.in_a_thousand(600, "is lifted") else None
    yield identity(IdentityClass.REGISTERED_POOR, OPENED, lifted)
    if lifted is not None:
        yield identity(IdentityClass.LIFTED_BUT_COVERED, lifted + ONE_DAY)


def _allowance(dice: Dice) -> Held:
    first = dice.one_of(_ALLOWANCE_FROM, "allowance")
    last = dice.one_of(_LEFT_ON, "left") if dice.in_a_thousand(250, "leaves") else None
    return identity(IdentityClass.LOW_INCOME_ALLOWANCE, first, last if last and last > first else None)


def _of_member(household: Household, member: Member) -> Iterable[Held]:
    dice, age = member.dice, OPENED.year - member.born_on.year
    if len(household.members) == 1 and age >= _OLD:
        throw = dice.below(10, "alone")
        if throw in _IN_EXTREME_POVERTY:
            yield identity(IdentityClass.EXTREME_POVERTY, OPENED)
        if throw in _WITH_NOTHING:
            yield identity(IdentityClass.THREE_NO, OPENED)
    if dice.in_a_thousand(30, "disabled"):
        yield identity(IdentityClass.SEVERELY_DISABLED, dice.one_of((OPENED, date(2019, 4, 1)), "disabled since"))
    if age >= _ADULT and dice.in_a_thousand(20, "key aid"):
        yield identity(IdentityClass.KEY_AID, OPENED)


def _insured(dice: Dice) -> Iterable[Dated[Insured]]:
    """Most for good; a few never, a few not for one year, a few until they move away."""
    match dice.below(200, "insurance"):
        case 0 | 1 | 2:
            return
        case 3 | 4:
            yield Dated(Insured(), OPENED, date(2018, 12, 31))
            yield Dated(Insured(), date(2020, 1, 1))
        case 5 | 6 | 7:
            yield Dated(Insured(), OPENED, dice.one_of(_LEFT_ON, "moved away"))
        case _:
            yield Dated(Insured(), OPENED)


def _barred(dice: Dice) -> Iterable[Dated[Bar]]:
    if dice.in_a_thousand(8, "barred"):
        first = date(dice.between(2018, 2024, "barred in"), dice.between(1, 12, "month"), 1)
        yield Dated(Bar(dice.one_of(_CAUSES, "cause")), first, first + timedelta(days=dice.between(29, 400, "for")))


def _death(member: Member) -> date | None:
    older = OPENED.year - member.born_on.year >= _OLD
    if not member.dice.in_a_thousand(60 if older else 6, "dies"):
        return None
    first, last = _DEATHS
    died_on = first + timedelta(days=member.dice.below((last - first).days, "day of death"))
    return died_on if died_on > member.born_on else None
