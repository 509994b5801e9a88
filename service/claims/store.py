"""The statements of the discharge path: one takes the person's turn and reads, one writes everything at once."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims.checks import already_settled
from service.claims.model import BillLine, History, LiveVisit, Order, Record
from service.settlement.model import Award

_OPEN: Final = text(
    "SELECT open_person(:county_code, :person_no, :lock, :periods, :hospital_code, :visit_no, :first_day, :last_day)"
)
_BILLS: Final = text("""
    SELECT bill FROM settlement_documents
    WHERE county_code = :county_code AND settlement_id = ANY (CAST(:ids AS uuid[]))
    ORDER BY settlement_id
""")
_RECORD: Final = text("""
WITH settled AS (
    INSERT INTO settlements SELECT * FROM jsonb_populate_record(NULL::settlements, CAST(:settlement AS jsonb))
), layers AS (
    INSERT INTO settlement_layers
    SELECT * FROM jsonb_populate_recordset(NULL::settlement_layers, CAST(:layers AS jsonb))
), document AS (
    INSERT INTO settlement_documents VALUES (:county_code, :id, CAST(:bill AS jsonb), CAST(:trace AS jsonb))
), visit AS (
    INSERT INTO live_visits VALUES (:hospital_code, :visit_no, :interim_no, :county_code, :person_no, :id,
        :visit_type, :admitted_on, :last_day)
), sums AS (
    INSERT INTO accumulator_entries
    SELECT * FROM jsonb_populate_recordset(NULL::accumulator_entries, CAST(:entries AS jsonb))
), answer AS (
    INSERT INTO idempotency_answers (county_code, result_id, status, body, created_at)
    VALUES (:client_county, :id, :status, :answer, :settled_at)
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
)


async def open_person(
    tx: AsyncConnection,
    order: Order,
    *,
    county_code: str,
    person_no: str,
    lock: bool,
) -> History:
    """
    The person's sums, the parts of this visit and the visits near it; with `lock`, the person's turn as well.

    The turn makes settlements of one person wait for each other; settlements of others are not touched.
    """
    found = await tx.scalar(
        _OPEN,
        {
            "county_code": county_code,
            "person_no": person_no,
            "lock": lock,
            "periods": [str(order.last_day.year), f"{order.last_day:%Y-%m}", order.stay_period],
            "hospital_code": order.hospital_code,
            "visit_no": order.visit_no,
            "first_day": order.admitted_on,
            "last_day": order.last_day,
        },
    )
    parts = tuple(_live_visit(one) for one in found["parts"])
    return History(
        order_no=found["order_no"],
        sums={(period, name): value for period, name, value in found["sums"]},
        parts=parts,
        others=tuple(_live_visit(one) for one in found["others"]),
        earlier_lines=await _earlier_lines(tx, county_code, parts) if parts else (),
    )


async def _earlier_lines(tx: AsyncConnection, county_code: str, parts: Sequence[LiveVisit]) -> tuple[BillLine, ...]:
    ids = [part.settlement_id for part in parts]
    bills = await tx.scalars(_BILLS, {"county_code": county_code, "ids": ids})
    return tuple(BillLine(*line) for bill in bills for line in bill)


def _live_visit(found: Sequence[Any]) -> LiveVisit:
    hospital, visit, interim, county, person, settlement, visit_type, admitted, last = found
    return LiveVisit(
        hospital,
        visit,
        interim,
        county,
        person,
        UUID(settlement),
        visit_type,
        date.fromisoformat(admitted),
        date.fromisoformat(last),
    )


async def record(
    tx: AsyncConnection,
    record: Record,
    *,
    settled_on: date,
    query_code_hash: bytes,
    client_county: str,
    status: int,
    answer: bytes,
    audit: dict[str, Any],
) -> None:
    """
    Keep a settlement with its layers, bill, trace, sums, answer and audit row, in one statement.

    Raises visit.already_settled when another county's transaction took the same visit number meanwhile.
    """
    row = _row(record, settled_on, query_code_hash)
    try:
        await tx.execute(
            _RECORD,
            {
                "settlement": _json(row),
                "layers": _json(_layers(record)),
                "entries": _json(_entries(record)),
                "bill": _json(record.bill),
                "trace": _json(record.trace),
                "audit": _json(audit),
                **{name: row[name] for name in _SHARED},
                "client_county": client_county,
                "status": status,
                "answer": answer,
            },
        )
    except IntegrityError as error:
        if "pk_live_visits" in str(error.orig):
            raise already_settled(None) from None
        raise


def _row(record: Record, settled_on: date, query_code_hash: bytes) -> dict[str, Any]:
    return {
        "county_code": record.county_code,
        "id": record.id,
        "kind": "settlement",
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
    }


def _layers(record: Record) -> list[dict[str, Any]]:
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


def ways(awards: Sequence[Award], *, on_hold: bool) -> list[tuple[str, str, int, str]]:
    """Which layer, which payer, how much (fen) and which way, share by share."""
    return [
        (award.layer, share.payer, share.amount, _way(award, share.pay_to, on_hold=on_hold))
        for award in awards
        for share in award.shares
    ]


def _way(award: Award, pay_to: str, *, on_hold: bool) -> str:
    if award.decided:
        return "elsewhere"
    if award.rule == "other":
        return "credited" if pay_to == "hospital" else "beside"
    if award.expected:
        return "expected"
    return "held" if on_hold else pay_to


def _json(value: Any) -> str:
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: Any) -> Any:
    # Named tuples: orjson writes tuples, but not their subclasses.
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(type(value).__name__)
