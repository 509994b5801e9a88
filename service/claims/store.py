"""What a settlement writes: everything in one statement."""

from datetime import date
from typing import Any, Final

import orjson
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims.model import Record
from service.claims.posting import posted, ways
from service.claims.taken import already_settled, invoice_used
from service.db import Direct

_RECORD: Final = Direct("""
WITH settled AS (
    INSERT INTO settlements SELECT * FROM jsonb_populate_record(NULL::settlements, CAST(:settlement AS jsonb))
), layers AS (
    INSERT INTO settlement_layers
    SELECT * FROM jsonb_populate_recordset(NULL::settlement_layers, CAST(:layers AS jsonb))
), document AS (
    INSERT INTO settlement_documents VALUES (:county_code, :id, CAST(:bill AS json), CAST(:trace AS json))
), visit AS (
    INSERT INTO live_visits VALUES (:hospital_code, :visit_no, :interim_no, :county_code, :person_no, :id,
        :visit_type, :admitted_on, :last_day)
), invoice AS (
    INSERT INTO invoices SELECT :hospital_code, invoice_no, :county_code, :id, :settled_at
    FROM CAST(:invoice_no AS text) AS invoice_no WHERE invoice_no IS NOT NULL
), sums AS (
    INSERT INTO accumulator_entries
    SELECT * FROM jsonb_populate_recordset(NULL::accumulator_entries, CAST(:entries AS jsonb))
), entry AS (
    INSERT INTO ledger_entries SELECT * FROM jsonb_populate_recordset(NULL::ledger_entries, CAST(:entry AS jsonb))
), posted AS (
    INSERT INTO postings SELECT * FROM jsonb_populate_recordset(NULL::postings, CAST(:postings AS jsonb))
), event AS (
    INSERT INTO events (county_code, txid, at, kind, subject, hospital_code)
    VALUES (:county_code, pg_current_xact_id()::text::bigint, :settled_at, 'settlement.settled', :id, :hospital_code)
), answer AS (
    INSERT INTO idempotency_answers (county_code, result_id, status, body, created_at)
    SELECT :client_county, :id, :status, answer, :settled_at
    FROM CAST(:answer AS bytea) AS answer WHERE answer IS NOT NULL
)
INSERT INTO audit_log SELECT * FROM jsonb_populate_record(NULL::audit_log, CAST(:audit AS jsonb))
""")

_SHARED: Final = (
    "county_code",
    "id",
    "hospital_code",
    "visit_no",
    "interim_no",
    "person_no",
    "visit_type",
    "admitted_on",
    "last_day",
    "settled_at",
    "invoice_no",
)


async def record(
    tx: AsyncConnection,
    record: Record,
    *,
    settled_on: date,
    query_code_hash: bytes,
    client_county: str,
    status: int,
    answer: bytes | None,
    audit: dict[str, Any],
) -> None:
    """
    Keep a settlement with its layers, bill, trace, sums, audit row and, where there is one, answer, in one statement.

    Raises visit.already_settled when another county's transaction took the same visit number meanwhile, and
    invoice.used.
    """
    row = row_of(record, settled_on, query_code_hash)
    entry, postings = posted(record, settled_on)
    try:
        await _RECORD.scalar(
            tx,
            {
                "settlement": as_json(row),
                "layers": as_json(layers_of(record)),
                "entries": as_json(_entries(record)),
                "entry": as_json(entry),
                "postings": as_json(postings),
                "bill": as_json(record.bill),
                "trace": as_json(record.trace),
                "audit": as_json(audit),
                **{name: row[name] for name in _SHARED},
                "client_county": client_county,
                "status": status,
                "answer": answer,
            },
        )
    except IntegrityError as error:
        if "pk_live_visits" in str(error.orig):
            raise already_settled(None) from None
        if "pk_invoices" in str(error.orig):
            raise invoice_used(record.invoice_no) from None
        raise


def row_of(record: Record, settled_on: date, query_code_hash: bytes) -> dict[str, Any]:
    """A settlement, or a reversal, as a row of `settlements`."""
    return {
        "county_code": record.county_code,
        "id": record.id,
        "kind": "settlement" if record.reversal_of is None else "reversal",
        "reversal_of": record.reversal_of,
        "version": record.version,
        "person_no": record.person_no,
        "order_no": record.order_no,
        "hospital_code": record.hospital_code,
        "visit_no": record.visit_no,
        "interim_no": record.interim_no,
        "visit_type": record.visit_type,
        "admitted_on": record.admitted_on,
        "last_day": record.last_day,
        "disease_code": record.disease_code,
        "referral_no": record.referral_no,
        "invoice_no": record.invoice_no,
        "identities": record.identities,
        "on_hold": record.on_hold,
        "pack_id": record.pack_id,
        "pack_hash": record.pack_hash,
        **record.settlement.amounts._asdict(),
        **record.settlement.split._asdict(),
        "hospital_bears": record.hospital_bears,
        "client_id": record.client_id,
        "operator": record.operator,
        "settled_at": record.settled_at,
        "settled_on": settled_on,
        "query_code_hash": f"\\x{query_code_hash.hex()}",
        "case_id": record.case_id,
        "replaces": record.replaces,
        "cause": record.cause,
        "to_collect": record.to_collect,
    }


def layers_of(record: Record) -> list[dict[str, Any]]:
    """What each payer pays and which way, as rows of `settlement_layers`."""
    key = {"county_code": record.county_code, "settlement_id": record.id}
    return [
        {**key, "position": position, "layer": layer, "payer": payer, "amount": amount, "way": way}
        for position, (layer, payer, amount, way) in enumerate(ways(record.awards, on_hold=record.on_hold))
    ]


def _entries(record: Record) -> list[dict[str, Any]]:
    key = {"county_code": record.county_code, "settlement_id": record.id, "person_no": record.person_no}
    return [
        {**key, "position": position, **entry._asdict()} for position, entry in enumerate(record.settlement.entries)
    ]


def as_json(value: Any) -> str:
    """JSON as the statements of this room take it; named tuples become lists."""
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: Any) -> Any:
    # Named tuples: orjson writes tuples, but not their subclasses.
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(type(value).__name__)
