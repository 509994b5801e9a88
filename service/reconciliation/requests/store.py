"""All SQL on requests for a statement."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import exists, insert, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.ledger.model import hospital
from service.reconciliation.requests.tables import requests

_ONE_BY_ONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_PARTS: Final = text("""
    SELECT DISTINCT p.payer, CAST(s.id AS text) AS statement_id, s.period FROM postings p
    LEFT JOIN statement_lines l ON l.county_code = p.county_code AND l.payer = p.payer AND l.origin = p.origin
    LEFT JOIN statements s ON s.county_code = l.county_code AND s.id = l.statement_id
    WHERE p.county_code = :county_code AND p.payer = ANY (:payers) AND p.payee = :payee
        AND p.on_day BETWEEN :begins_on AND :ends_on AND p.entry_id = p.origin AND 'unbilled' IN (p.source, p.target)
    ORDER BY p.payer, s.period, statement_id
""")


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A hospital's request to be paid for the visits of some days, both included (fen).

    `clr_type`: the kind of visits by the national code list. `total`: their cost; `amount`: what the funds pay of it.
    """

    county_code: str
    id: UUID
    hospital_code: str
    clr_type: str
    begins_on: date
    ends_on: date
    visits: int
    total: int
    amount: int
    at: datetime
    withdrawn_at: datetime | None = None
    refused_at: datetime | None = None
    refusal: str | None = None


class Part(NamedTuple):
    """A payer who owes something of a request's days, and the statement that bills it; None where none does yet."""

    payer: str
    statement_id: str | None
    period: str | None


class Scope(NamedTuple):
    """Whose requests may be seen: of a county, or a hospital's own in every county."""

    county_code: str
    hospital_code: str | None


_COLUMNS: Final = tuple(requests.c[each.name] for each in fields(Asked))


def _asked(row: Any) -> Asked:
    # asyncpg has a UUID class of its own.
    return Asked(**dict(row._mapping) | {"id": UUID(bytes=row.id.bytes)})


def _seen(scope: Scope) -> Any:
    if scope.hospital_code is not None:
        return requests.c.hospital_code == scope.hospital_code
    return requests.c.county_code == scope.county_code


async def overlapping(tx: AsyncConnection, asked: Asked) -> Asked | None:
    """
    An open request of the same hospital and kind for some of the same days.

    Requests of one hospital and kind wait for each other from here on.
    """
    await tx.execute(_ONE_BY_ONE, {"key": f"statement request {asked.hospital_code} {asked.clr_type}"})
    r = requests.c
    query = select(*_COLUMNS).where(
        r.county_code == asked.county_code,
        r.hospital_code == asked.hospital_code,
        r.clr_type == asked.clr_type,
        r.withdrawn_at.is_(None),
        r.refused_at.is_(None),
        r.begins_on <= asked.ends_on,
        r.ends_on >= asked.begins_on,
    )
    row = (await tx.execute(query.order_by(r.id).limit(1))).one_or_none()
    return None if row is None else _asked(row)


async def add(tx: AsyncConnection, asked: Asked) -> None:
    await tx.execute(insert(requests).values({each.name: getattr(asked, each.name) for each in fields(Asked)}))


async def locked(tx: AsyncConnection, scope: Scope, request_id: UUID) -> Asked | None:
    """A request that is about to be ended; nobody else ends it meanwhile."""
    query = select(*_COLUMNS).where(_seen(scope), requests.c.id == request_id).with_for_update()
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else _asked(row)


async def end(tx: AsyncConnection, asked: Asked, **values: Any) -> None:
    """Keep that a request was withdrawn or refused."""
    mine = (requests.c.county_code == asked.county_code, requests.c.id == asked.id)
    await tx.execute(update(requests).where(*mine).values(**values))


async def listed(
    tx: AsyncConnection,
    scope: Scope,
    *,
    hospital_code: str | None,
    open_: bool | None,
    payers: list[str] | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Asked]:
    """Requests, the newest first; `payers`: only those of whose days one of them owes something."""
    r = requests.c
    query = select(*_COLUMNS).where(_seen(scope)).order_by(r.at.desc(), r.id.desc()).limit(limit)
    if hospital_code is not None:
        query = query.where(r.hospital_code == hospital_code)
    if open_ is not None:
        is_open = r.withdrawn_at.is_(None) & r.refused_at.is_(None)
        query = query.where(is_open if open_ else ~is_open)
    if payers is not None:
        owes = text(
            "p.county_code = statement_requests.county_code AND p.payer = ANY (:payers)"
            " AND p.payee = :prefix || statement_requests.hospital_code"
            " AND p.on_day BETWEEN statement_requests.begins_on AND statement_requests.ends_on"
        ).bindparams(payers=payers, prefix=hospital(""))
        query = query.where(exists(select(text("1")).select_from(text("postings p")).where(owes)))
    if after is not None:
        query = query.where(tuple_(r.at, r.id) < tuple_(*after))
    return [_asked(row) for row in await tx.execute(query)]


async def parts(tx: AsyncConnection, asked: Asked, payers: list[str]) -> list[Part]:
    """Who of some payers owes something of a request's days, and on which statements it stands."""
    values = {"county_code": asked.county_code, "begins_on": asked.begins_on, "ends_on": asked.ends_on}
    found = await tx.execute(_PARTS, values | {"payee": hospital(asked.hospital_code), "payers": payers})
    return [Part(*row) for row in found]
