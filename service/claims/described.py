"""What others may ask about settlements: enough to open the case, without names."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

_DESCRIBED: Final = text("""
    SELECT s.id, s.visit_no, s.interim_no, s.visit_type, s.person_no, s.admitted_on, s.last_day, s.total, s.identities,
        s.settled_on, (SELECT json_agg(json_build_array(l.layer, l.payer, l.amount) ORDER BY l.position)
            FROM settlement_layers l WHERE l.county_code = s.county_code AND l.settlement_id = s.id) AS layers
    FROM settlements s WHERE s.county_code = :county_code AND s.id = ANY (CAST(:ids AS uuid[]))
""")

_OF_VISITS: Final = text("""
    SELECT visit_no, interim_no, id FROM settlements
    WHERE hospital_code = :hospital_code AND county_code = :county_code AND kind = 'settlement' AND version = 1
        AND visit_no = ANY (:visit_nos)
    ORDER BY interim_no, id DESC
""")


class Described(NamedTuple):
    """A settlement as its payers know it. Amounts in fen; layers in order, each with its payer."""

    visit_no: str
    interim_no: int
    visit_type: str
    person_no: str
    admitted_on: date
    last_day: date
    total: int
    identities: list[str]
    settled_on: date
    layers: list[tuple[str, str, int]]


async def described(tx: AsyncConnection, county_code: str, ids: Sequence[UUID]) -> dict[UUID, Described]:
    """The settlements of a county, reversals among them, by id."""
    found = await tx.execute(_DESCRIBED, {"county_code": county_code, "ids": list(ids)})
    return {row["id"]: _described(row) for row in found.mappings()}


def _described(row: RowMapping) -> Described:
    named = {name: row[name] for name in Described._fields if name != "layers"}
    return Described(**named, layers=[(layer, payer, amount) for layer, payer, amount in row["layers"] or ()])


async def settlements_of_visits(
    tx: AsyncConnection, hospital_code: str, county_code: str, visit_nos: Sequence[str]
) -> dict[str, list[UUID]]:
    """
    The cases of each visit of a hospital; a part of a stay by "visit/part". More than one where it was reversed and
    settled anew: the newest first.
    """
    found = await tx.execute(
        _OF_VISITS, {"hospital_code": hospital_code, "county_code": county_code, "visit_nos": list(visit_nos)}
    )
    known: dict[str, list[UUID]] = {}
    parts: dict[str, int] = {}
    for visit_no, interim_no, settlement_id in found:
        known.setdefault(f"{visit_no}/{interim_no}", []).append(settlement_id)
        if parts.setdefault(visit_no, interim_no) == interim_no:
            known.setdefault(visit_no, []).append(settlement_id)
    return known
