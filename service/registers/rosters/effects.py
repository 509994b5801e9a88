"""What was found of a list: pages of its changes, and the settlements that they touch."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.registers.rosters.model import ChangeKind, ChangeSeen, Roster
from service.registers.rosters.tables import roster_changes, roster_touched


async def changes_of(
    tx: AsyncConnection, roster: Roster, kinds: Sequence[ChangeKind], *, after: int, rows: int
) -> list[ChangeSeen]:
    """What a list changes, in the order of the file; those that are absent from it last."""
    c = roster_changes.c
    query = (
        select(roster_changes)
        .where(c.county_code == roster.county_code, c.roster_id == roster.id, c.position > after)
        .order_by(c.position)
        .limit(rows)
    )
    if kinds:
        query = query.where(c.kind.in_(kinds))
    return [_change(row) for row in (await tx.execute(query)).mappings()]


def _change(row: RowMapping) -> ChangeSeen:
    return ChangeSeen(
        row["position"],
        ChangeKind(row["kind"]),
        row["person_no"],
        row["identity_class"],
        row["row_no"],
        [(days.lower, _last(days.upper)) for days in row["days"]],
        row["other_source"],
        row["is_new"],
    )


def _last(upper: date | None) -> date | None:
    return None if upper is None else date.fromordinal(upper.toordinal() - 1)


_CHANGED_DAYS = text("""
    SELECT c.person_no, lower(d) AS first, upper(d) - 1 AS last
    FROM roster_changes c CROSS JOIN LATERAL unnest(c.days) d
    WHERE c.county_code = :county_code AND c.roster_id = :id AND c.position > :after AND c.position <= :until
        AND NOT c.is_new
""")


async def changed_days(
    tx: AsyncConnection, roster: Roster, *, after: int, until: int
) -> list[tuple[str, date | None, date | None]]:
    """The days that differ for persons whom the register knew before, of the changes between two positions."""
    values = {"county_code": roster.county_code, "id": roster.id, "after": after, "until": until}
    return [(row.person_no, row.first, row.last) for row in await tx.execute(_CHANGED_DAYS, values)]


async def last_change(tx: AsyncConnection, roster: Roster) -> int:
    """The position of the last change; 0 where there is none."""
    c = roster_changes.c
    query = select(func.max(c.position)).where(c.county_code == roster.county_code, c.roster_id == roster.id)
    return int(await tx.scalar(query) or 0)


async def changed_classes(
    tx: AsyncConnection, roster: Roster, persons: Sequence[str]
) -> list[tuple[str, str, list[tuple[date | None, date | None]]]]:
    """Person, class and days of every change that concerns these persons."""
    c = roster_changes.c
    query = select(c.person_no, c.identity_class, c.days).where(
        c.county_code == roster.county_code, c.roster_id == roster.id, c.person_no.in_(persons)
    )
    found = await tx.execute(query)
    return [(row.person_no, row.identity_class, [(d.lower, _last(d.upper)) for d in row.days]) for row in found]


async def set_touched(tx: AsyncConnection, roster: Roster, touched: Sequence[tuple[Any, ...]]) -> None:
    """Remember settlements that the changes touch; those known already stay."""
    if touched:
        rows = [
            {"county_code": roster.county_code, "roster_id": roster.id}
            | {"settlement_id": number, "person_no": person_no, "last_day": day}
            for number, person_no, day in touched
        ]
        await tx.execute(insert_or(roster_touched).on_conflict_do_nothing(), rows)


async def forget(tx: AsyncConnection, roster: Roster) -> None:
    """Take a preview back, to make it anew. The rows as read stay."""
    for table in (roster_changes, roster_touched):
        await tx.execute(delete(table).where(table.c.county_code == roster.county_code, table.c.roster_id == roster.id))


async def touched_of(
    tx: AsyncConnection, roster: Roster, *, after: UUID | None, rows: int
) -> list[tuple[UUID, str, date]]:
    """The settlements that a list touches, oldest first."""
    c = roster_touched.c
    query = (
        select(c.settlement_id, c.person_no, c.last_day)
        .where(c.county_code == roster.county_code, c.roster_id == roster.id)
        .order_by(c.settlement_id)
        .limit(rows)
    )
    if after is not None:
        query = query.where(c.settlement_id > after)
    return [(UUID(bytes=row.settlement_id.bytes), row.person_no, row.last_day) for row in await tx.execute(query)]


async def count_touched(tx: AsyncConnection, roster: Roster) -> int:
    c = roster_touched.c
    query = select(func.count()).where(c.county_code == roster.county_code, c.roster_id == roster.id)
    return int(await tx.scalar(query) or 0)
