"""What must hold of a person before they are registered. Pure; every fault is told at once."""

from dataclasses import replace
from datetime import date

from service.errors import InputError, Text
from service.registers import identity_number
from service.registers.entries import Coverage, Person
from service.registers.keys import normal_number
from service.registers.model import ID_CARD
from service.registers.periods import first_overlap
from service.registers.refusals import BarOverlap, IdentityOverlap, InsuredOverlap
from service.wire.refusals import RequestInvalid

_ID_NO_MISSING = InputError(
    "/id_no",
    "request.missing",
    Text(
        "请填写身份证号码；没有身份证的人（例如新生儿）请填其他 id_type。",
        "Give the identity number; for a person without an identity card, such as a newborn, another id_type.",
    ),
)
_BORN_DIFFERS = InputError(
    "/born_on",
    "person.born_on_differs",
    Text("出生日期与身份证号码不符。", "The birthday is not the one in the identity number."),
)
_SEX_DIFFERS = InputError(
    "/sex",
    "person.sex_differs",
    Text("性别与身份证号码不符。", "The sex is not the one in the identity number."),
)
_BORN_IN_FUTURE = InputError(
    "/born_on", "person.born_in_future", Text("出生日期不得晚于今天。", "Nobody is born after today.")
)
_DIED_IN_FUTURE = InputError(
    "/died_on", "person.died_in_future", Text("死亡日期不得晚于今天。", "A death cannot be registered ahead of time.")
)
_DIED_BEFORE_BORN = InputError(
    "/died_on", "person.died_before_born", Text("死亡日期早于出生日期。", "The day of death lies before the birthday.")
)


def checked(person: Person, today: date) -> Person:
    """
    The person with numbers in their normal spelling, and birthday and sex from the identity number where not given.

    Raises `request.invalid` with every fault.
    """
    faults: list[InputError] = []
    person = replace(
        person,
        id_no=normal_number(person.id_no) if person.id_no else None,
        social_card_no=normal_number(person.social_card_no) if person.social_card_no else None,
    )
    if person.id_type == ID_CARD:
        said = identity_number.read(person.id_no) if person.id_no else _ID_NO_MISSING
        if isinstance(said, InputError):
            faults.append(said)
        else:
            faults += [_BORN_DIFFERS] if person.born_on not in (None, said.born_on) else []
            faults += [_SEX_DIFFERS] if person.sex not in (None, said.sex) else []
            person = replace(person, born_on=person.born_on or said.born_on, sex=person.sex or said.sex)
    faults += _life(person, today)
    if faults:
        raise RequestInvalid.at(*faults)
    return person


def _life(person: Person, today: date) -> list[InputError]:
    faults = []
    if person.born_on and person.born_on > today:
        faults.append(_BORN_IN_FUTURE)
    if person.died_on and person.died_on > today:
        faults.append(_DIED_IN_FUTURE)
    if person.born_on and person.died_on and person.died_on < person.born_on:
        faults.append(_DIED_BEFORE_BORN)
    return faults


def refuse_overlaps(coverage: Coverage) -> None:
    """Name the first period that contradicts an earlier one of the same list."""
    insured, identities, barred = coverage.insured, coverage.identities, coverage.barred
    classes = [each.what.identity_class for each in identities]
    if (at := first_overlap(insured, [()] * len(insured))) is not None:
        raise InsuredOverlap(f"/insured/{at}")
    if (at := first_overlap(identities, classes)) is not None:
        raise IdentityOverlap(f"/identities/{at}")
    if (at := first_overlap(barred, [()] * len(barred))) is not None:
        raise BarOverlap(f"/barred/{at}")
