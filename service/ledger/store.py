"""Every statement of the ledger's own: entries written, balances summed. Values in, values out; never commits."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.ledger.model import Entry, Posting, State

_POST: Final = text("""
WITH entry AS (
    INSERT INTO ledger_entries SELECT * FROM jsonb_populate_recordset(NULL::ledger_entries, CAST(:entry AS jsonb))
)
INSERT INTO postings SELECT * FROM jsonb_populate_recordset(NULL::postings, CAST(:postings AS jsonb))
""")
_ENTER: Final = text("""
    INSERT INTO ledger_entries (county_code, id, cause, settlement_id, case_id, at, on_day)
    VALUES (:county_code, :id, :cause, :settlement_id, :case_id, :at, :on_day)
""")
_ADD: Final = text(
    "INSERT INTO postings SELECT * FROM jsonb_populate_recordset(NULL::postings, CAST(:postings AS jsonb))"
)
_BALANCES: Final = """
    SELECT payer, payee, state, sum(amount)::bigint AS amount FROM (
        SELECT payer, payee, target AS state, amount FROM postings
        WHERE county_code = :county_code AND on_day <= :as_of {where}
        UNION ALL
        SELECT payer, payee, source, -amount FROM postings
        WHERE county_code = :county_code AND on_day <= :as_of {where}
    ) AS moved GROUP BY payer, payee, state HAVING sum(amount) <> 0 ORDER BY payer, payee, state
"""


class Balance(NamedTuple):
    """What stands on one account, in fen. The fund's own is negative: everything came from it."""

    payer: str
    payee: str
    state: State
    amount: int


def rows(
    entry: Entry, postings: Sequence[Posting], *, origin: UUID | None = None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The entry and its postings as rows, for a statement that writes them; both empty where nothing moves."""
    if not postings:
        return [], []
    key = {"county_code": entry.county_code, "entry_id": entry.id, "origin": origin or entry.id}
    return [asdict(entry)], [
        {**key, "position": position, "on_day": entry.on_day, **posting._asdict()}
        for position, posting in enumerate(postings)
    ]


async def post(tx: AsyncConnection, entry: Entry, postings: Sequence[Posting], *, origin: UUID | None = None) -> None:
    """
    Write one entry. `origin` names the claim that it moves on; left out, a claim begins with it.

    Nothing is written where there are no postings: an entry that moves nothing does not exist.
    """
    made, moved = rows(entry, postings, origin=origin)
    if moved:
        await tx.execute(_POST, {"entry": orjson.dumps(made).decode(), "postings": orjson.dumps(moved).decode()})


async def enter(tx: AsyncConnection, entry: Entry) -> None:
    """Write the entry alone, for a statement that writes its postings set by set in the same transaction."""
    await tx.execute(_ENTER, asdict(entry))


async def balances(
    tx: AsyncConnection,
    county_code: str,
    *,
    as_of: date,
    payers: Sequence[str] | None = None,
    payee: str | None = None,
) -> list[Balance]:
    """Every account of a county that is not empty at the end of a day: per payer, payee and state."""
    where = ""
    values: dict[str, Any] = {"county_code": county_code, "as_of": as_of}
    if payers is not None:
        where += " AND payer = ANY (:payers)"
        values["payers"] = list(payers)
    if payee is not None:
        where += " AND payee = :payee"
        values["payee"] = payee
    found = await tx.execute(text(_BALANCES.format(where=where)), values)
    return [Balance(row.payer, row.payee, State(row.state), row.amount) for row in found]


async def add(tx: AsyncConnection, county_code: str, entry_id: UUID, on_day: date, postings: Sequence[Posting]) -> None:
    """Add postings of its own to an entry that was begun with `enter`."""
    key = {"county_code": county_code, "entry_id": entry_id, "origin": entry_id, "on_day": on_day}
    made = [{**key, "position": position, **posting._asdict()} for position, posting in enumerate(postings)]
    await tx.execute(_ADD, {"postings": orjson.dumps(made).decode()})
