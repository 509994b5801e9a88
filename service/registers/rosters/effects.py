"""What was found of a list: pages of its changes, and the days that they change."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import RowMapping, Subquery, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.registers.rosters.model import ChangeKind, ChangeSeen, Roster
from service.registers.rosters.moves import forget_moves
from service.registers.rosters.tables import roster_changes


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


def changed_days(roster: Roster) -> Subquery:
    """
    The changes of people whom the register knew before, to be joined: `person_no`, `identity_class`, `days` on which
    the person holds the class before or after but not both, and `facts`, the periods held afterwards among them.
    """
    c = roster_changes.c
    return (
        select(c.person_no, c.identity_class, c.days, c.facts)
        .where(c.county_code == roster.county_code, c.roster_id == roster.id, ~c.is_new)
        .subquery("changes")
    )


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


async def forget(tx: AsyncConnection, roster: Roster) -> None:
    """Take a preview back, to make it anew. The rows as read stay."""
    c = roster_changes.c
    await tx.execute(delete(roster_changes).where(c.county_code == roster.county_code, c.roster_id == roster.id))
    await forget_moves(tx, roster)
