"""The people whom the package's docstring names, for trying things."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from service.demo.dice import Dice
from service.demo.hospitals import OPENED
from service.demo.names import COUNTY, account, given_name, id_no, phone, surname
from service.registers.entries import Bar, Coverage, Insured, Payee, Person, RosterIdentity
from service.registers.model import Sex
from service.registers.periods import Dated
from service.registers.persons.bulk import NewPerson
from service.words import IdentityClass

SOURCES: Final = {
    IdentityClass.REGISTERED_POOR: "扶贫办",
    IdentityClass.LIFTED_BUT_COVERED: "扶贫办",
    IdentityClass.MONITORED: "乡村振兴局",
    IdentityClass.SEVERELY_DISABLED: "残联",
}
"""The rosters; all other identities come from civil affairs."""

BIRTH_CERTIFICATE: Final = "birth_certificate"

_POOR, _LIFTED = IdentityClass.REGISTERED_POOR, IdentityClass.LIFTED_BUT_COVERED
_ALLOWANCE, _DISABLED = IdentityClass.LOW_INCOME_ALLOWANCE, IdentityClass.SEVERELY_DISABLED


@dataclass(frozen=True, slots=True)
class Known:
    """
    Somebody with a number that can be looked up here.

    `held`: class, first day and last day of each identity; `cards`: diseases; `referred_to`: a hospital.
    """

    born_on: date
    sequence: int
    held: tuple[tuple[IdentityClass, date, date | None], ...] = ()
    cards: tuple[str, ...] = ()
    referred_to: str | None = None
    insured_until: date | None = None
    barred: tuple[Dated[Bar], ...] = ()
    died_on: date | None = None

    @property
    def id_no(self) -> str:
        return id_no(self.born_on, self.sequence)


def identity(kind: IdentityClass, first: date, last: date | None = None) -> Dated[RosterIdentity]:
    return Dated(RosterIdentity(kind, SOURCES.get(kind, "民政局")), first, last)


def _since(*kinds: IdentityClass, first: date = OPENED) -> tuple[tuple[IdentityClass, date, None], ...]:
    return tuple((kind, first, None) for kind in kinds)


EXAMPLE: Final = Known(date(1950, 3, 7), 0, _since(_POOR))
SHOWN: Final = Known(date(1952, 5, 12), 903, _since(_POOR))
KNOWN: Final = (
    EXAMPLE,
    SHOWN,
    Known(date(1981, 4, 16), 901),
    Known(
        date(1963, 8, 21),
        902,
        ((_POOR, OPENED, date(2018, 12, 31)), (_LIFTED, date(2019, 1, 1), None)),
    ),
    Known(date(1947, 11, 30), 901, _since(IdentityClass.EXTREME_POVERTY)),
    Known(date(1966, 2, 3), 902, _since(_ALLOWANCE)),
    Known(date(1959, 9, 9), 901, _since(_ALLOWANCE, _POOR)),
    Known(date(1972, 7, 15), 902, _since(_ALLOWANCE, _DISABLED)),
    Known(date(1939, 1, 1), 901, _since(IdentityClass.THREE_NO)),
    Known(date(1956, 8, 1), 901, _since(IdentityClass.KEY_AID)),
    Known(date(1988, 3, 8), 902, _since(IdentityClass.MONITORED, first=date(2020, 6, 1))),
    Known(date(1979, 12, 24), 901, _since(IdentityClass.LOW_INCOME_MARGIN, first=date(2021, 6, 1))),
    Known(date(1958, 12, 6), 902, _since(_POOR), cards=("CD03",)),
    Known(date(1969, 10, 25), 901, _since(_POOR), cards=("CD27",)),
    Known(date(1964, 4, 4), 902, cards=("CD03",)),
    Known(date(1955, 6, 18), 901, _since(_POOR), referred_to="DM-R01"),
    Known(date(1975, 9, 13), 902, barred=(Dated(Bar("欠缴保费"), date(2019, 1, 1), date(2019, 12, 31)),)),
    Known(date(1990, 2, 14), 901, insured_until=date(2019, 12, 31)),
    Known(
        date(1940, 4, 10),
        902,
        ((_POOR, OPENED, date(2019, 5, 20)),),
        insured_until=date(2019, 5, 20),
        died_on=date(2019, 5, 20),
    ),
)
_NEWBORN_ON: Final = date(2018, 5, 30)


def known_person_no(number: int) -> str:
    return f"DM-K{number:04}"


def known_people(township: str) -> list[NewPerson]:
    """They all live in one township, each in a household of their own; the newborn lives with the first of them."""
    people = [_person(number, known, township) for number, known in enumerate(KNOWN, 1)]
    return [*people, _newborn(people[0].person)]


def _person(number: int, known: Known, township: str) -> NewPerson:
    dice = Dice("known", number)
    sex = Sex.MALE if known.sequence % 2 else Sex.FEMALE
    name = surname(dice) + given_name(dice, sex)
    person = Person(
        county_code=COUNTY,
        person_no=known_person_no(number),
        name=name,
        township_code=township,
        household_no=f"DM-HK{number:03}",
        id_no=known.id_no,
        social_card_no=f"DMK{number:06}",
        phone=phone(dice),
        bank_account=account(name, number),
        born_on=known.born_on,
        died_on=known.died_on,
        sex=sex,
    )
    coverage = Coverage(
        (Dated(Insured(), OPENED, known.insured_until),),
        tuple(identity(*each) for each in known.held),
        known.barred,
    )
    return NewPerson(person, coverage)


def _newborn(guardian: Person) -> NewPerson:
    dice = Dice("known", "newborn")
    person = Person(
        county_code=COUNTY,
        person_no=known_person_no(len(KNOWN) + 1),
        name=guardian.name[0] + given_name(dice, Sex.FEMALE),
        township_code=guardian.township_code,
        household_no=guardian.household_no,
        id_type=BIRTH_CERTIFICATE,
        id_no="DM-B000001",
        payee=Payee(guardian.name, "监护人", guardian.id_no, guardian.phone, guardian.bank_account),
        born_on=_NEWBORN_ON,
        sex=Sex.FEMALE,
    )
    held = (identity(_POOR, _NEWBORN_ON),)
    return NewPerson(person, Coverage((Dated(Insured(), _NEWBORN_ON),), held))
