"""Which settlements a change of a person's identities touches, and what they would be with other identities."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims import records, trace
from service.claims.changes.versions import borne_by
from service.claims.changes.who_gets import share_out
from service.claims.model import Record
from service.claims.posting import ways
from service.claims.records import View
from service.policy.model import Packs
from service.settlement.model import Claim
from service.settlement.waterfall import settle

_TOUCHED = text("""
    SELECT DISTINCT v.settlement_id, v.person_no, v.last_day
    FROM unnest(CAST(:persons AS text[]), CAST(:firsts AS date[]), CAST(:lasts AS date[])) AS g (person, first, last)
    JOIN live_visits v ON v.county_code = :county_code AND v.person_no = g.person
        AND v.last_day >= coalesce(g.first, '-infinity') AND v.last_day <= coalesce(g.last, 'infinity')
""")


_WITHOUT_AGREEMENT = text("""
    SELECT v.settlement_id, v.person_no, v.last_day FROM live_visits v
    JOIN settlement_documents d ON d.county_code = v.county_code AND d.settlement_id = v.settlement_id
    WHERE v.county_code = :county_code AND v.hospital_code = :hospital_code
        AND v.last_day >= :first AND v.last_day <= coalesce(CAST(:last AS date), 'infinity')
        AND NOT CAST(d.trace -> 'claim' ->> 'agreement' AS boolean)
    ORDER BY v.settlement_id
""")


class Days(NamedTuple):
    """Days of one person, both ends included; None is open."""

    person_no: str
    first: date | None
    last: date | None


class Touched(NamedTuple):
    settlement_id: UUID
    person_no: str
    last_day: date


class Difference(NamedTuple):
    """What one payer would pay instead (fen), own sums only: later settlements are not followed."""

    layer: str
    payer: str
    way: str
    before: int
    after: int


async def touched_by(tx: AsyncConnection, county_code: str, days: Sequence[Days]) -> list[Touched]:
    """The live settlements whose last day is one of these days of their person."""
    if not days:
        return []
    asked = {
        "county_code": county_code,
        "persons": [each.person_no for each in days],
        "firsts": [each.first for each in days],
        "lasts": [each.last for each in days],
    }
    found = await tx.execute(_TOUCHED, asked)
    return [Touched(UUID(bytes=row.settlement_id.bytes), row.person_no, row.last_day) for row in found]


async def without_agreement(
    tx: AsyncConnection, county_code: str, hospital_code: str, first: date, last: date | None
) -> list[Touched]:
    """The live settlements of a hospital on these days that were made while no agreement was in force."""
    asked = {"county_code": county_code, "hospital_code": hospital_code, "first": first, "last": last}
    found = await tx.execute(_WITHOUT_AGREEMENT, asked)
    return [Touched(UUID(bytes=row.settlement_id.bytes), row.person_no, row.last_day) for row in found]


async def kept(tx: AsyncConnection, county_code: str, settlement_id: UUID) -> Record | None:
    """A settlement of a county as it was recorded."""
    return await records.find(tx, settlement_id, View(county_code))


def with_identities(record: Record, identities: frozenset[str], packs: Packs) -> list[Difference] | None:
    """What would differ had the person held these identities; None where the pack is not loaded any more."""
    claim = trace.claim_of(record.trace["claim"], record.bill)
    return redecided(record, replace(claim, situation=claim.situation._replace(identities=identities)), packs)


def with_agreement(record: Record, packs: Packs, *, in_force: bool) -> list[Difference] | None:
    """What would go another way had the insurer's agreement been in force, or not: by layer, payer and way."""
    claim = trace.claim_of(record.trace["claim"], record.bill)
    return redecided(record, replace(claim, agreement=in_force), packs)


def redecided(record: Record, claim: Claim, packs: Packs) -> list[Difference] | None:
    """The parts that differ when the kept claim is decided again as changed; a part is a layer, payer and way."""
    pack = packs.by_hash(record.pack_hash)
    if pack is None:
        return None
    decided = settle(claim, pack)
    if record.replaces is not None:
        # A later version is shared out by who had laid the money out, and so would the next one be.
        decided = share_out(decided, claim, borne_by(record)).settlement
    before = _parts(record.settlement.awards, on_hold=record.on_hold)
    after = _parts(decided.awards, on_hold=record.on_hold)
    return [
        Difference(layer, payer, way, before.get((layer, payer, way), 0), after.get((layer, payer, way), 0))
        for layer, payer, way in dict.fromkeys([*before, *after])
        if before.get((layer, payer, way), 0) != after.get((layer, payer, way), 0)
    ]


def _parts(awards: Any, *, on_hold: bool) -> dict[tuple[str, str, str], int]:
    return {(layer, payer, way): amount for layer, payer, amount, way in ways(awards, on_hold=on_hold)}
