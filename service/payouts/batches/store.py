"""All SQL on batches. Everything is asked within a county."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Uuid, bindparam, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.resealing import Sealed
from service.access.vault import Vault
from service.ledger.model import PERSON
from service.payouts.batches.model import Returned, Step
from service.payouts.tables import payout_batches, payout_items, payout_outcomes, payout_parts, payout_steps
from service.reconciliation.desk import Desk
from service.registers.entries import BankAccount

Row = dict[str, Any]
_NUMBERS: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('payout_batches/' || :county_code, 0))")
_BATCHES: Final = """
    SELECT b.*, t.released_by, t.released_at, o.paid, o.returned, CASE
        WHEN t.answered THEN 'answered' WHEN t.withdrawn THEN 'withdrawn'
        WHEN t.released_at IS NOT NULL THEN 'released' ELSE 'draft' END AS status
    FROM payout_batches b
    CROSS JOIN LATERAL (SELECT bool_or(kind = 'answered') AS answered, bool_or(kind = 'withdrawn') AS withdrawn,
        max(at) FILTER (WHERE kind = 'released') AS released_at,
        max(operator) FILTER (WHERE kind = 'released') AS released_by
        FROM payout_steps s WHERE s.county_code = b.county_code AND s.batch_id = b.id) t
    CROSS JOIN LATERAL (SELECT
        coalesce(sum(i.amount) FILTER (WHERE r.came_back), 0)::bigint AS returned,
        coalesce(sum(i.amount) FILTER (WHERE NOT r.came_back), 0)::bigint AS paid
        FROM payout_items i CROSS JOIN LATERAL (SELECT bool_or(outcome = 'returned') AS came_back
            FROM payout_outcomes x WHERE x.county_code = i.county_code AND x.item_id = i.id) r
        WHERE i.county_code = b.county_code AND i.batch_id = b.id) o
    WHERE b.county_code = :county_code {where} ORDER BY b.id DESC LIMIT :limit
"""
_ITEMS: Final = """
    SELECT * FROM (
        SELECT i.*, b.payer, b.pay_on, r.on_day, r.reason, c.cleared, CASE
            WHEN r.outcome = 'returned' AND NOT c.cleared AND i.attempt > 1 THEN 'clerk'
            WHEN r.outcome IS NOT NULL THEN r.outcome
            WHEN s.withdrawn THEN 'withdrawn' WHEN s.released THEN 'sent' ELSE 'ordered' END AS status
        FROM payout_items i JOIN payout_batches b ON b.county_code = i.county_code AND b.id = i.batch_id
        CROSS JOIN LATERAL (SELECT coalesce(bool_or(kind = 'released'), false) AS released,
            coalesce(bool_or(kind = 'withdrawn'), false) AS withdrawn FROM payout_steps
            WHERE county_code = i.county_code AND batch_id = i.batch_id) s
        CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM payout_steps
            WHERE county_code = i.county_code AND item_id = i.id AND kind = 'cleared') AS cleared) c
        LEFT JOIN LATERAL (SELECT outcome, on_day, reason FROM payout_outcomes
            WHERE county_code = i.county_code AND item_id = i.id ORDER BY outcome DESC LIMIT 1) r ON true
        WHERE i.county_code = :county_code {where}) found
    WHERE {and_then} ORDER BY batch_id DESC, line_no LIMIT :limit
"""
_RETURNED: Final = text("""
    SELECT DISTINCT ON (t.origin, t.layer) t.origin, t.layer, i.id, i.attempt, i.account_key,
        EXISTS (SELECT FROM payout_steps s WHERE s.county_code = i.county_code AND s.item_id = i.id
            AND s.kind = 'cleared') AS cleared
    FROM payout_parts t
    JOIN payout_items i ON i.county_code = t.county_code AND i.id = t.item_id
    JOIN payout_outcomes r ON r.county_code = i.county_code AND r.item_id = i.id AND r.outcome = 'returned'
    WHERE t.county_code = :county_code AND t.origin = ANY (CAST(:origins AS uuid[]))
    ORDER BY t.origin, t.layer, i.attempt DESC, i.id DESC
""")
# Whom a part is owed to by the ledger: somebody else than is paid where two entries of one person were joined.
_PAYEE: Final = f"""
    SELECT p.payee FROM postings p WHERE p.county_code = t.county_code AND p.origin = t.origin
        AND p.entry_id = t.origin AND p.layer = t.layer AND p.payer = t.payer AND p.payee LIKE '{PERSON}%' LIMIT 1
"""
_PAYEES: Final = f"""
    SELECT DISTINCT o.payee FROM payout_items i
    JOIN payout_parts t ON t.county_code = i.county_code AND t.item_id = i.id
    CROSS JOIN LATERAL ({_PAYEE}) o
    WHERE i.county_code = :county_code AND i.batch_id = :batch_id AND i.id = coalesce(:item_id, i.id)
"""
_CLAIMS: Final = text("""
    SELECT DISTINCT e.case_id, t.layer FROM payout_items i
    JOIN payout_parts t ON t.county_code = i.county_code AND t.item_id = i.id
    JOIN ledger_entries e ON e.county_code = t.county_code AND e.id = t.origin
    WHERE i.county_code = :county_code AND i.batch_id = :batch_id
""")
_MOVE: Final = text(f"""
    INSERT INTO postings (county_code, origin, entry_id, position, amount, on_day, layer, payer, payee, source, target)
    SELECT t.county_code, t.origin, :entry_id, row_number() OVER (PARTITION BY t.origin ORDER BY h.place, t.layer) - 1,
        abs(t.amount), :on_day, t.layer, t.payer, o.payee,
        CASE WHEN t.amount > 0 THEN h.source ELSE h.target END, CASE WHEN t.amount > 0 THEN h.target ELSE h.source END
    FROM payout_parts t CROSS JOIN LATERAL ({_PAYEE}) o
    JOIN jsonb_to_recordset(CAST(:hops AS jsonb)) AS h (item_id uuid, place int, source text, target text)
        ON h.item_id = t.item_id
    WHERE t.county_code = :county_code
""")


async def take_number(tx: AsyncConnection, county_code: str) -> int:
    """The number of the county's next batch; whoever makes another one waits until this transaction ends."""
    await tx.execute(_NUMBERS, {"county_code": county_code})
    c = payout_batches.c
    return 1 + (await tx.scalar(select(func.max(c.number)).where(c.county_code == county_code)) or 0)


async def returned(
    tx: AsyncConnection, county_code: str, origins: Sequence[UUID]
) -> dict[tuple[object, str], Returned]:
    """Of claims whose transfers came back: the last one, by origin and layer."""
    rows = await tx.execute(_RETURNED, {"county_code": county_code, "origins": list(set(origins))})
    return {(row.origin, row.layer): Returned(row.id, row.attempt, row.account_key, row.cleared) for row in rows}


async def add(tx: AsyncConnection, batch: Row, items: list[Row], parts: list[Row]) -> None:
    """Keep a batch with its transfers and what they are made of."""
    await tx.execute(insert(payout_batches).values(batch))
    await tx.execute(insert(payout_items), items)
    await tx.execute(insert(payout_parts), parts)


async def add_step(tx: AsyncConnection, step: Row) -> None:
    """Keep what was done; the caller holds the batch, so nobody else does it too."""
    await tx.execute(insert(payout_steps).values(step))


async def add_outcomes(tx: AsyncConnection, outcomes: list[Row]) -> None:
    """Keep what the bank said of transfers."""
    await tx.execute(insert(payout_outcomes), outcomes)


async def move(
    tx: AsyncConnection, county_code: str, entry_id: UUID, on_day: date, hops: Sequence[tuple[UUID, str, str]]
) -> None:
    """Move the parts of transfers (item, from, to), hop after hop, as postings of an entry that was begun."""
    rows = [
        {"item_id": str(item_id), "place": place, "source": source, "target": target}
        for place, (item_id, source, target) in enumerate(hops)
    ]
    asked = {"county_code": county_code, "entry_id": entry_id, "on_day": on_day, "hops": orjson.dumps(rows).decode()}
    await tx.execute(_MOVE, asked)


async def payees_of(tx: AsyncConnection, county_code: str, batch_id: UUID, item_id: UUID | None = None) -> list[str]:
    """The numbers of those whose claims a batch, or one of its transfers, pays: their turns are to be taken."""
    asked = {"county_code": county_code, "batch_id": batch_id, "item_id": item_id}
    found = await tx.scalars(text(_PAYEES).bindparams(bindparam("item_id", type_=Uuid)), asked)
    return [payee.removeprefix(PERSON) for payee in found]


async def claims_of(tx: AsyncConnection, county_code: str, batch_id: UUID) -> set[tuple[UUID, str]]:
    """The claims that a batch pays, by case and layer."""
    rows = await tx.execute(_CLAIMS, {"county_code": county_code, "batch_id": batch_id})
    return {(row.case_id, row.layer) for row in rows}


async def end(tx: AsyncConnection, county_code: str, item_ids: Sequence[UUID]) -> None:
    """These transfers are in a live batch no more."""
    c = payout_parts.c
    query = update(payout_parts).where(c.county_code == county_code, c.item_id.in_(item_ids), c.live)
    await tx.execute(query.values(live=False))


async def hold(tx: AsyncConnection, county_code: str, batch_id: UUID) -> None:
    """Let nobody else change a batch until this transaction ends."""
    c = payout_batches.c
    await tx.execute(select(c.id).where(c.county_code == county_code, c.id == batch_id).with_for_update())


async def batches_of(
    desk: Desk,
    *,
    batch_id: UUID | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[Row]:
    """Batches that the caller may see, newest first."""
    values: dict[str, Any] = {"county_code": desk.county_code, "limit": limit}
    where = ""
    if desk.payers is not None:
        where, values["payers"] = " AND b.payer = ANY (:payers)", desk.payers
    if batch_id is not None:
        where, values["id"] = f"{where} AND b.id = :id", batch_id
    if after is not None:
        where, values["after"] = f"{where} AND b.id < :after", after
    return [dict(row) for row in (await desk.tx.execute(text(_BATCHES.format(where=where)), values)).mappings()]


async def items_of(
    desk: Desk,
    *,
    batch_id: UUID | None = None,
    item_id: UUID | None = None,
    person_no: str | None = None,
    status: str | None = None,
    after: tuple[UUID, int] | None = None,
    limit: int | None,
) -> list[Row]:
    """Transfers that the caller may see: those of the newest batch first, in the order of its file."""
    values: dict[str, Any] = {"county_code": desk.county_code, "limit": limit}
    where, and_then = "", "true"
    if desk.payers is not None:
        where, values["payers"] = " AND b.payer = ANY (:payers)", desk.payers
    for column, value in (("batch_id", batch_id), ("id", item_id), ("person_no", person_no)):
        if value is not None:
            where, values[column] = f"{where} AND i.{column} = :{column}", value
    if status is not None:
        and_then, values["status"] = "status = :status", status
    if after is not None:
        and_then += " AND (batch_id < :after_batch OR (batch_id = :after_batch AND line_no > :after_line))"
        values["after_batch"], values["after_line"] = after
    rows = await desk.tx.execute(text(_ITEMS.format(where=where, and_then=and_then)), values)
    return [dict(row) for row in rows.mappings()]


async def answer_hash(tx: AsyncConnection, county_code: str, batch_id: UUID) -> bytes | None:
    """Of which content the bank's answer to a batch was; None where there is none yet."""
    c = payout_steps.c
    query = select(c.content_hash).where(c.county_code == county_code, c.batch_id == batch_id, c.kind == Step.ANSWERED)
    found: bytes | None = await tx.scalar(query)
    return found


def seal(vault: Vault, item_id: UUID, account: BankAccount) -> bytes:
    """The account of a transfer as it is kept."""
    return vault.encrypt(orjson.dumps(asdict(account)).decode(), bound_to=_place(item_id))


def opened(vault: Vault, row: Row) -> BankAccount:
    """The account that a transfer goes to."""
    return BankAccount(**orjson.loads(vault.decrypt(row["account_enc"], bound_to=_place(row["id"]))))


def account_key(vault: Vault, account: BankAccount) -> bytes:
    """By which an account is known again without being opened."""
    return vault.fingerprint("payout_account", f"{account.holder}\x00{account.number}")


def _place(item_id: UUID) -> str:
    return f"payout:{item_id}"


SEALED: Final = (Sealed(payout_items, {"account_enc": lambda row: _place(row["id"])}),)
"""What batches keep sealed, for `access.resealing`."""
