"""
A person entered twice.

The same number in the same spelling cannot be entered twice; what slips through is another spelling, the old number of
15 digits, two digits that changed places, or a person who came once without the card. Numbers and names are sealed, so
that only entries which share a birthday are opened and compared, names first: a digit mistyped within the birthday is
found only where the day was given apart.
"""

import asyncio
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.vault import Vault
from service.registers.entries import Person
from service.registers.persons.sealing import opened

_NEW_LENGTH: Final = 18

# Enough for one answer: how many pairs share a birthday grows with the square of the county.
_PAIRS_AT_ONCE: Final = 5_000

_PAIRS: Final = text("""
SELECT a.person_no AS one, b.person_no AS other
FROM persons a JOIN persons b ON b.county_code = a.county_code AND b.born_on = a.born_on AND b.person_no > a.person_no
WHERE a.county_code = :county_code AND (a.person_no, b.person_no) > (:one, :other)
    AND NOT EXISTS (SELECT FROM person_joins j WHERE j.county_code = a.county_code
        AND j.person_no IN (a.person_no, b.person_no))
ORDER BY 1, 2 LIMIT :rows
""")
_ENTRIES: Final = text("""
SELECT * FROM persons WHERE county_code = :county_code AND person_no = ANY (CAST(:numbers AS text[]))
""")


class Why(StrEnum):
    """What two entries have in common."""

    ID_NO = "id_no"
    SOCIAL_CARD_NO = "social_card_no"
    ID_NO_ALIKE = "id_no_alike"
    NAME_BIRTHDAY = "name_birthday"
    NAME_BIRTHDAY_HOUSEHOLD = "name_birthday_household"
    PHONE_BIRTHDAY = "phone_birthday"


@dataclass(frozen=True, slots=True)
class Twice:
    one: Person
    other: Person
    why: tuple[Why, ...]


class Search(NamedTuple):
    """What was found, and the pair up to which it was looked; None: to the end."""

    found: list[Twice]
    until: tuple[str, str] | None


async def found_twice(
    tx: AsyncConnection, vault: Vault, county_code: str, *, after: tuple[str, str], rows: int
) -> Search:
    """Pairs of entries that are probably one person, by their numbers, until there are so many or time is up."""
    values = {"county_code": county_code, "one": after[0], "other": after[1], "rows": _PAIRS_AT_ONCE}
    pairs = (await tx.execute(_PAIRS, values)).all()
    numbers = list({number for pair in pairs for number in pair})
    entries = (await tx.execute(_ENTRIES, {"county_code": county_code, "numbers": numbers})).mappings().all()
    return await asyncio.to_thread(_compared, vault, [tuple(pair) for pair in pairs], entries, rows)


def _compared(vault: Vault, pairs: Sequence[tuple[str, str]], entries: Sequence[RowMapping], rows: int) -> Search:
    known = {row["person_no"]: opened(vault, row) for row in entries}
    found: list[Twice] = []
    for one, other in pairs:
        why = in_common(known[one], known[other])
        if why:
            found.append(Twice(known[one], known[other], why))
        if len(found) == rows:
            return Search(found, (one, other))
    return Search(found, pairs[-1] if len(pairs) == _PAIRS_AT_ONCE else None)


def in_common(one: Person, other: Person) -> tuple[Why, ...]:
    """Why two entries with one birthday look like one person; empty where they do not."""
    same_household = one.household_no is not None and one.household_no == other.household_no
    same_name = plain(one.name) == plain(other.name)
    same_phone = _same(plain(one.phone), plain(other.phone))
    alike = differ_by_a_slip(old_number(one.id_no), old_number(other.id_no))
    return tuple(
        why
        for why, holds in (
            (Why.ID_NO, _same(old_number(one.id_no), old_number(other.id_no))),
            (Why.SOCIAL_CARD_NO, _same(plain(one.social_card_no), plain(other.social_card_no))),
            # Twins have neighbouring numbers, one household and one phone: these alone say nothing.
            (Why.ID_NO_ALIKE, alike and same_name),
            (Why.NAME_BIRTHDAY_HOUSEHOLD, same_name and same_household),
            (Why.NAME_BIRTHDAY, same_name and not same_household),
            (Why.PHONE_BIRTHDAY, same_phone and not same_household),
        )
        if holds
    )


def differ_by_a_slip(one: str, other: str) -> bool:
    """Whether two numbers differ by one digit, or by two neighbours that changed places."""
    if len(one) != len(other):
        return False
    places = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(places) == 1:
        return True
    return any(one[:at] + one[at + 1 : at + 2] + one[at] + one[at + 2 :] == other for at in places[:1])


def _same(one: Any, other: Any) -> bool:
    return bool(one) and one == other


def plain(written: str | None) -> str:
    """A number or name without what spelling adds: width, spaces, dots, hyphens, case."""
    return re.sub(r"[\s\-.·•']", "", unicodedata.normalize("NFKC", written or "")).upper()


def old_number(id_no: str | None) -> str:
    """The number as it was before it had a century and a check character: both forms of one number give the same."""
    number = plain(id_no)
    return number[:6] + number[8:17] if len(number) == _NEW_LENGTH else number
