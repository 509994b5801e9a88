"""All SQL on uploaded catalogues."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CTE, column, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.clock import COUNTY_ZONE
from service.registers.catalogue.imports.tables import (
    catalogue_import_changes,
    catalogue_import_rows,
    catalogue_imports,
)
from service.registers.entries import CatalogueTerms
from service.registers.periods import Dated
from service.registers.rosters.model import Fault


@dataclass(frozen=True, slots=True)
class Counts:
    rows: int = 0
    unchanged: int = 0
    added: int = 0
    changed: int = 0
    ended: int = 0
    rejected: int = 0
    unidentified: int = 0


@dataclass(frozen=True, slots=True)
class Import:
    """An uploaded catalogue."""

    id: UUID
    county_code: str
    kind: str
    as_of: date
    filename: str
    header: list[str]
    counts: Counts
    uploaded_at: datetime
    uploaded_by: str
    applied_at: datetime | None = None
    applied_by: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What the file does to one item: rows to supersede and terms to add."""

    kind: str
    item_code: str
    row_no: int | None
    superseded: list[int]
    added: list[Dated[CatalogueTerms]]


@dataclass(frozen=True, slots=True)
class Rejected:
    row_no: int
    cells: list[str]
    faults: list[Fault]


_ABSENT: Final = text("""
SELECT DISTINCT item_code FROM catalogue_items
WHERE county_code = :county_code AND superseded_at IS NULL AND (upper(valid) > :as_of) IS NOT FALSE
    AND item_code <> ALL (CAST(:listed AS text[]))
ORDER BY 1
""")


async def keep(tx: AsyncConnection, made: Import, content_hash: bytes) -> None:
    """Keep an import as found, or as found again."""
    values = asdict(made) | {"counts": asdict(made.counts), "content_hash": content_hash}
    mine = (catalogue_imports.c.county_code == made.county_code, catalogue_imports.c.id == made.id)
    known = await tx.scalar(select(func.count()).where(*mine))
    statement = update(catalogue_imports).where(*mine) if known else insert(catalogue_imports)
    await tx.execute(statement.values(**values))


async def set_applied(tx: AsyncConnection, made: Import) -> None:
    mine = (catalogue_imports.c.county_code == made.county_code, catalogue_imports.c.id == made.id)
    await tx.execute(
        update(catalogue_imports).where(*mine).values(applied_at=made.applied_at, applied_by=made.applied_by)
    )


async def clear(tx: AsyncConnection, county_code: str, import_id: UUID) -> None:
    """Take back what was found, to find it anew."""
    for table in (catalogue_import_rows, catalogue_import_changes):
        await tx.execute(delete(table).where(table.c.county_code == county_code, table.c.import_id == import_id))


async def find(tx: AsyncConnection, county_code: str, **by: Any) -> Import | None:
    """An import by its id or content hash."""
    c = catalogue_imports.c
    query = select(catalogue_imports).where(c.county_code == county_code, *(c[name] == by[name] for name in by))
    row = (await tx.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    plain = {name: row[name] for name in Import.__dataclass_fields__}
    instants = {name: row[name] and row[name].astimezone(COUNTY_ZONE) for name in ("uploaded_at", "applied_at")}
    return Import(**plain | instants | {"id": UUID(bytes=row["id"].bytes), "counts": Counts(**row["counts"])})


async def add_rejected(tx: AsyncConnection, county_code: str, import_id: UUID, rows: Sequence[Rejected]) -> None:
    if rows:
        key = {"county_code": county_code, "import_id": import_id}
        await tx.execute(insert(catalogue_import_rows), [key | asdict(row) for row in rows])


async def add_changes(
    tx: AsyncConnection, county_code: str, import_id: UUID, after: int, changes: Sequence[Change]
) -> None:
    if changes:
        key = {"county_code": county_code, "import_id": import_id}
        rows = [
            key | {"position": at, **asdict(each), "added": [_json(fact) for fact in each.added]}
            for at, each in enumerate(changes, after + 1)
        ]
        await tx.execute(insert(catalogue_import_changes), rows)


async def changes_of(
    tx: AsyncConnection, made: Import, kind: str | None, after: int, rows: int
) -> list[tuple[int, Change]]:
    c = catalogue_import_changes.c
    query = (
        select(catalogue_import_changes)
        .where(c.county_code == made.county_code, c.import_id == made.id, c.position > after)
        .order_by(c.position)
        .limit(rows)
    )
    if kind is not None:
        query = query.where(c.kind == kind)
    return [
        (
            row["position"],
            Change(
                row["kind"], row["item_code"], row["row_no"], row["superseded"], [_fact(one) for one in row["added"]]
            ),
        )
        for row in (await tx.execute(query)).mappings()
    ]


async def rejected_of(tx: AsyncConnection, made: Import, after: int, rows: int) -> list[Rejected]:
    c = catalogue_import_rows.c
    query = (
        select(c.row_no, c.cells, c.faults)
        .where(c.county_code == made.county_code, c.import_id == made.id, c.row_no > after)
        .order_by(c.row_no)
        .limit(rows)
    )
    found = (await tx.execute(query)).mappings()
    return [Rejected(row["row_no"], row["cells"], [Fault(**each) for each in row["faults"]]) for row in found]


async def absent(tx: AsyncConnection, county_code: str, as_of: date, listed: Sequence[str]) -> list[str]:
    """Items with terms on or after a day that are not among those listed."""
    asked = {"county_code": county_code, "as_of": as_of, "listed": list(listed)}
    return list(await tx.scalars(_ABSENT, asked))


def _json(fact: Dated[CatalogueTerms]) -> list[Any]:
    days = (fact.valid_from, fact.valid_to)
    return [asdict(fact.what), *(day.isoformat() if day else None for day in days)]


def _fact(kept: list[Any]) -> Dated[CatalogueTerms]:
    first, last = (date.fromisoformat(day) if day else None for day in kept[1:])
    return Dated(CatalogueTerms(**kept[0]), first, last)


_CHANGED_TERMS: Final = text("""
SELECT c.item_code, daterange(CAST(fact ->> 1 AS date), CAST(fact ->> 2 AS date), '[]') AS days, fact -> 0 AS terms
FROM catalogue_import_changes c CROSS JOIN LATERAL jsonb_array_elements(c.added) fact
WHERE c.county_code = :import_county AND c.import_id = :import_id
UNION ALL
SELECT c.item_code, unnest(before.days - coalesce(after.days, '{}')), NULL
FROM catalogue_import_changes c
CROSS JOIN LATERAL (
    SELECT range_agg(i.valid) AS days FROM catalogue_items i
    WHERE i.county_code = c.county_code AND i.id = ANY (c.superseded)
) before
CROSS JOIN LATERAL (
    SELECT range_agg(daterange(CAST(fact ->> 1 AS date), CAST(fact ->> 2 AS date), '[]')) AS days
    FROM jsonb_array_elements(c.added) fact
) after
WHERE c.county_code = :import_county AND c.import_id = :import_id
""")


def changed_terms(made: Import) -> CTE:
    """Items, days and the terms that they have on these days afterwards; null: none any more. To be joined."""
    asked = _CHANGED_TERMS.bindparams(import_county=made.county_code, import_id=made.id)
    return asked.columns(column("item_code"), column("days"), column("terms")).cte("changed")
