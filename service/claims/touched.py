"""Which settlements a change of a person's identities touches, and what they would be with other identities."""

from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, Subquery, exists, func, literal, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims import records, trace
from service.claims.changes.versions import borne_by
from service.claims.changes.who_gets import share_out
from service.claims.decide import agreement_of
from service.claims.model import Record
from service.claims.posting import ways
from service.claims.records import View
from service.claims.tables import settlements
from service.claims.visits.tables import live_visits
from service.policy.model import Packs
from service.settlement.model import Claim
from service.settlement.waterfall import settle

_AT_HOSPITAL = text("""
    SELECT v.settlement_id, v.last_day, d.trace -> 'facts' -> 'agreements' AS agreements FROM live_visits v
    JOIN settlement_documents d ON d.county_code = v.county_code AND d.settlement_id = v.settlement_id
    WHERE v.county_code = :county_code AND v.hospital_code = :hospital_code
        AND v.last_day >= :first AND v.last_day <= coalesce(CAST(:last AS date), 'infinity')
    ORDER BY v.settlement_id
""")


class Touched(NamedTuple):
    settlement_id: UUID
    person_no: str
    last_day: date


class MadeUnder(NamedTuple):
    """A settlement and the insurers of the agreements that were in force for it."""

    settlement_id: UUID
    last_day: date
    insurers: frozenset[str]


class Difference(NamedTuple):
    """What one payer would pay instead (fen), own sums only: later settlements are not followed."""

    layer: str
    payer: str
    way: str
    before: int
    after: int


def _touched(county_code: str, changes: Subquery) -> Select[Any]:
    """
    The live settlements on days on which what a person holds changes, that were not made with what holds afterwards.

    `changes` has `person_no`, `identity_class`, `days` and `facts`, the periods held afterwards among those days.
    """
    v, s, c = live_visits.c, settlements.c, changes.c
    fact = func.unnest(c.facts).column_valued("fact")
    held_after = exists(select(literal(1)).where(fact.op("@>")(v.last_day)).correlate(changes, live_visits))
    return (
        select(v.settlement_id, v.person_no, v.last_day)
        .distinct()
        .select_from(changes)
        .join(live_visits, (v.county_code == county_code) & (v.person_no == c.person_no))
        .join(settlements, (s.county_code == v.county_code) & (s.id == v.settlement_id))
        .where(c.days.op("@>")(v.last_day), s.identities.has_key(c.identity_class) != held_after)
    )


async def touched_by(
    tx: AsyncConnection, county_code: str, changes: Subquery, *, after: UUID | None, rows: int | None
) -> list[Touched]:
    """The live settlements that changes of identities touch, oldest first (`_touched`); `rows` None: all."""
    query = _touched(county_code, changes).order_by(live_visits.c.settlement_id).limit(rows)
    if after is not None:
        query = query.where(live_visits.c.settlement_id > after)
    found = await tx.execute(query)
    return [Touched(UUID(bytes=row.settlement_id.bytes), row.person_no, row.last_day) for row in found]


async def count_touched(tx: AsyncConnection, county_code: str, changes: Subquery) -> int:
    """How many live settlements changes of identities touch."""
    return int(await tx.scalar(select(func.count()).select_from(_touched(county_code, changes).subquery())) or 0)


async def made_under(
    tx: AsyncConnection, county_code: str, hospital_code: str, first: date, last: date | None
) -> list[MadeUnder]:
    """The live settlements of a hospital on these days, with the agreements that each found in force."""
    asked = {"county_code": county_code, "hospital_code": hospital_code, "first": first, "last": last}
    return [
        MadeUnder(
            UUID(bytes=row.settlement_id.bytes), row.last_day, frozenset(each["insurer"] for each in row.agreements)
        )
        for row in await tx.execute(_AT_HOSPITAL, asked)
    ]


async def kept(tx: AsyncConnection, county_code: str, settlement_id: UUID) -> Record | None:
    """A settlement of a county as it was recorded."""
    return await records.find(tx, settlement_id, View(county_code))


def with_identities(record: Record, identities: frozenset[str], packs: Packs) -> list[Difference] | None:
    """What would differ had the person held these identities; None where the pack is not loaded any more."""
    claim = trace.claim_of(record.trace["claim"], record.bill)
    return redecided(record, replace(claim, situation=claim.situation._replace(identities=identities)), packs)


def with_agreements(record: Record, insurers: frozenset[str], packs: Packs) -> list[Difference] | None:
    """What would go another way had the agreements of these insurers been in force: by layer, payer and way."""
    pack = packs.by_hash(record.pack_hash)
    if pack is None:
        return None
    claim = trace.claim_of(record.trace["claim"], record.bill)
    return redecided(record, replace(claim, agreement=agreement_of(pack, insurers)), packs)


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
