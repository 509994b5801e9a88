"""What a township asks about its own people's settlements."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.vault import Vault, mask_name
from service.registers.persons.sealing import name_of

_OF_TOWNSHIP: Final = """
    SELECT s.id, s.person_no, p.name_enc, s.hospital_code, s.visit_no, s.visit_type, s.last_day, s.settled_on, s.total,
        s.paid_total, s.patient_pays, s.expected_aid, s.on_hold
    FROM settlements s JOIN persons p ON p.county_code = s.county_code AND p.person_no = s.person_no
    WHERE s.county_code = :county_code AND p.township_code = :township_code AND s.kind = 'settlement'
        AND NOT EXISTS (SELECT FROM settlements e WHERE e.county_code = s.county_code AND e.reversal_of = s.id)
        AND NOT EXISTS (SELECT FROM settlements e WHERE e.county_code = s.county_code AND e.replaces = s.id)
        {scope}
    ORDER BY s.id DESC LIMIT :rows
"""
_YEARS: Final = text("""
    SELECT v.person_no, count(*)::int AS visits,
        sum(s.patient_pays)::bigint AS patient_pays, sum(s.expected_aid)::bigint AS expected_aid
    FROM live_visits v JOIN settlements s ON s.county_code = v.county_code AND s.id = v.settlement_id
    WHERE v.county_code = :county_code AND v.person_no = ANY (:person_nos)
        AND v.last_day >= make_date(:year, 1, 1) AND v.last_day <= make_date(:year, 12, 31)
    GROUP BY v.person_no
""")


class OwnClaim(NamedTuple):
    """A settlement of somebody of the township, amounts in fen; the name is masked."""

    id: UUID
    person_no: str
    name: str
    hospital_code: str
    visit_no: str
    visit_type: str
    last_day: date
    settled_on: date
    total: int
    paid_total: int
    patient_pays: int
    expected_aid: int
    on_hold: bool


class YearOfPerson(NamedTuple):
    """How often a person was treated in a year, what they bore of it, and the aid that was expected (fen)."""

    visits: int
    patient_pays: int
    expected_aid: int


async def claims_of_township(
    tx: AsyncConnection,
    vault: Vault,
    county_code: str,
    township_code: str,
    *,
    expecting_aid: bool,
    after: UUID | None,
    rows: int,
) -> list[OwnClaim]:
    """Live settlements of a township's people, newest first; with `expecting_aid`, those that await approval."""
    scope = " AND s.expected_aid > 0" if expecting_aid else ""
    asked: dict[str, Any] = {"county_code": county_code, "township_code": township_code, "rows": rows}
    if after is not None:
        scope, asked = scope + " AND s.id < :after", asked | {"after": after}
    found = (await tx.execute(text(_OF_TOWNSHIP.format(scope=scope)), asked)).mappings()
    shown = [name for name in OwnClaim._fields if name != "name"]
    return [OwnClaim(name=mask_name(name_of(vault, row)), **{name: row[name] for name in shown}) for row in found]


async def years_of(
    tx: AsyncConnection, county_code: str, person_nos: Sequence[str], year: int
) -> dict[str, YearOfPerson]:
    """The year of each of these persons who was treated in it."""
    asked = {"county_code": county_code, "person_nos": list(person_nos), "year": year}
    found = await tx.execute(_YEARS, asked)
    return {row.person_no: YearOfPerson(row.visits, row.patient_pays, row.expected_aid) for row in found}
