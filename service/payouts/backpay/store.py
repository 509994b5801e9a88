"""All SQL on back-pay. The stays lie sealed, each bound to its file and row."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.resealing import Sealed
from service.access.vault import Vault
from service.clock import COUNTY_ZONE
from service.errors import Text
from service.payouts.backpay.model import Counts, Import, Outcome, Row
from service.payouts.backpay.tables import backpay_imports, backpay_posts, backpay_rows, backpay_stays
from service.payouts.items.model import Standing
from service.payouts.items.store import standing


def _place(import_id: UUID, row_no: int, field: str) -> str:
    return f"backpay:{import_id}:{row_no}:{field}"


SEALED: Final = (
    Sealed(
        backpay_rows,
        {
            "body_enc": lambda row: _place(row["import_id"], row["row_no"], "body"),
            "reason_enc": lambda row: _place(row["import_id"], row["row_no"], "reason"),
        },
    ),
)
"""What this room keeps sealed."""

_IMPORTS: Final = """
    SELECT i.*, p.at AS posted_at, EXISTS (SELECT FROM backpay_posts o WHERE o.county_code = i.county_code
        AND o.content_hash = i.content_hash AND o.import_id <> i.id) AS posted_elsewhere,
        c.ready, c.settled, c.rejected, c.amount
    FROM backpay_imports i
    LEFT JOIN backpay_posts p ON p.county_code = i.county_code AND p.import_id = i.id
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE outcome = 'ready') AS ready, count(*) FILTER (WHERE outcome = 'settled')
            AS settled, count(*) FILTER (WHERE outcome = 'rejected') AS rejected,
            coalesce(sum(amount), 0)::bigint AS amount
        FROM backpay_rows r WHERE r.county_code = i.county_code AND r.import_id = i.id) c
    WHERE i.county_code = :county_code {where} ORDER BY i.id DESC LIMIT :rows
"""
_STAYS: Final = text("""
    SELECT import_id, settlement_id FROM backpay_stays
    WHERE county_code = :county_code AND import_id = ANY (CAST(:ids AS uuid[]))
""")
_ROWS: Final = """
    SELECT r.*, s.settlement_id FROM backpay_rows r
    LEFT JOIN backpay_stays s USING (county_code, import_id, row_no)
    WHERE r.county_code = :county_code AND r.import_id = :import_id AND r.row_no > :after {where}
    ORDER BY r.row_no LIMIT :rows
"""
_TWIN: Final = text("""
    SELECT EXISTS (SELECT FROM live_visits WHERE county_code = :county_code AND person_no = :person_no
        AND hospital_code = :hospital_code AND admitted_on = :admitted_on AND last_day = :last_day)
""")
_INVOICED: Final = text("SELECT EXISTS (SELECT FROM invoices WHERE hospital_code = :hospital AND invoice_no = :number)")


async def add(tx: AsyncConnection, vault: Vault, made: Import, rows: Sequence[Row]) -> None:
    """Keep a file and what its rows come to."""
    plain = {name: value for name, value in asdict(made).items() if name not in ("counts", "posted_at", "paid", "left")}
    await tx.execute(insert(backpay_imports).values(plain))
    if rows:
        await tx.execute(insert(backpay_rows), [_sealed(vault, made, row) for row in rows])


def _sealed(vault: Vault, made: Import, row: Row) -> dict[str, Any]:
    reason = None if row.reason is None else orjson.dumps([row.reason.zh, row.reason.en]).decode()
    return {
        "county_code": made.county_code,
        "import_id": made.id,
        "row_no": row.row_no,
        "outcome": row.outcome.value,
        "person_no": row.person_no,
        "amount": row.amount,
        "body_enc": None if row.body is None else vault.encrypt(row.body, bound_to=_place(made.id, row.row_no, "body")),
        "reason_code": row.code,
        "reason_enc": None if reason is None else vault.encrypt(reason, bound_to=_place(made.id, row.row_no, "reason")),
    }


async def post(tx: AsyncConnection, made: Import, by: tuple[str, str | None], at: Any) -> None:
    """Say that a content is posted, once."""
    row = {
        "county_code": made.county_code,
        "import_id": made.id,
        "content_hash": made.content_hash,
        "client_id": by[0],
        "operator": by[1],
        "at": at,
    }
    await tx.execute(insert(backpay_posts).values(row))


async def add_stay(tx: AsyncConnection, made: Import, row_no: int, settlement_id: UUID) -> None:
    """Say which settlement a row made."""
    await tx.execute(
        insert(backpay_stays).values(
            county_code=made.county_code, import_id=made.id, row_no=row_no, settlement_id=settlement_id
        )
    )


async def find(tx: AsyncConnection, county_code: str, import_id: UUID) -> Import | None:
    found = await _imports(tx, county_code, " AND i.id = :id", {"id": import_id}, rows=1)
    return found[0] if found else None


async def posted(tx: AsyncConnection, county_code: str, content_hash: bytes) -> Import | None:
    """The posted file of this content."""
    found = await _imports(tx, county_code, " AND p.content_hash = :hash", {"hash": content_hash}, rows=1)
    return found[0] if found else None


async def listed(
    tx: AsyncConnection, county_code: str, *, due_before: date | None, after: UUID | None, rows: int
) -> list[Import]:
    """Files, newest first; with `due_before`, those that were to be paid before that day."""
    where, asked = "", dict[str, Any]()
    if due_before is not None:
        where, asked = " AND i.due_on < :due_before", {"due_before": due_before}
    if after is not None:
        where, asked = f"{where} AND i.id < :after", asked | {"after": after}
    return await _imports(tx, county_code, where, asked, rows=rows)


async def _imports(
    tx: AsyncConnection, county_code: str, where: str, asked: dict[str, Any], *, rows: int
) -> list[Import]:
    asked |= {"county_code": county_code, "rows": rows}
    found = (await tx.execute(text(_IMPORTS.format(where=where)), asked)).mappings().all()
    made: dict[UUID, list[UUID]] = {row["id"]: [] for row in found}
    for import_id, settlement_id in await tx.execute(_STAYS, {"county_code": county_code, "ids": list(made)}):
        made[import_id].append(settlement_id)
    money = await standing(tx, county_code, [each for some in made.values() for each in some])
    stands = {each: [money[one] for one in some] for each, some in made.items()}
    plain = ("county_code", "content_hash", "filename", "agreement_on", "due_on", "client_id", "operator")
    return [
        Import(
            **{name: row[name] for name in plain},
            id=UUID(bytes=row["id"].bytes),
            at=row["at"].astimezone(COUNTY_ZONE),
            counts=Counts(row["ready"], row["settled"], row["rejected"], row["amount"]),
            posted_at=row["posted_at"].astimezone(COUNTY_ZONE) if row["posted_at"] else None,
            paid=sum(one.paid for one in stands[row["id"]]),
            left=_left(row, stands[row["id"]]),
        )
        for row in found
    ]


def _left(row: RowMapping, stands: Sequence[Standing]) -> int:
    if row["posted_at"]:
        return sum(one.unbilled + one.ordered for one in stands)
    return 0 if row["posted_elsewhere"] else int(row["amount"])


async def rows_of(
    tx: AsyncConnection, vault: Vault, made: Import, *, outcome: Outcome | None, after: int, rows: int
) -> list[Row]:
    """Rows of a file in its order, after the last one of the page before."""
    asked: dict[str, Any] = {"county_code": made.county_code, "import_id": made.id, "after": after, "rows": rows}
    where = ""
    if outcome is not None:
        where, asked = "AND r.outcome = :outcome", asked | {"outcome": outcome.value}
    found = await tx.execute(text(_ROWS.format(where=where)), asked)
    return [_row(vault, made, row) for row in found.mappings()]


def _row(vault: Vault, made: Import, row: Any) -> Row:
    body, reason = row["body_enc"], row["reason_enc"]
    number = row["row_no"]
    return Row(
        number,
        Outcome(row["outcome"]),
        row["person_no"],
        row["amount"],
        None if body is None else vault.decrypt(body, bound_to=_place(made.id, number, "body")),
        row["reason_code"],
        None
        if reason is None
        else Text(*orjson.loads(vault.decrypt(reason, bound_to=_place(made.id, number, "reason")))),
        row["settlement_id"],
    )


async def is_settled(
    tx: AsyncConnection, county_code: str, person_no: str, hospital_code: str, admitted_on: date, last_day: date
) -> bool:
    """Whether a person has a live stay in this hospital on exactly these days."""
    asked = {
        "county_code": county_code,
        "person_no": person_no,
        "hospital_code": hospital_code,
        "admitted_on": admitted_on,
        "last_day": last_day,
    }
    return bool(await tx.scalar(_TWIN, asked))


async def is_invoiced(tx: AsyncConnection, hospital_code: str, invoice_no: str) -> bool:
    """Whether a live visit has this invoice."""
    return bool(await tx.scalar(_INVOICED, {"hospital": hospital_code, "number": invoice_no}))
