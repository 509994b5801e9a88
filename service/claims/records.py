"""Settlements read again, each caller only what is theirs to see."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.claims import trace
from service.claims.model import BillLine, Cause, Record, Status
from service.claims.tables import AMOUNTS, SHARES
from service.clock import COUNTY_ZONE
from service.policy.conditions import VisitType
from service.settlement.model import Amounts, Split

_READ: Final = """
    SELECT s.*, d.bill, d.trace, r.id AS reversed_by, n.id AS replaced_by, i.invoice_no AS live_invoice_no
    FROM settlements s
    JOIN settlement_documents d ON d.county_code = s.county_code AND d.settlement_id = s.id
    LEFT JOIN settlements r ON r.county_code = s.county_code AND r.reversal_of = s.id
    LEFT JOIN settlements n ON n.county_code = s.county_code AND n.replaces = s.id
    LEFT JOIN invoices i ON i.county_code = s.county_code AND i.case_id = s.case_id
"""
_IDS_OF_CASE: Final = """
    SELECT v.id FROM settlements s JOIN settlements v ON v.county_code = s.county_code
        AND (v.id = s.case_id OR (v.case_id = s.case_id AND v.case_id <> v.id))
    WHERE s.id = :id AND """


@dataclass(frozen=True, slots=True)
class View:
    """
    Whose settlements may be seen: those of a hospital (in every county), else those of a county, and of those
    only the ones in which one of `payers` pays, where any are named.
    """

    county_code: str
    hospital_code: str | None = None
    payers: tuple[str, ...] = ()

    def condition(self) -> str:
        if self.hospital_code is not None:
            return "s.hospital_code = :own_hospital"
        if not self.payers:
            return "s.county_code = :own_county"
        return (
            "s.county_code = :own_county AND EXISTS (SELECT FROM settlement_layers l"
            " WHERE l.county_code = s.county_code AND l.settlement_id = s.id"
            " AND l.payer = ANY (:own_payers) AND l.amount <> 0)"
        )

    def values(self) -> dict[str, Any]:
        if self.hospital_code is not None:
            return {"own_hospital": self.hospital_code}
        payers = {"own_payers": list(self.payers)} if self.payers else {}
        return {"own_county": self.county_code, **payers}


async def of_case(tx: AsyncConnection, county_code: str, case_id: UUID) -> list[Record]:
    """Every version of a visit and its reversal, in the order in which they were made."""
    mine = "(s.id = :id OR (s.case_id = :id AND s.case_id <> s.id))"
    query = text(f"{_READ} WHERE s.county_code = :county_code AND {mine} ORDER BY s.version, s.kind DESC")
    rows = await tx.execute(query, {"county_code": county_code, "id": case_id})
    return [_kept(row) for row in rows.mappings()]


async def ids_of_case(tx: AsyncConnection, settlement_id: UUID, view: View) -> list[UUID]:
    """The ids of all versions of a settlement's visit and of its reversal; none where it is not the caller's to see."""
    asked = {"id": settlement_id, **view.values()}
    found = await tx.scalars(text(_IDS_OF_CASE + view.condition()), asked)
    return [UUID(bytes=one.bytes) for one in found]


async def find(tx: AsyncConnection, settlement_id: UUID, view: View) -> Record | None:
    """One settlement; None where there is none or it is not the caller's to see."""
    query = text(f"{_READ} WHERE s.id = :id AND {view.condition()}")
    row = (await tx.execute(query, {"id": settlement_id, **view.values()})).mappings().one_or_none()
    return _kept(row) if row is not None else None


_FILTERS: Final = {
    "visit_no": "s.visit_no = :visit_no",
    "person_no": "s.person_no = :person_no",
    "invoice_no": "coalesce(i.invoice_no, s.invoice_no) = :invoice_no",
    "from": "s.settled_on >= :from",
    "to": "s.settled_on <= :to",
}
_STATUS: Final = {
    "settled": "s.kind = 'settlement' AND NOT s.on_hold AND r.id IS NULL AND n.id IS NULL",
    "on_hold": "s.kind = 'settlement' AND s.on_hold AND r.id IS NULL AND n.id IS NULL",
    "reversed": "r.id IS NOT NULL",
    "superseded": "n.id IS NOT NULL",
    "reversal": "s.kind = 'reversal'",
    "newest": "s.kind = 'settlement' AND n.id IS NULL",
}


async def listed(
    tx: AsyncConnection, view: View, filters: Mapping[str, Any], *, after: UUID | None, limit: int
) -> list[Record]:
    """
    Settlements the caller may see, newest first; `after` is the last one of the page before.

    The status `newest` gives each case once: as its last version stands, reversed or not.
    """
    asked = {name: value for name, value in filters.items() if value is not None}
    clauses = [view.condition(), *(_FILTERS[name] for name in asked if name != "status")]
    if "status" in asked:
        clauses.append(_STATUS[asked.pop("status")])
    if after is not None:
        clauses.append("s.id < :after")
        asked["after"] = after
    query = text(f"{_READ} WHERE {' AND '.join(clauses)} ORDER BY s.id DESC LIMIT :limit")
    rows = await tx.execute(query, {**asked, **view.values(), "limit": limit})
    return [_kept(row) for row in rows.mappings()]


def _kept(row: RowMapping) -> Record:
    bill = tuple(BillLine(*line) for line in row["bill"])
    kept = row["trace"]
    amounts = Amounts(*(row[name] for name in AMOUNTS))
    split = Split(**{name: row[name] for name in SHARES if name != "hospital_bears"})
    return Record(
        id=_plain_id(row["id"]),
        status=_status(row),
        version=row["version"],
        county_code=row["county_code"],
        person_no=row["person_no"],
        hospital_code=row["hospital_code"],
        visit_no=row["visit_no"],
        interim_no=row["interim_no"],
        visit_type=VisitType(row["visit_type"]),
        admitted_on=row["admitted_on"],
        last_day=row["last_day"],
        disease_code=row["disease_code"],
        referral_no=row["referral_no"],
        invoice_no=row["live_invoice_no"] or row["invoice_no"],
        order_no=row["order_no"],
        pack_id=row["pack_id"],
        pack_hash=row["pack_hash"],
        identities=tuple(row["identities"]),
        settlement=trace.settlement_of(kept, amounts, split, bill),
        findings=trace.findings_of(kept["findings"]),
        bill=bill,
        trace=kept,
        settled_at=row["settled_at"].astimezone(COUNTY_ZONE),
        query_code=None,
        operator=row["operator"],
        client_id=row["client_id"],
        on_hold=row["on_hold"],
        reversal_of=_plain_id(row["reversal_of"]),
        reversed_by=_plain_id(row["reversed_by"]),
        hospital_bears=row["hospital_bears"],
        case_id=_plain_id(row["case_id"]),
        replaces=_plain_id(row["replaces"]),
        replaced_by=_plain_id(row["replaced_by"]),
        cause=Cause(row["cause"]) if row["cause"] is not None else None,
        to_collect=row["to_collect"],
    )


def _plain_id(found: UUID | None) -> UUID | None:
    # The driver's own kind of UUID cannot be written as JSON.
    return UUID(bytes=found.bytes) if found is not None else None


def _status(row: RowMapping) -> Status:
    if row["reversal_of"] is not None:
        return Status.REVERSAL
    if row["reversed_by"] is not None:
        return Status.REVERSED
    if row["replaced_by"] is not None:
        return Status.SUPERSEDED
    return Status.ON_HOLD if row["on_hold"] else Status.SETTLED
