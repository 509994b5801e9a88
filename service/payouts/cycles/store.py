"""All SQL on cycles. Everything is asked within a county."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.ids import first_id
from service.payouts.cycles.model import Figures, Line, OfPerson, Visit, figures, persons_of
from service.payouts.tables import cycle_lines, cycle_runs
from service.policy.cycles import Cycle, CycleTerms

Row = dict[str, Any]
# A visit on hold counts once it is known who is liable: until then nothing is paid of it.
_COUNTS: Final = """
    s.county_code = :county_code AND s.visit_type = 'chronic_outpatient' AND NOT s.on_hold
    AND s.last_day BETWEEN :start AND :counts_to AND jsonb_exists_any(s.identities, CAST(:identities AS text[]))
"""
_LIVE: Final = """
    settlements s JOIN live_visits v ON v.hospital_code = s.hospital_code AND v.visit_no = s.visit_no
        AND v.interim_no = s.interim_no AND v.county_code = s.county_code AND v.settlement_id = s.id
"""
_PERSONS: Final = text(f"""
    SELECT person_no FROM (
        SELECT s.person_no FROM {_LIVE} WHERE {_COUNTS} AND s.person_no > :after
        UNION
        SELECT person_no FROM cycle_lines
        WHERE county_code = :county_code AND cycle_start = :start AND person_no > :after) found
    ORDER BY person_no LIMIT :limit
""")
_VISITS: Final = text(f"""
    SELECT s.person_no, s.id, s.last_day, s.disease_code, s.total, s.total - s.patient_pays AS reimbursed
    FROM {_LIVE} WHERE {_COUNTS} AND s.person_no = ANY (:person_nos) ORDER BY s.person_no, s.last_day, s.id
""")
_LINES: Final = text("""
    SELECT DISTINCT ON (l.person_no) l.*, (SELECT f.id FROM cycle_lines f WHERE f.county_code = l.county_code
        AND f.cycle_start = l.cycle_start AND f.person_no = l.person_no AND f.serial = 1) AS case_id
    FROM cycle_lines l WHERE l.county_code = :county_code AND l.cycle_start = :start AND l.person_no = ANY (:person_nos)
    ORDER BY l.person_no, l.serial DESC
""")
_TOWNSHIPS: Final = text(
    "SELECT person_no, township_code FROM persons WHERE county_code = :county_code AND person_no = ANY (:person_nos)"
)
_UNFINISHED: Final = text("""
    SELECT * FROM cycle_runs WHERE county_code = :county_code AND cycle_start = :start AND finished_at IS NULL
    ORDER BY id LIMIT 1
""")
_RESTS: Final = text("""
    SELECT county_code, cycle_start, min(at) AS since FROM cycle_runs
    WHERE county_code = ANY (:county_codes) AND finished_at IS NULL GROUP BY 1, 2
""")
_HISTORY: Final = text("""
    SELECT l.*, r.at AS run_at FROM cycle_lines l JOIN cycle_runs r ON r.county_code = l.county_code AND r.id = l.run_id
    WHERE l.county_code = :county_code AND l.cycle_start = :start AND l.person_no = :person_no ORDER BY l.serial
""")
_CHANGED: Final = text("""
    SELECT EXISTS (SELECT FROM settlements s WHERE s.county_code = :county_code AND s.id >= CAST(:since AS uuid)
        AND s.visit_type = 'chronic_outpatient' AND s.last_day BETWEEN :start AND :counts_to
        AND (s.reversal_of IS NOT NULL OR s.replaces IS NOT NULL
            OR jsonb_exists_any(s.identities, CAST(:identities AS text[]))))
""")
_SWEPT: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('cycle/' || :county_code || :start, 0))")


async def take_turn(tx: AsyncConnection, county_code: str, start: date) -> None:
    """Let no other run of the cycle begin until this transaction ends."""
    await tx.execute(_SWEPT, {"county_code": county_code, "start": start.isoformat()})


async def persons_after(
    tx: AsyncConnection, county_code: str, cycle: Cycle, terms: CycleTerms, after: str, limit: int
) -> list[str]:
    """The next persons with visits that count, or with lines of the cycle."""
    asked = _asked(county_code, cycle, terms) | {"after": after, "limit": limit}
    return list(await tx.scalars(_PERSONS, asked))


async def of_persons(
    tx: AsyncConnection, county_code: str, cycle: Cycle, terms: CycleTerms, person_nos: Sequence[str]
) -> list[OfPerson]:
    """What the cycle of these persons comes to, by what is settled now."""
    asked = _asked(county_code, cycle, terms) | {"person_nos": list(person_nos)}
    rows = await tx.execute(_VISITS, asked)
    visits = persons_of(((row.person_no, Visit(*row[1:])) for row in rows), person_nos)
    plain = {"county_code": county_code, "person_nos": list(person_nos)}
    townships = {row.person_no: row.township_code for row in await tx.execute(_TOWNSHIPS, plain)}
    before = await lines_of(tx, county_code, cycle.start, person_nos)
    return [
        OfPerson(
            person_no,
            townships.get(person_no),
            visits[person_no],
            figures(visits[person_no], terms.floor),
            before.get(person_no),
        )
        for person_no in person_nos
    ]


def _asked(county_code: str, cycle: Cycle, terms: CycleTerms) -> Row:
    return {
        "county_code": county_code,
        "start": cycle.start,
        "counts_to": cycle.counts_to,
        "identities": sorted(terms.identities),
    }


async def lines_of(tx: AsyncConnection, county_code: str, start: date, person_nos: Sequence[str]) -> dict[str, Line]:
    """The last line of each of these persons."""
    rows = await tx.execute(_LINES, {"county_code": county_code, "start": start, "person_nos": list(person_nos)})
    return {
        row.person_no: Line(
            UUID(int=row.id.int),
            UUID(int=row.case_id.int),
            row.person_no,
            row.serial,
            Figures(row.total, row.reimbursed, row.target, row.amount),
        )
        for row in rows
    }


async def history(tx: AsyncConnection, county_code: str, start: date, person_no: str) -> list[Row]:
    """Every line of a person's cycle, oldest first."""
    rows = await tx.execute(_HISTORY, {"county_code": county_code, "start": start, "person_no": person_no})
    return [dict(row) for row in rows.mappings()]


async def add_lines(tx: AsyncConnection, lines: list[Row]) -> None:
    """Keep what persons' cycles come to."""
    await tx.execute(insert(cycle_lines), lines)


async def unfinished(tx: AsyncConnection, county_code: str, start: date) -> Row | None:
    """The run of a cycle that was cut off, or is at work."""
    row = (await tx.execute(_UNFINISHED, {"county_code": county_code, "start": start})).mappings().one_or_none()
    return None if row is None else dict(row)


async def resting(tx: AsyncConnection, county_codes: Sequence[str]) -> list[tuple[str, date, datetime]]:
    """County and cycle of each run that has not come to its end, and when it began."""
    rows = await tx.execute(_RESTS, {"county_codes": list(county_codes)})
    return [(row.county_code, row.cycle_start, row.since) for row in rows]


async def last_run(tx: AsyncConnection, county_code: str, start: date) -> datetime | None:
    """When the last run over the cycle that has come to its end was begun; None where there is none."""
    c = cycle_runs.c
    ended = (c.county_code == county_code, c.cycle_start == start, c.finished_at.is_not(None))
    found: datetime | None = await tx.scalar(select(func.max(c.at)).where(*ended))
    return found


async def changed_since(
    tx: AsyncConnection, county_code: str, cycle: Cycle, terms: CycleTerms, since: datetime
) -> bool:
    """Whether visits of the cycle were settled, reversed or decided anew from an instant on."""
    asked = _asked(county_code, cycle, terms) | {"since": first_id(since)}
    return bool(await tx.scalar(_CHANGED, asked))


async def add_run(tx: AsyncConnection, run: Row) -> None:
    """Begin a run."""
    await tx.execute(insert(cycle_runs).values(run))


async def held(tx: AsyncConnection, county_code: str, run_id: UUID) -> Row:
    """A run, with nobody else moving it on until this transaction ends."""
    c = cycle_runs.c
    query = select(cycle_runs).where(c.county_code == county_code, c.id == run_id).with_for_update()
    return dict((await tx.execute(query)).mappings().one())


async def advance(
    tx: AsyncConnection, run: Row, *, reached: str | None, persons: int, changed: int, finished_at: datetime | None
) -> None:
    """How far the run has got. The caller holds it."""
    c = cycle_runs.c
    query = update(cycle_runs).where(c.county_code == run["county_code"], c.id == run["id"])
    moved = {"reached": reached, "persons": run["persons"] + persons, "changed": run["changed"] + changed}
    await tx.execute(query.values(**moved, finished_at=finished_at))
