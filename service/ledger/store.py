"""Every statement of the ledger's own: entries written, balances summed. Values in, values out; never commits."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.ledger.model import Cause, Claimed, Entry, Posting, State

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
_CLAIMED: Final = text("""
    SELECT p.layer, p.payer, p.payee,
        coalesce(sum(CASE p.target WHEN 'unbilled' THEN p.amount ELSE -p.amount END) FILTER (
            WHERE p.entry_id = p.origin AND e.cause IN ('settlement', 'readjudication', 'reversal')), 0)::bigint
            AS amount,
        sum(CASE 'unbilled' WHEN p.target THEN p.amount WHEN p.source THEN -p.amount ELSE 0 END)::bigint AS unbilled
    FROM ledger_entries e JOIN postings p ON p.county_code = e.county_code AND p.origin = e.id
    WHERE e.county_code = :county_code AND (e.id = :case_id OR (e.case_id = :case_id AND e.case_id <> e.id))
    GROUP BY p.layer, p.payer, p.payee ORDER BY p.layer, p.payer, p.payee
""")
_ENTRY: Final = text("""
    SELECT layer, payer, payee, source, target, amount FROM postings
    WHERE county_code = :county_code AND origin = :id AND entry_id = :id ORDER BY position
""")
_BALANCES: Final = """
    SELECT payer, payee, state, sum(amount)::bigint AS amount FROM (
        SELECT payer, payee, target AS state, amount FROM postings
        WHERE county_code = ANY (:county_codes) AND on_day <= :as_of {where}
        UNION ALL
        SELECT payer, payee, source, -amount FROM postings
        WHERE county_code = ANY (:county_codes) AND on_day <= :as_of {where}
    ) AS moved GROUP BY payer, payee, state HAVING sum(amount) <> 0 ORDER BY payer, payee, state
"""


_COLUMNS: Final = tuple(field.name for field in fields(Entry))


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
    return [_row(entry)], [
        {**key, "position": position, "on_day": entry.on_day, **posting._asdict()}
        for position, posting in enumerate(postings)
    ]


def _row(entry: Entry) -> dict[str, Any]:
    # Every discharge makes one: `asdict` would copy each value as deep as it goes.
    return {name: getattr(entry, name) for name in _COLUMNS}


async def post(tx: AsyncConnection, entry: Entry, postings: Sequence[Posting], *, origin: UUID | None = None) -> None:
    """
    Write one entry. `origin` names the claim that it moves on; left out, a claim begins with it.

    Nothing is written where there are no postings: an entry that moves nothing does not exist.
    """
    made, moved = rows(entry, postings, origin=origin)
    if moved:
        await tx.execute(_POST, {"entry": orjson.dumps(made).decode(), "postings": orjson.dumps(moved).decode()})


async def claimed(tx: AsyncConnection, county_code: str, case_id: UUID) -> list[Claimed]:
    """What a case makes payers owe so far, over its versions and their reversal."""
    found = await tx.execute(_CLAIMED, {"county_code": county_code, "case_id": case_id})
    return [Claimed(*row) for row in found]


async def entry(tx: AsyncConnection, county_code: str, entry_id: UUID) -> list[Posting]:
    """What an entry posted that began a claim."""
    found = await tx.execute(_ENTRY, {"county_code": county_code, "id": entry_id})
    return [Posting(layer, payer, payee, State(a), State(b), amount) for layer, payer, payee, a, b, amount in found]


async def enter(tx: AsyncConnection, entry: Entry) -> None:
    """Write the entry alone, for a statement that writes its postings set by set in the same transaction."""
    await tx.execute(_ENTER, _row(entry))


async def balances(
    tx: AsyncConnection,
    county_codes: Sequence[str],
    *,
    as_of: date,
    payers: Sequence[str] | None = None,
    payee: str | None = None,
    hospitals: bool = False,
) -> list[Balance]:
    """
    Every account of some counties that is not empty at the end of a day, per payer, payee and state; with
    `hospitals`, those of hospitals alone.
    """
    where = " AND payee LIKE 'hospital:%'" if hospitals else ""
    values: dict[str, Any] = {"as_of": as_of, "county_codes": list(county_codes)}
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


class Flow(NamedTuple):
    """What happened between a payer and a hospital over some days, in fen. `owed` = what stands open at the ends."""

    payer: str
    payee: str
    owed_before: int
    advanced: int
    reversed: int
    billed: int
    paid: int
    returned: int
    deducted: int
    released: int
    owed_after: int


_OPEN_STATES: Final = "('unbilled', 'billed', 'returned')"
_FLOWS: Final = """
    SELECT p.payer, p.payee,
        coalesce(sum({net}) FILTER (WHERE p.on_day < :first), 0)::bigint AS owed_before,
        coalesce(sum(p.amount) FILTER (WHERE {within} AND p.source = 'fund' AND p.target = 'unbilled'
            AND e.cause <> 'hold'), 0)::bigint AS advanced,
        coalesce(sum(p.amount) FILTER (WHERE {within} AND p.source = 'unbilled' AND p.target = 'fund'
            AND e.cause <> 'hold'), 0)::bigint AS reversed,
        coalesce(sum(CASE WHEN p.source = 'unbilled' THEN p.amount ELSE -p.amount END)
            FILTER (WHERE {within} AND e.cause = 'statement'), 0)::bigint AS billed,
        coalesce(sum(CASE WHEN p.target = 'paid' THEN p.amount ELSE -p.amount END)
            FILTER (WHERE {within} AND 'paid' IN (p.source, p.target) AND e.cause = 'payment'), 0)::bigint AS paid,
        coalesce(sum(CASE WHEN p.source = 'paid' THEN p.amount ELSE -p.amount END)
            FILTER (WHERE {within} AND e.cause = 'return' AND 'paid' IN (p.source, p.target)), 0)::bigint AS returned,
        coalesce(sum(p.amount) FILTER (WHERE {within} AND p.target = 'deducted'), 0)::bigint AS deducted,
        coalesce(sum(p.amount) FILTER (WHERE {within} AND p.source = 'deducted'), 0)::bigint AS released,
        coalesce(sum({net}), 0)::bigint AS owed_after
    FROM postings p JOIN ledger_entries e ON e.county_code = p.county_code AND e.id = p.entry_id
    WHERE {scope} AND p.payee LIKE 'hospital:%' AND p.on_day <= :last
    GROUP BY p.payer, p.payee ORDER BY p.payer, p.payee
"""
_NET: Final = (
    f"CASE WHEN p.target IN {_OPEN_STATES} THEN p.amount ELSE 0 END"
    f" - CASE WHEN p.source IN {_OPEN_STATES} THEN p.amount ELSE 0 END"
)


async def flows(
    tx: AsyncConnection,
    county_codes: Sequence[str],
    *,
    first: date,
    last: date,
    payers: Sequence[str] | None = None,
    payee: str | None = None,
) -> list[Flow]:
    """
    What happened between each payer and each hospital of some counties, from a day to another.

    owed_after = owed_before + advanced - reversed - (paid - returned) - (deducted - released).
    """
    values: dict[str, Any] = {"first": first, "last": last, "county_codes": list(county_codes)}
    scope = ["p.county_code = ANY (:county_codes)"]
    if payers is not None:
        scope.append("p.payer = ANY (:payers)")
        values["payers"] = list(payers)
    if payee is not None:
        scope.append("p.payee = :payee")
        values["payee"] = payee
    query = _FLOWS.format(net=_NET, within="p.on_day >= :first", scope=" AND ".join(scope))
    return [Flow(*row) for row in await tx.execute(text(query), values)]


class Move(NamedTuple):
    """One posting with the cause of its entry: what happened to an amount (fen), between whom, and when."""

    cause: Cause
    at: datetime
    payer: str
    payee: str
    source: State
    target: State
    amount: int


_MOVES: Final = text("""
    SELECT e.cause, e.at, p.payer, p.payee, p.source, p.target, p.amount FROM postings p
    JOIN ledger_entries e ON e.county_code = p.county_code AND e.id = p.entry_id
    WHERE p.county_code = :county_code AND p.origin = ANY (CAST(:origins AS uuid[]))
    ORDER BY e.at, p.entry_id, p.position
""")


async def moves(tx: AsyncConnection, county_code: str, origins: Sequence[UUID]) -> list[Move]:
    """Everything that happened to the claims that began with these entries, in order."""
    found = await tx.execute(_MOVES, {"county_code": county_code, "origins": list(origins)})
    return [
        Move(Cause(row.cause), row.at, row.payer, row.payee, State(row.source), State(row.target), row.amount)
        for row in found
    ]
