"""Every statement about amendments of the law. Values in, values out; never commits."""

from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.policy.tables import policy_amendments

_FIRST = "first_day"


@dataclass(frozen=True, slots=True)
class Amended:
    """
    A county's new text of a pack, by its hash: in the place of `replaces`, from `first` on, once it is approved.
    """

    county_code: str
    id: UUID
    replaces: str
    hash: str
    first: date
    note: str
    client_id: str
    operator: str
    at: datetime
    approved_by: str | None = None
    approved_client_id: str | None = None
    approved_at: datetime | None = None


async def approved(tx: AsyncConnection) -> list[Amended]:
    """The amendments in force, in the order of their approval: those of every county that the transaction sees."""
    a = policy_amendments.c
    query = select(policy_amendments).where(a.approved_at.is_not(None)).order_by(a.approved_at, a.id)
    return [_amended(row) for row in (await tx.execute(query)).mappings()]


async def add(tx: AsyncConnection, amended: Amended) -> None:
    """Keep an amendment that is not approved."""
    row = asdict(amended)
    row[_FIRST] = row.pop("first")
    await tx.execute(insert(policy_amendments).values(row))


async def find(tx: AsyncConnection, county_code: str, amendment_id: UUID, *, lock: bool = False) -> Amended | None:
    """One amendment of a county; with `lock`, nobody else approves it meanwhile."""
    query = select(policy_amendments).where(*_same(county_code, amendment_id))
    row = (await tx.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    return _amended(row) if row is not None else None


async def listed(tx: AsyncConnection, county_code: str, *, after: UUID | None, limit: int) -> list[Amended]:
    """The amendments of a county, newest first."""
    a = policy_amendments.c
    query = select(policy_amendments).where(a.county_code == county_code).order_by(a.id.desc()).limit(limit)
    if after is not None:
        query = query.where(a.id < after)
    return [_amended(row) for row in (await tx.execute(query)).mappings()]


async def approve(tx: AsyncConnection, amended: Amended, *, client_id: str, operator: str, at: datetime) -> None:
    """Put it in force."""
    values = {"approved_by": operator, "approved_client_id": client_id, "approved_at": at}
    await tx.execute(update(policy_amendments).where(*_same(amended.county_code, amended.id)).values(values))


def _same(county_code: str, amendment_id: UUID) -> tuple[Any, ...]:
    a = policy_amendments.c
    return a.county_code == county_code, a.id == amendment_id


def _amended(row: RowMapping) -> Amended:
    named = {field.name: row[_FIRST if field.name == "first" else field.name] for field in fields(Amended)}
    return Amended(**named)
