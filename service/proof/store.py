"""What a proof reads: every row of a range of persons with all that hangs on it, in a few statements."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Any, Final, NamedTuple

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.proof.persons import Standing
from service.proof.replay import Kept

_IN_RANGE: Final = "t.county_code = :county_code AND t.person_no >= :first"
_BEFORE: Final = " AND t.person_no < :end"
_SETTLED: Final = """
    SELECT row_to_json(t) AS row, d.bill, d.trace,
        (SELECT json_agg(json_build_array(l.position, l.layer, l.payer, l.amount, l.way) ORDER BY l.position)
            FROM settlement_layers l WHERE l.county_code = t.county_code AND l.settlement_id = t.id) AS layers,
        (SELECT json_agg(row_to_json(a) ORDER BY a.position) FROM accumulator_entries a
            WHERE a.county_code = t.county_code AND a.settlement_id = t.id) AS entries,
        (SELECT row_to_json(e) FROM ledger_entries e WHERE e.county_code = t.county_code AND e.id = t.id) AS entry,
        (SELECT json_agg(row_to_json(p) ORDER BY p.position) FROM postings p
            WHERE p.county_code = t.county_code AND p.origin = t.id AND p.entry_id = t.id) AS postings
    FROM settlements t
    LEFT JOIN settlement_documents d ON d.county_code = t.county_code AND d.settlement_id = t.id
    WHERE {range} ORDER BY t.person_no, t.order_no, t.id
"""
_ROW: Final = text(_SETTLED.format(range="t.county_code = :county_code AND t.id = CAST(:id AS uuid)"))
_IDS: Final = "SELECT t.id::text FROM settlements t WHERE {range} ORDER BY t.order_no, t.id"
_PEOPLE: Final = " UNION ".join(
    f"SELECT t.person_no FROM {table} t WHERE {{range}}"
    for table in ("settlements", "accumulators", "person_orders", "live_visits")
)
_SUMS: Final = "SELECT t.person_no, t.period, t.name, t.value FROM accumulators t WHERE {range}"
_ORDERS: Final = "SELECT t.person_no, t.last_order FROM person_orders t WHERE {range}"
_LIVE: Final = "SELECT t.person_no, row_to_json(t) AS visit FROM live_visits t WHERE {range}"
_EDGES: Final = text("""
    SELECT person_no FROM (
        SELECT person_no,
            div(sum(count(*)) OVER (ORDER BY person_no) - count(*), :size) AS before,
            div(sum(count(*)) OVER (ORDER BY person_no), :size) AS after
        FROM settlements WHERE county_code = :county_code GROUP BY person_no) counted
    WHERE before <> after ORDER BY person_no
""")


class Range(NamedTuple):
    """Persons of a county from `first` on, up to and without `end`; None: to the last."""

    county_code: str
    first: str
    end: str | None

    def sql(self) -> str:
        return _IN_RANGE if self.end is None else _IN_RANGE + _BEFORE

    def values(self) -> dict[str, Any]:
        end = {} if self.end is None else {"end": self.end}
        return {"county_code": self.county_code, "first": self.first, **end}


async def ranges(tx: AsyncConnection, county_code: str, size: int) -> list[Range]:
    """The persons of a county in ranges of about `size` settlements, from the first possible to the last."""
    found = list(await tx.scalars(_EDGES, {"county_code": county_code, "size": size}))
    return [Range(county_code, str(first), end) for first, end in pairwise(["", *found, None])]


async def persons(tx: AsyncConnection, asked: Range) -> tuple[dict[str, list[Kept]], dict[str, Standing]]:
    """All rows of the persons of a range, by person; and what stands on record of them, by person."""
    rows = (await tx.execute(text(_SETTLED.format(range=asked.sql())), asked.values())).mappings().all()
    kept = {person: list(of) for person, of in groupby(_kept(rows), key=lambda one: str(one.row["person_no"]))}
    sums: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for person_no, period, name, value in await _read(tx, _SUMS, asked):
        sums[person_no][period, name] = value
    orders: dict[str, int] = dict(await _read(tx, _ORDERS, asked))
    live: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for person_no, visit in await _read(tx, _LIVE, asked):
        live[person_no].append(visit)
    known = sorted({*kept, *sums, *orders, *live})
    return kept, {one: Standing(sums.get(one, {}), orders.get(one), live.get(one, [])) for one in known}


async def people(tx: AsyncConnection, asked: Range) -> list[str]:
    """The persons of a range of whom anything is on record, in their order."""
    return [str(row[0]) for row in await _read(tx, f"{_PEOPLE} ORDER BY person_no", asked)]


async def ids(tx: AsyncConnection, asked: Range) -> list[str]:
    """The ids of the rows of the persons of a range."""
    return [str(row[0]) for row in await _read(tx, _IDS, asked)]


async def readable(tx: AsyncConnection, county_code: str, settlement_id: str) -> None:
    """Read one row with all that hangs on it, and raise whatever there is to raise."""
    (await tx.execute(_ROW, {"county_code": county_code, "id": settlement_id})).all()


async def _read(tx: AsyncConnection, statement: str, asked: Range) -> list[Any]:
    return list(await tx.execute(text(statement.format(range=asked.sql())), asked.values()))


def _kept(rows: Any) -> Iterator[Kept]:
    row: RowMapping
    for row in rows:
        yield Kept(
            row["row"],
            row["bill"],
            row["trace"],
            row["layers"] or [],
            row["entries"] or [],
            row["entry"],
            row["postings"] or [],
        )
