"""Differences and their histories: kept, read, and settled. A difference's last step is where it stands."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.clock import COUNTY_ZONE
from service.ids import new_id
from service.money import yuan
from service.reconciliation.desk import Desk
from service.reconciliation.matching.corrected import CORRECTED, CORRECTIONS
from service.reconciliation.matching.tables import difference_steps, differences

Row = dict[str, Any]
OWNERS: Final = {
    "missing_here": "hospital",
    "missing_there": "payer",
    "amount": "payer",
    "duplicate": "payer",
    "wrong_period": "payer",
    "wrong_payer": "agency",
    "reversed_one_side": "payer",
    "overpaid": "hospital",
    "underpaid": "payer",
}
"""Who has to look first, where the file is the payer's or a transfer showed it."""

CORRECTED_BY: Final = "onestop"
"""Who settles a difference whose correction the ledger has: nobody, the rows say it."""

_FOUND: Final = f"""
    SELECT d.*, s.payer, s.hospital_code, s.period, m.side, t.status, t.history, c.at AS corrected_at,
        c.id AS corrected_by, (SELECT amount FROM statement_lines l WHERE l.county_code = d.county_code
            AND l.statement_id = d.statement_id AND l.line_no = d.line_no) AS line_amount
    FROM differences d
    JOIN statements s ON s.county_code = d.county_code AND s.id = d.statement_id
    LEFT JOIN matches m ON m.county_code = d.county_code AND m.id = d.match_id
    JOIN LATERAL (SELECT (array_agg(status ORDER BY step_no DESC))[1] AS status,
            (array_agg(resolution ORDER BY step_no DESC))[1] AS resolution,
            json_agg(json_build_object('status', status, 'resolution', resolution, 'note', note,
                'client_id', client_id, 'operator', operator, 'at', at) ORDER BY step_no) AS history
        FROM difference_steps t WHERE t.county_code = d.county_code AND t.difference_id = d.id) t ON true
    LEFT JOIN LATERAL ({CORRECTED}) c ON true
    WHERE {{where}} ORDER BY d.id LIMIT :limit
"""
_CORRECTIONS: Final = text(f"""
    SELECT so_far FROM differences d JOIN statements s ON s.county_code = d.county_code AND s.id = d.statement_id
    CROSS JOIN LATERAL ({CORRECTIONS}) c
    WHERE d.county_code = :county_code AND d.id = :id ORDER BY c.at DESC, c.id DESC LIMIT 1
""")


def owner(kind: str, side: str | None) -> str:
    """Who has to look first: a hospital whose own file differs from what it settled answers for it itself."""
    return "hospital" if side == "hospital" and OWNERS[kind] == "payer" else OWNERS[kind]


async def open_many(
    desk: Desk,
    statement: Row,
    found: Sequence[Row],
    *,
    match_id: UUID | None = None,
    payment_id: UUID | None = None,
    side: str | None = None,
) -> list[UUID]:
    """Open differences of a statement, in the order given; gives their ids. `side`: whose file showed them."""
    if not found:
        return []
    key = {"county_code": statement["county_code"], "statement_id": statement["id"]}
    blank = dict.fromkeys(("line_no", "row_no", "ours", "theirs", "elsewhere"))
    # Made in one instant, ids are in no order of their own: sorted, they keep the order of what was found.
    ids = sorted(new_id(desk.now) for _ in found)
    rows = [
        key
        | blank
        | {"id": one_id, "match_id": match_id, "payment_id": payment_id}
        | {"opened_on": desk.today, "at": desk.now, "owner": owner(one["kind"], side)}
        | one
        for one_id, one in zip(ids, found, strict=True)
    ]
    await desk.tx.execute(insert(differences), rows)
    first = {"county_code": key["county_code"], "step_no": 1, "status": "open", "resolution": None, "note": ""}
    await desk.tx.execute(
        insert(difference_steps), [first | desk.author() | {"difference_id": row["id"]} for row in rows]
    )
    return [row["id"] for row in rows]


async def step(desk: Desk, difference: Row, status: str, *, resolution: str | None = None, note: str = "") -> None:
    """Add a step to a difference's history."""
    await desk.tx.execute(
        insert(difference_steps).values(
            county_code=difference["county_code"],
            difference_id=difference["id"],
            step_no=len(difference["history"]) + 1,
            status=status,
            resolution=resolution,
            note=note,
            **desk.author(),
        )
    )


async def of_statement(tx: AsyncConnection, statement: Row, *, after: UUID | None = None, limit: int) -> list[Row]:
    """Differences of a statement, oldest first."""
    where = "d.county_code = :county_code AND d.statement_id = :statement_id"
    values: dict[str, Any] = {"county_code": statement["county_code"], "statement_id": statement["id"]}
    if after is not None:
        where += " AND d.id > :after"
        values["after"] = after
    return await _found(tx, where, values, limit)


async def find(desk: Desk, difference_id: UUID) -> Row | None:
    """A difference of a statement that the caller may see; None where there is none."""
    where = "d.id = :id"
    values: dict[str, Any] = {"id": difference_id}
    if desk.hospital_code is not None:
        where += " AND s.hospital_code = :hospital_code"
        values |= {"hospital_code": desk.hospital_code}
    else:
        where += " AND d.county_code = :county_code"
        values |= {"county_code": desk.county_code}
    if desk.payers is not None:
        where += " AND s.payer = ANY (:payers)"
        values |= {"payers": desk.payers}
    found = await _found(desk.tx, where, values, 1)
    return found[0] if found else None


async def _found(tx: AsyncConnection, where: str, values: dict[str, Any], limit: int) -> list[Row]:
    query = text(_FOUND.format(where=where))
    return [_read(dict(row)) for row in (await tx.execute(query, values | {"limit": limit})).mappings()]


def _read(row: Row) -> Row:
    """A difference with its history, to which a correction that it waited for belongs."""
    if row["corrected_at"] is None:
        return row
    step: Row = {"status": "resolved", "resolution": "correct", "note": f"settlement {row['corrected_by']}"}
    step |= {"client_id": CORRECTED_BY, "operator": None, "at": row["corrected_at"].isoformat()}
    return row | {"status": "resolved", "history": [*row["history"], step]}


async def corrected(tx: AsyncConnection, difference: Row) -> int:
    """By how much its case was corrected since the statement was issued (fen, negative where it is less now)."""
    values = {"county_code": difference["county_code"], "id": difference["id"]}
    found: int | None = await tx.scalar(_CORRECTIONS, values)
    return found or 0


def answer(row: Row, today: date) -> dict[str, Any]:
    """A difference as it is answered: what it is, who has to act, its history, and how old it is or came to be."""
    until = today
    if row["status"] in ("resolved", "gone"):
        until = datetime.fromisoformat(row["history"][-1]["at"]).astimezone(COUNTY_ZONE).date()
    return {
        "id": str(row["id"]),
        "statement_id": str(row["statement_id"]),
        "kind": row["kind"],
        "reference": row["reference"],
        "line_no": row["line_no"],
        "row_no": row["row_no"],
        "ours": _yuan(row["ours"]),
        "theirs": _yuan(row["theirs"]),
        "elsewhere": row["elsewhere"],
        "owner": row["owner"],
        "status": row["status"],
        "opened_on": row["opened_on"],
        "age_days": (until - row["opened_on"]).days,
        "history": row["history"],
    }


def _yuan(amount: int | None) -> str | None:
    return yuan(amount) if amount is not None else None
