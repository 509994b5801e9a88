"""The statements of change: a person's live settlements in their order, and the writing of versions and reversals."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims import year
from service.claims.changes.model import Live, Made
from service.claims.model import BillLine, LiveVisit, Record
from service.claims.store import as_json, layers_of, row_of
from service.claims.taken import invoice_used
from service.settlement.model import Entry, SumKey

_LOCK_VISIT: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:hospital_code || ' ' || :visit_no, 0))")
_LIVES: Final = text("""
    SELECT s.id, s.order_no, s.hospital_code, s.visit_no, s.interim_no, s.last_day, d.trace -> 'entries' AS entries
    FROM live_visits v
    JOIN settlements s ON s.county_code = v.county_code AND s.id = v.settlement_id
    JOIN settlement_documents d ON d.county_code = v.county_code AND d.settlement_id = v.settlement_id
    WHERE v.county_code = :county_code AND v.person_no = :person_no ORDER BY s.order_no
""")
_SUMS: Final = text(
    "SELECT period, name, value FROM accumulators WHERE county_code = :county_code AND person_no = :person_no"
)
_VISITS: Final = text("""
    SELECT hospital_code, visit_no, interim_no, county_code, person_no, settlement_id, visit_type, admitted_on, last_day
    FROM live_visits WHERE county_code = :county_code AND person_no = :person_no
""")
_BILLS: Final = text("""
    SELECT bill FROM settlement_documents
    WHERE county_code = :county_code AND settlement_id = ANY (CAST(:ids AS uuid[])) ORDER BY settlement_id
""")
_PERSONS: Final = text("""
    SELECT DISTINCT person_no FROM settlements
    WHERE county_code = :county_code AND id = ANY (CAST(:case_ids AS uuid[])) ORDER BY person_no
""")
_LIVE_OF: Final = text("""
    SELECT s.case_id, s.id FROM settlements s
    JOIN live_visits v ON v.hospital_code = s.hospital_code AND v.visit_no = s.visit_no
        AND v.interim_no = s.interim_no AND v.settlement_id = s.id
    WHERE s.county_code = :county_code AND (s.id = ANY (CAST(:case_ids AS uuid[]))
        OR (s.case_id = ANY (CAST(:case_ids AS uuid[])) AND s.case_id <> s.id))
    ORDER BY s.hospital_code, s.visit_no, s.interim_no
""")
_WRITE: Final = """
WITH made AS (
    INSERT INTO settlements SELECT * FROM jsonb_populate_record(NULL::settlements, CAST(:settlement AS jsonb))
), layers AS (
    INSERT INTO settlement_layers
    SELECT * FROM jsonb_populate_recordset(NULL::settlement_layers, CAST(:layers AS jsonb))
), document AS (
    INSERT INTO settlement_documents VALUES (:county_code, :id, CAST(:bill AS json), CAST(:trace AS json))
){more}
{visit} WHERE hospital_code = :hospital_code AND visit_no = :visit_no AND interim_no = :interim_no
    AND settlement_id = :before RETURNING settlement_id
"""
_INVOICE: Final = """
    INSERT INTO invoices (hospital_code, invoice_no, county_code, case_id, attached_at)
    SELECT :hospital_code, invoice_no, :county_code, :case_id, :at
    FROM CAST(:invoice_no AS text) AS invoice_no WHERE invoice_no IS NOT NULL
    ON CONFLICT (county_code, case_id)
        DO UPDATE SET invoice_no = excluded.invoice_no, attached_at = excluded.attached_at
        WHERE invoices.invoice_no <> excluded.invoice_no
"""
_VERSION: Final = text(
    _WRITE.format(
        more=f", invoice AS ({_INVOICE})",
        visit="UPDATE live_visits SET settlement_id = :id, admitted_on = :admitted_on, last_day = :last_day",
    )
)
_REVERSAL: Final = text(
    _WRITE.format(
        more=", invoice AS (DELETE FROM invoices WHERE county_code = :county_code AND case_id = :case_id)",
        visit="DELETE FROM live_visits",
    )
)
_ENTRIES: Final = text("""
    INSERT INTO accumulator_entries
    SELECT * FROM jsonb_populate_recordset(NULL::accumulator_entries, CAST(:entries AS jsonb))
""")


async def take_turn(tx: AsyncConnection, record: Record) -> None:
    """Let nobody else settle or change anything of the person, or parts of this visit, until the transaction ends."""
    await year.take_turn(tx, record.county_code, record.person_no)
    # In the order of a discharge: the person first, then the visit's number.
    await tx.execute(_LOCK_VISIT, {"hospital_code": record.hospital_code, "visit_no": record.visit_no})


async def lives(tx: AsyncConnection, county_code: str, person_no: str) -> list[Live]:
    """The live settlements of a person, in their order, each with its own entries."""
    rows = await tx.execute(_LIVES, {"county_code": county_code, "person_no": person_no})
    return [
        Live(
            UUID(bytes=row.id.bytes),
            row.order_no,
            row.hospital_code,
            row.visit_no,
            row.interim_no,
            row.last_day,
            tuple(Entry(*entry) for entry in row.entries),
        )
        for row in rows
    ]


async def sums(tx: AsyncConnection, county_code: str, person_no: str) -> dict[SumKey, int]:
    """All running sums of a person, as they stand now."""
    rows = await tx.execute(_SUMS, {"county_code": county_code, "person_no": person_no})
    return {(row.period, row.name): row.value for row in rows}


async def persons_of(tx: AsyncConnection, county_code: str, case_ids: Sequence[UUID]) -> list[str]:
    """Whose cases these are, each once, in the order of their numbers."""
    return list(await tx.scalars(_PERSONS, {"county_code": county_code, "case_ids": list(case_ids)}))


async def live_of(tx: AsyncConnection, county_code: str, case_ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """The live settlement of each of some cases, after the case, in the order of the visits; of a reversed one none."""
    rows = await tx.execute(_LIVE_OF, {"county_code": county_code, "case_ids": list(case_ids)})
    return [(UUID(bytes=row.case_id.bytes), UUID(bytes=row.id.bytes)) for row in rows]


async def visits(tx: AsyncConnection, record: Record) -> list[LiveVisit]:
    """The live visits of the record's person."""
    rows = await tx.execute(_VISITS, {"county_code": record.county_code, "person_no": record.person_no})
    return [LiveVisit(*row) for row in rows]


async def bills(tx: AsyncConnection, county_code: str, ids: Sequence[UUID]) -> tuple[BillLine, ...]:
    """The kept bills of some settlements, line after line."""
    found = await tx.scalars(_BILLS, {"county_code": county_code, "ids": list(ids)})
    return tuple(BillLine(*line) for bill in found for line in bill)


async def write(tx: AsyncConnection, made: Made, *, query_code_hash: bytes) -> None:
    """
    Keep a version or a reversal, without its entries, in place of the one that it ends; and a version's invoice.

    Raises invoice.used.
    """
    record = made.record
    assert record.settled_at is not None
    row = row_of(record, record.settled_at.date(), query_code_hash)
    names = ("county_code", "id", "hospital_code", "visit_no", "interim_no")
    values: dict[str, Any] = {name: row[name] for name in names} | {
        "settlement": as_json(row),
        "layers": as_json(layers_of(record)),
        "bill": as_json(record.bill),
        "trace": as_json(record.trace),
        "before": made.before.id,
        "case_id": record.case_id,
    }
    if record.reversal_of is None:
        values |= {"admitted_on": record.admitted_on, "last_day": record.last_day}
        values |= {"invoice_no": record.invoice_no, "at": record.settled_at}
    statement = _VERSION if record.reversal_of is None else _REVERSAL
    with _invoice_taken(record.invoice_no):
        ended = await tx.scalar(statement, values)
    assert ended is not None, "what is changed was live"


async def carry(tx: AsyncConnection, some: Sequence[Made], current: dict[SumKey, int]) -> None:
    """
    Write what some changes give back and add. First all is given back, newest first, then added, oldest first: so
    that each visit is added to the very sums that it was decided on.
    """
    rows = []
    positions = {made.record.id: 0 for made in some}
    waves = [
        (made, entry._replace(delta=-entry.delta, cap=None)) for made in reversed(some) for entry in made.gives_back
    ]
    waves += [(made, entry) for made in some for entry in made.adds]
    for made, entry in waves:
        record, key = made.record, (entry.period, entry.name)
        before = current.get(key, 0)
        assert entry.delta < 0 or entry.before == before, "a visit is added where it was decided"
        current[key] = before + entry.delta
        rows.append(
            {
                "county_code": record.county_code,
                "settlement_id": record.id,
                "position": positions[record.id],
                "person_no": record.person_no,
                **entry._replace(before=before)._asdict(),
            }
        )
        positions[record.id] += 1
    if rows:
        await tx.execute(_ENTRIES, {"entries": as_json(rows)})


async def attach_invoice(tx: AsyncConnection, record: Record, invoice_no: str, at: Any) -> None:
    """Attach an invoice to a live visit, in place of another. Raises invoice.used."""
    values = {"hospital_code": record.hospital_code, "invoice_no": invoice_no, "county_code": record.county_code}
    with _invoice_taken(invoice_no):
        await tx.execute(text(_INVOICE), values | {"case_id": record.case_id, "at": at})


@contextmanager
def _invoice_taken(invoice_no: str | None) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if "pk_invoices" not in str(error.orig):
            raise
        raise invoice_used(invoice_no) from None
