"""A person as the interface speaks of one: found by a number, told by the codes of the profile."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from service.nhsa.desk import Desk
from service.nhsa.refusals import not_found
from service.registers.entries import Person
from service.registers.facts import find_person
from service.registers.keys import person_key
from service.registers.model import ID_CARD, KeyKind, Sex
from service.registers.persons import store as persons

_MONTHS: Final = 12
_TENTHS: Final = 10
_GENDERS: Final = {Sex.MALE: "1", Sex.FEMALE: "2", None: "9"}
_ID_CARD: Final = "01"
_OTHER_DOCUMENT: Final = "99"
CIVIL_SERVANT: Final = "0"


@dataclass(frozen=True, slots=True)
class Known:
    """A person of the register with the key by which settlements find them."""

    person: Person
    key: tuple[str, bytes]


async def by_number(desk: Desk, kind: KeyKind, number: str) -> Known:
    """The person behind a number. Raises VisitNotFound: nobody is told apart from nobody."""
    key = person_key(desk.ground.vault, kind, number)
    found = await find_person(desk.tx, *key)
    person = await persons.person(desk.tx, desk.ground.vault, *found) if found else None
    if person is None:
        raise not_found(
            "查无此人：请核对证件号码或人员编号(psn_no)，新参保人员请先登记。",
            "Nobody is registered under this number.",
        )
    return Known(person, person_key(desk.ground.vault, KeyKind.PERSON_NO, person.person_no))


async def of_register(desk: Desk, county_code: str, person_no: str) -> Known:
    """A person whose entry is known, in one round trip; whoever was joined into another is that other to settle."""
    person = await persons.person(desk.tx, desk.ground.vault, county_code, person_no)
    if person is None:
        return await by_psn_no(desk, person_no)
    return Known(person, person_key(desk.ground.vault, KeyKind.PERSON_NO, person_no))


async def by_psn_no(desk: Desk, psn_no: str) -> Known:
    """The person of a psn_no."""
    return await by_number(desk, KeyKind.PERSON_NO, psn_no)


def told(person: Person, day: date) -> dict[str, Any]:
    """A person's own fields, as several answers have them."""
    return {
        "psn_no": person.person_no,
        "psn_name": person.name,
        "psn_cert_type": _ID_CARD if person.id_type == ID_CARD else _OTHER_DOCUMENT,
        "certno": person.id_no or person.social_card_no or person.person_no,
        "gend": _GENDERS[person.sex],
        "brdy": person.born_on.isoformat() if person.born_on else None,
        "age": age(person.born_on, day),
    }


def age(born_on: date | None, day: date) -> str:
    """Age in years with one decimal."""
    if born_on is None:
        return "0"
    months = (day.year - born_on.year) * _MONTHS + day.month - born_on.month - (day.day < born_on.day)
    years, rest = divmod(max(0, months), _MONTHS)
    return f"{years}.{rest * _TENTHS // _MONTHS}"
