"""Every statement about bulk re-adjudications. Values in, values out; never commits."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims.model import Cause
from service.corrections.bulk.model import (
    Outcome,
    Paying,
    Phase,
    Readjudication,
    Row,
    Selection,
    Summary,
)
from service.corrections.bulk.tables import readjudication_persons, readjudication_rows, readjudications

LARGEST: Final = 20
_DONE_AT: Final = {Phase.PREVIEW: "previewed_at", Phase.RUN: "done_at"}
_COLUMNS: Final = ", ".join(Row._fields)
_FOUND: Final = """
    SELECT r.*, p.persons, p.previewed, p.done FROM readjudications r CROSS JOIN LATERAL (
        SELECT count(*) AS persons, count(previewed_at) AS previewed, count(done_at) AS done
        FROM readjudication_persons p WHERE p.county_code = r.county_code AND p.readjudication_id = r.id) p
    WHERE r.county_code = :county_code {where} ORDER BY r.id DESC LIMIT :limit {lock}
"""
_BEGUN: Final = text("""
    SELECT *, 0 AS persons, 0 AS previewed, 0 AS done FROM readjudications WHERE county_code = :county_code AND id = :id
""")
# The turn of a person is taken without waiting: several processes may work on one re-adjudication.
_TAKE: Final = {
    phase: text(f"""
    SELECT person_no FROM readjudication_persons
    WHERE county_code = :county_code AND readjudication_id = :id AND {column} IS NULL
    ORDER BY person_no LIMIT 1 FOR UPDATE SKIP LOCKED
""")
    for phase, column in _DONE_AT.items()
}
_UNFINISHED: Final = text("""
    SELECT r.id FROM readjudications r
    WHERE r.county_code = :county_code AND r.withdrawn_at IS NULL AND EXISTS (
        SELECT FROM readjudication_persons p WHERE p.county_code = r.county_code AND p.readjudication_id = r.id
            AND (p.previewed_at IS NULL OR (r.approved_at IS NOT NULL AND p.done_at IS NULL)))
    ORDER BY r.approved_at NULLS LAST, r.id LIMIT 1
""")
# What nobody has approved yet waits for a person, not for the server.
_RESTS: Final = text("""
    SELECT r.county_code, r.id, greatest(r.at, r.approved_at, p.last) AS since FROM readjudications r
    CROSS JOIN LATERAL (SELECT greatest(max(previewed_at), max(done_at)) AS last,
            bool_or(previewed_at IS NULL OR (r.approved_at IS NOT NULL AND done_at IS NULL)) AS open
        FROM readjudication_persons p WHERE p.county_code = r.county_code AND p.readjudication_id = r.id) p
    WHERE r.county_code = ANY (:county_codes) AND r.withdrawn_at IS NULL AND p.open
""")
_OF_PHASE: Final = "county_code = :county_code AND readjudication_id = :id AND phase = :phase"
_OUTCOMES: Final = text(f"SELECT outcome, count(*) AS n FROM readjudication_rows WHERE {_OF_PHASE} GROUP BY outcome")
_PAYERS: Final = text(f"""
    SELECT d ->> 1 AS payer, d ->> 0 AS layer, sum((d ->> 3)::bigint)::bigint AS amount
    FROM readjudication_rows CROSS JOIN LATERAL jsonb_array_elements(differences) d
    WHERE {_OF_PHASE} GROUP BY 1, 2 ORDER BY 1, 2
""")
_PATIENTS: Final = text(f"""
    SELECT count(*) FILTER (WHERE more > 0) AS more, coalesce(sum(more) FILTER (WHERE more > 0), 0)::bigint AS more_fen,
        count(*) FILTER (WHERE more < 0) AS less, coalesce(-sum(more) FILTER (WHERE more < 0), 0)::bigint AS less_fen
    FROM (SELECT sum(patient) AS more FROM readjudication_rows WHERE {_OF_PHASE} GROUP BY person_no) p
""")
_LARGEST: Final = text(f"""
    SELECT {_COLUMNS} FROM readjudication_rows WHERE {_OF_PHASE} AND outcome IN ('changed', 'chained')
    ORDER BY moved DESC, abs(patient) DESC, settlement_id LIMIT :limit
""")
_ROWS: Final = text(f"""
    SELECT {_COLUMNS} FROM readjudication_rows
    WHERE {_OF_PHASE} AND (CAST(:after AS uuid) IS NULL OR settlement_id > :after) ORDER BY settlement_id LIMIT :limit
""")


async def add(tx: AsyncConnection, made: Readjudication, persons: Sequence[str]) -> None:
    """Keep a new re-adjudication with the persons to go through."""
    row = {name: value for name, value in asdict(made).items() if name in readjudications.c}
    row["selection"] = {name: value for name, value in asdict(made.selection).items() if value is not None}
    await tx.execute(insert(readjudications).values(row))
    key = {"county_code": made.county_code, "readjudication_id": made.id}
    if persons:
        await tx.execute(insert(readjudication_persons), [key | {"person_no": one} for one in persons])


async def listed(
    tx: AsyncConnection, county_code: str, *, after: UUID | None = None, limit: int
) -> list[Readjudication]:
    """The re-adjudications of a county, newest first."""
    where = "AND r.id < :after" if after is not None else ""
    asked = {"county_code": county_code, "limit": limit, **({"after": after} if after is not None else {})}
    return [_made(row) for row in (await tx.execute(text(_FOUND.format(where=where, lock="")), asked)).mappings()]


async def find(
    tx: AsyncConnection, county_code: str, readjudication_id: UUID, *, lock: bool = False
) -> Readjudication | None:
    """One re-adjudication; with `lock`, nobody else approves or withdraws it meanwhile."""
    query = text(_FOUND.format(where="AND r.id = :id", lock="FOR UPDATE OF r" if lock else ""))
    found = await tx.execute(query, {"county_code": county_code, "id": readjudication_id, "limit": 1})
    row = found.mappings().one_or_none()
    return _made(row) if row is not None else None


async def begun(tx: AsyncConnection, county_code: str, readjudication_id: UUID) -> Readjudication | None:
    """As `find`, for each step of the work: how far it is, is not counted."""
    found = await tx.execute(_BEGUN, {"county_code": county_code, "id": readjudication_id})
    row = found.mappings().one_or_none()
    return _made(row) if row is not None else None


async def of_amendment(tx: AsyncConnection, county_code: str, amendment_id: UUID) -> Readjudication | None:
    """The re-adjudication that shows what an amendment costs."""
    query = text(_FOUND.format(where="AND r.amendment_id = :id", lock=""))
    found = await tx.execute(query, {"county_code": county_code, "id": amendment_id, "limit": 1})
    row = found.mappings().one_or_none()
    return _made(row) if row is not None else None


async def resting(tx: AsyncConnection, county_codes: Sequence[str]) -> list[tuple[str, UUID, datetime]]:
    """County and id of each one that the server has to go on with, and when it last did."""
    rows = await tx.execute(_RESTS, {"county_codes": list(county_codes)})
    return [(row.county_code, row.id, row.since) for row in rows]


async def approve(tx: AsyncConnection, made: Readjudication, client_id: str, operator: str, at: datetime) -> None:
    """Let it be done."""
    values = {"approved_by": operator, "approved_client_id": client_id, "approved_at": at}
    await tx.execute(update(readjudications).where(*_same(made)).values(values))


async def withdraw(tx: AsyncConnection, made: Readjudication, operator: str, at: datetime) -> None:
    """Let it never be done."""
    values = {"withdrawn_by": operator, "withdrawn_at": at}
    await tx.execute(update(readjudications).where(*_same(made)).values(values))


async def take(tx: AsyncConnection, made: Readjudication, phase: Phase) -> str | None:
    """A person who is still to be gone through and whom nobody works on, held until the transaction ends."""
    person_no: str | None = await tx.scalar(_TAKE[phase], {"county_code": made.county_code, "id": made.id})
    return person_no


async def finish(
    tx: AsyncConnection, made: Readjudication, phase: Phase, person_no: str, rows: Sequence[Row], at: datetime
) -> None:
    """Keep what came of a person's settlements, and that the person is done."""
    key = {"county_code": made.county_code, "readjudication_id": made.id}
    c = readjudication_persons.c
    mine = (c.county_code == made.county_code, c.readjudication_id == made.id, c.person_no == person_no)
    await tx.execute(update(readjudication_persons).where(*mine).values({_DONE_AT[phase]: at}))
    if rows:
        kept = [key | {"phase": phase.value} | row._asdict() for row in rows]
        await tx.execute(insert(readjudication_rows), kept)


async def unfinished(tx: AsyncConnection, county_code: str) -> UUID | None:
    """A re-adjudication of which there is something to do, those that are approved first."""
    found: UUID | None = await tx.scalar(_UNFINISHED, {"county_code": county_code})
    return found


async def summary(tx: AsyncConnection, made: Readjudication, phase: Phase) -> Summary:
    """What a phase has come to so far."""
    asked = {"county_code": made.county_code, "id": made.id, "phase": phase.value}
    patients = (await tx.execute(_PATIENTS, asked)).one()
    largest = await tx.execute(_LARGEST, asked | {"limit": LARGEST})
    return Summary(
        {Outcome(row.outcome): row.n for row in await tx.execute(_OUTCOMES, asked)},
        [(row.payer, row.layer, row.amount) for row in await tx.execute(_PAYERS, asked) if row.amount],
        Paying(patients.more, patients.more_fen),
        Paying(patients.less, patients.less_fen),
        [_row(row) for row in largest.mappings()],
    )


async def rows(tx: AsyncConnection, made: Readjudication, phase: Phase, *, after: UUID | None, limit: int) -> list[Row]:
    """What came of each settlement, page by page."""
    asked = {"county_code": made.county_code, "id": made.id, "phase": phase.value, "after": after, "limit": limit}
    return [_row(row) for row in (await tx.execute(_ROWS, asked)).mappings()]


def _same(made: Readjudication) -> tuple[Any, ...]:
    return readjudications.c.county_code == made.county_code, readjudications.c.id == made.id


def _made(row: RowMapping) -> Readjudication:
    kept = dict(row["selection"])
    for name, read in (("first", date.fromisoformat), ("last", date.fromisoformat), ("roster_id", UUID)):
        if name in kept:
            kept[name] = read(kept[name])
    values = {field.name: row[field.name] for field in fields(Readjudication)}
    return Readjudication(**values | {"selection": Selection(**kept), "cause": Cause(row["cause"])})


def _row(row: RowMapping) -> Row:
    return Row(**{**row, "outcome": Outcome(row["outcome"])})
