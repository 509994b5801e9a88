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

_PERSONS: Final = text("""
    SELECT DISTINCT person_no FROM settlements
    WHERE county_code = :county_code AND id = ANY (CAST(:ids AS uuid[])) ORDER BY person_no
""")

_OF_VISITS: Final = text("""
    SELECT s.visit_no, s.interim_no, s.id FROM unnest(CAST(:visit_nos AS text[])) AS asked (visit_no)
    JOIN settlements s ON s.visit_no = asked.visit_no
    WHERE s.hospital_code = :hospital_code AND s.county_code = :county_code AND s.kind = 'settlement' AND s.version = 1
    ORDER BY s.interim_no, s.id
""")

_FUNDS: Final = text("""
    SELECT s.id, (s.total - s.hospital_bears - s.due_at_discharge
        - coalesce(o.total - o.hospital_bears - o.due_at_discharge, 0))::bigint AS funds
    FROM settlements s LEFT JOIN settlements o ON o.county_code = s.county_code AND o.id = s.replaces
    WHERE s.county_code = :county_code AND s.id = ANY (CAST(:ids AS uuid[]))
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


async def persons_of(tx: AsyncConnection, county_code: str, ids: Sequence[UUID]) -> Sequence[str]:
    """The numbers of whoever these settlements of a county are about, each once."""
    return (await tx.scalars(_PERSONS, {"county_code": county_code, "ids": list(ids)})).all()


def _described(row: RowMapping) -> Described:
    named = {name: row[name] for name in Described._fields if name != "layers"}
    return Described(**named, layers=[(layer, payer, amount) for layer, payer, amount in row["layers"] or ()])


async def settlements_of_visits(
    tx: AsyncConnection, hospital_code: str, county_code: str, visit_nos: Sequence[str]
) -> dict[str, list[UUID]]:
    """
    The first version of what was settled of each visit of a hospital, oldest first: more than one where a visit was
    reversed and settled anew. A part of a stay is there as "visit/part"; the visit alone means its last part.
    """
    found = await tx.execute(
        _OF_VISITS, {"hospital_code": hospital_code, "county_code": county_code, "visit_nos": list(visit_nos)}
    )
    known: dict[str, list[UUID]] = {}
    for visit_no, interim_no, settlement_id in found:
        known.setdefault(f"{visit_no}/{interim_no}", []).append(settlement_id)
    for part in list(known):
        known.setdefault(part.rpartition("/")[0], known[part])
    return known


async def fund_sums(tx: AsyncConnection, county_code: str, ids: Sequence[UUID]) -> dict[UUID, int]:
    """
    What all funds together pay at the counter (基金支付总额, `fund_pay_sumamt`) of settlements and reversals, in fen:
    the total less what the hospital bears and what is due at discharge. Of a later version, what it changes of it.
    """
    found = await tx.execute(_FUNDS, {"county_code": county_code, "ids": list(ids)})
    return {row.id: row.funds for row in found}
