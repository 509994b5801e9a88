"""
A person entered twice.

The same number in the same spelling cannot be entered twice; what slips through is another spelling, the old number of
15 digits, or a name and birthday in one household. Numbers and names are sealed, so that only entries which share a
birthday are opened and compared.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.vault import Vault
from service.registers.entries import Person
from service.registers.persons.sealing import opened

_NEW_LENGTH: Final = 18

_PAIRS: Final = text("""
SELECT a.person_no AS one, b.person_no AS other
FROM persons a JOIN persons b ON b.county_code = a.county_code AND b.born_on = a.born_on AND b.person_no > a.person_no
WHERE a.county_code = :county_code
    AND (a.id_type <> 'id_card' OR b.id_type <> 'id_card' OR a.household_no = b.household_no)
    AND (a.person_no, b.person_no) > (:one, :other)
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
    NAME_BIRTHDAY_HOUSEHOLD = "name_birthday_household"


@dataclass(frozen=True, slots=True)
class Twice:
    one: Person
    other: Person
    why: tuple[Why, ...]


async def found_twice(
    tx: AsyncConnection, vault: Vault, county_code: str, *, after: tuple[str, str], rows: int
) -> list[Twice]:
    """Pairs of entries that are probably one person, by their numbers."""
    found: list[Twice] = []
    one, other = after
    while len(found) < rows:
        values = {"county_code": county_code, "one": one, "other": other, "rows": rows}
        pairs = (await tx.execute(_PAIRS, values)).all()
        if not pairs:
            break
        one, other = pairs[-1]
        numbers = list({number for pair in pairs for number in pair})
        entries = await tx.execute(_ENTRIES, {"county_code": county_code, "numbers": numbers})
        known = {row["person_no"]: opened(vault, row) for row in entries.mappings()}
        compared = (Twice(known[a], known[b], in_common(known[a], known[b])) for a, b in pairs)
        found += [each for each in compared if each.why]
    return found[:rows]


def in_common(one: Person, other: Person) -> tuple[Why, ...]:
    """Why two entries look like one person; empty where they do not."""
    same_household = one.household_no is not None and one.household_no == other.household_no
    same_person = plain(one.name) == plain(other.name) and one.born_on == other.born_on and same_household
    return tuple(
        why
        for why, holds in (
            (Why.ID_NO, _same(old_number(one.id_no), old_number(other.id_no))),
            (Why.SOCIAL_CARD_NO, _same(plain(one.social_card_no), plain(other.social_card_no))),
            (Why.NAME_BIRTHDAY_HOUSEHOLD, same_person),
        )
        if holds
    )


def _same(one: Any, other: Any) -> bool:
    return bool(one) and one == other


def plain(written: str | None) -> str:
    """A number or name without what spelling adds: width, spaces, dots, hyphens, case."""
    return re.sub(r"[\s\-.·•']", "", unicodedata.normalize("NFKC", written or "")).upper()


def old_number(id_no: str | None) -> str:
    """The number as it was before it had a century and a check character: both forms of one number give the same."""
    number = plain(id_no)
    return number[:6] + number[8:17] if len(number) == _NEW_LENGTH else number
