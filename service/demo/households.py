"""Who lives together in the townships, and when they were born."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from service.demo.dice import Dice
from service.demo.hospitals import TOWNSHIPS
from service.demo.names import given_name, surname
from service.registers.model import Sex

HOUSEHOLDS_OF_A_TOWNSHIP: Final = 171
LAST_BIRTH: Final = date(2024, 12, 31)

# How many live in a household, as often as they stand here.
_SIZES: Final = (1, 1, 2, 2, 2, 3, 3, 4, 4, 4, 5, 5)
_YEAR_DAYS: Final = 365
_MOST_CHILDREN_APART: Final = 9
_SPOUSE: Final = 1
# Or the first child.
_PARENT: Final = 2


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a household. `place` 0 is its head; `dice` are their own."""

    place: int
    name: str
    sex: Sex
    born_on: date
    dice: Dice


@dataclass(frozen=True, slots=True)
class Household:
    number: int
    township: str
    members: tuple[Member, ...]

    @property
    def household_no(self) -> str:
        return f"DM-H{self.number:04}"

    @property
    def dice(self) -> Dice:
        return Dice("household", self.number)


def households() -> Iterator[Household]:
    number = 0
    for township in TOWNSHIPS:
        for _ in range(HOUSEHOLDS_OF_A_TOWNSHIP):
            number += 1
            yield _household(number, township)


def _household(number: int, township: str) -> Household:
    dice = Dice("household", number)
    size, family = dice.one_of(_SIZES, "size"), surname(dice)
    oldest = 1928 if size == 1 else 1940
    head_born = date(dice.between(oldest, 1988, "year"), 1, 1)
    members = (_member(number, place, family, head_born) for place in range(size))
    return Household(number, township, tuple(each for each in members if each.born_on <= LAST_BIRTH))


def _member(number: int, place: int, family: str, head_born: date) -> Member:
    """The head, a spouse of the other sex and another family, a parent where there is one, and children."""
    dice, head = Dice("household", number, "member", place), Dice("household", number, "member", 0)
    head_sex = head.one_of(tuple(Sex), "sex")
    own, sex, year = family, dice.one_of(tuple(Sex), "sex"), head_born.year
    if place == _SPOUSE:
        own, sex = surname(dice), Sex.FEMALE if head_sex is Sex.MALE else Sex.MALE
        year += dice.between(-4, 5, "younger")
    elif place == _PARENT and dice.in_a_thousand(200, "a parent of the head"):
        year -= dice.between(21, 30, "older")
    elif place > _SPOUSE:
        year += dice.between(22, 28, "first child") + place * dice.between(1, _MOST_CHILDREN_APART, "apart")
    born_on = date(year, 1, 1) + timedelta(days=dice.below(_YEAR_DAYS, "birthday"))
    return Member(place, own + given_name(dice, sex), sex, born_on, dice)
