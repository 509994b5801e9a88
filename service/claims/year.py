"""A person's year as other rooms ask about it: the running sums, and whether anything is settled."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_SUMS: Final = text("""
    SELECT period, name, value FROM accumulators
    WHERE county_code = :county_code AND person_no = :person_no AND period = ANY (CAST(:periods AS text[]))
""")
_TAKE_TURN: Final = text("""
    INSERT INTO person_orders AS o (county_code, person_no, last_order) VALUES (:county_code, :person_no, 0)
    ON CONFLICT (county_code, person_no) DO UPDATE SET last_order = o.last_order
""")
_TAKE_TURNS: Final = text("""
    INSERT INTO person_orders AS o (county_code, person_no, last_order)
    SELECT :county_code, person_no, 0 FROM unnest(CAST(:person_nos AS text[])) WITH ORDINALITY given (person_no, place)
    ORDER BY place
    ON CONFLICT (county_code, person_no) DO UPDATE SET last_order = o.last_order
""")
_HAS_LIVE: Final = text(
    "SELECT EXISTS (SELECT FROM live_visits WHERE county_code = :county_code AND person_no = :person_no)"
)


async def sums_of(
    tx: AsyncConnection, county_code: str, person_no: str, periods: Sequence[str]
) -> dict[tuple[str, str], int]:
    """A person's running sums (fen) of these periods: benefit years, or months of a disease's deductible."""
    asked = {"county_code": county_code, "person_no": person_no, "periods": list(periods)}
    return {(row.period, row.name): row.value for row in await tx.execute(_SUMS, asked)}


async def take_turn(tx: AsyncConnection, county_code: str, person_no: str) -> None:
    """Let no settlement of a person be made or changed by anybody else until this transaction ends."""
    await tx.execute(_TAKE_TURN, {"county_code": county_code, "person_no": person_no})


async def take_turns(tx: AsyncConnection, county_code: str, person_nos: Sequence[str]) -> None:
    """As `take_turn`, for many persons, always in the same order: two who want the same ones cannot wait in a ring."""
    await tx.execute(_TAKE_TURNS, {"county_code": county_code, "person_nos": sorted(set(person_nos))})


async def has_settlements(tx: AsyncConnection, county_code: str, person_no: str) -> bool:
    """Whether a person has a live settlement. Takes the person's turn: none can be made until this one ends."""
    await take_turn(tx, county_code, person_no)
    return bool(await tx.scalar(_HAS_LIVE, {"county_code": county_code, "person_no": person_no}))


class Totals(NamedTuple):
    """What a person's visits of a year cost and who paid it (fen), each as its live version says."""

    visits: int
    total: int
    paid_total: int
    hospital_bears: int
    patient_pays: int
    layers: dict[str, int]


_TOTALS: Final = text("""
    WITH visits AS (
        SELECT s.id, s.total, s.paid_total, s.hospital_bears, s.patient_pays
        FROM live_visits v JOIN settlements s ON s.county_code = v.county_code AND s.id = v.settlement_id
        WHERE v.county_code = :county_code AND v.person_no = :person_no
            AND v.last_day >= make_date(:year, 1, 1) AND v.last_day <= make_date(:year, 12, 31)
    ), layers AS (
        SELECT l.layer, sum(l.amount)::bigint AS amount FROM settlement_layers l
        WHERE l.county_code = :county_code AND l.settlement_id IN (SELECT id FROM visits) GROUP BY l.layer
    )
    SELECT count(*)::int AS visits,
        coalesce(sum(total), 0)::bigint AS total, coalesce(sum(paid_total), 0)::bigint AS paid_total,
        coalesce(sum(hospital_bears), 0)::bigint AS hospital_bears,
        coalesce(sum(patient_pays), 0)::bigint AS patient_pays,
        (SELECT json_object_agg(layer, amount) FROM layers) AS layers
    FROM visits
""")


async def totals_of_year(tx: AsyncConnection, county_code: str, person_no: str, year: int) -> Totals:
    """What a person's visits of a benefit year cost, and what each layer paid of it."""
    asked = {"county_code": county_code, "person_no": person_no, "year": year}
    row = (await tx.execute(_TOTALS, asked)).one()
    return Totals(row.visits, row.total, row.paid_total, row.hospital_bears, row.patient_pays, row.layers or {})
