"""Closings kept and read again, and what the ledger says of their periods today."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.ledger import store as ledger
from service.ledger.model import hospital, person
from service.reconciliation.closings.tables import closing_balances, closings
from service.reconciliation.desk import Desk

Row = dict[str, Any]
Account = tuple[str, str]
"""Payee and state."""
PATIENTS: Final = person("*")
"""All patients together: a closing needs no list of persons."""
_CLOSINGS: Final = """
    SELECT c.*, s.balances FROM closings c CROSS JOIN LATERAL (
        SELECT coalesce(json_agg(json_build_array(b.payee, b.state, b.amount) ORDER BY b.payee, b.state), '[]')
            AS balances
        FROM closing_balances b WHERE b.county_code = c.county_code AND b.closing_id = c.id {accounts}) s
    WHERE {where} ORDER BY c.period_to DESC, c.id DESC LIMIT :limit
"""


async def stop_posting(tx: AsyncConnection) -> None:
    """
    Wait for whoever is posting, and let nobody post until the closing stands: a posting begun before it could
    otherwise be committed after it, on a day of the closed period.
    """
    await tx.execute(text("LOCK TABLE postings IN SHARE MODE"))


async def closed_to(tx: AsyncConnection, county_code: str, payer: str) -> Any:
    """The last day of a payer's latest closed period; None where none is closed."""
    query = "SELECT max(period_to) FROM closings WHERE county_code = :county_code AND payer = :payer"
    return await tx.scalar(text(query), {"county_code": county_code, "payer": payer})


async def stood(tx: AsyncConnection, closing: Row) -> dict[Account, int]:
    """What stands on each account of a payer at the end of a period, by the ledger (fen)."""
    sums: dict[Account, int] = {}
    found = await ledger.balances(tx, [closing["county_code"]], as_of=closing["period_to"], payers=[closing["payer"]])
    for one in found:
        payee = one.payee if one.payee.startswith(hospital("")) else PATIENTS
        account = (payee, str(one.state))
        sums[account] = sums.get(account, 0) + one.amount
    return {account: amount for account, amount in sums.items() if amount}


async def add(tx: AsyncConnection, closing: Row, balances: dict[Account, int]) -> bool:
    """Keep a closing. False where the period is closed already."""
    statement = insert_or(closings).values(closing).on_conflict_do_nothing()
    if await tx.scalar(statement.returning(closings.c.id)) is None:
        return False
    key = {"county_code": closing["county_code"], "closing_id": closing["id"]}
    rows = [
        key | {"payee": payee, "state": state, "amount": amount} for (payee, state), amount in sorted(balances.items())
    ]
    if rows:
        await tx.execute(insert(closing_balances), rows)
    return True


async def closings_of(
    desk: Desk, *, payer: str | None = None, ids: list[UUID] | None = None, after: Row | None = None, limit: int
) -> list[Row]:
    """Closings that the caller may see, latest period first; a hospital sees its own accounts of them."""
    values: dict[str, Any] = {"limit": limit, "county_codes": desk.county_codes}
    where, accounts = ["c.county_code = ANY (:county_codes)"], ""
    if desk.hospital_code is not None:
        accounts, values["payee"] = "AND b.payee = :payee", hospital(desk.hospital_code)
    payers = [payer] if payer is not None else desk.payers
    if payers is not None:
        where.append("c.payer = ANY (:payers)")
        values["payers"] = [one for one in payers if desk.payers is None or one in desk.payers]
    if ids is not None:
        where.append("c.id = ANY (CAST(:ids AS uuid[]))")
        values["ids"] = ids
    if after is not None:
        where.append("(c.period_to, c.id) < (:after_to, :after_id)")
        values |= after
    query = text(_CLOSINGS.format(where=" AND ".join(where), accounts=accounts))
    return [dict(row) for row in (await desk.tx.execute(query, values)).mappings()]


async def disagreeing(tx: AsyncConnection, county_code: str) -> list[Row]:
    """Every account of every closed period on which the ledger says something else than was closed, for a proof."""
    query = text(_CLOSINGS.format(where="c.county_code = :county_code", accounts=""))
    rows = (await tx.execute(query, {"county_code": county_code, "limit": None})).mappings().all()
    wrong: list[Row] = []
    for row in rows:
        closed, now = kept(dict(row)), await stood(tx, dict(row))
        wrong += [
            {"id": row["id"], "payer": row["payer"], "period": row["period"], "payee": payee, "state": state}
            | {"closed": closed.get((payee, state), 0), "ledger": now.get((payee, state), 0)}
            for payee, state in sorted({*closed, *now})
            if closed.get((payee, state), 0) != now.get((payee, state), 0)
        ]
    return wrong


def kept(closing: Row) -> dict[Account, int]:
    """What a closing says stood on each account."""
    return {(payee, state): amount for payee, state, amount in closing["balances"]}
