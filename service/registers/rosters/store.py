"""All SQL on rosters but for what they change (`diff.py`): the list itself, its rows, and pages of both."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, RowMapping, Select, delete, exists, func, or_, select, text, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Role
from service.access.resealing import Sealed
from service.access.vault import Vault
from service.clock import COUNTY_ZONE
from service.registers.rosters import effects
from service.registers.rosters.model import (
    Counts,
    Fault,
    Roster,
    RosterKind,
    RosterState,
    RowSeen,
    RowState,
    Statement,
)
from service.registers.rosters.tables import roster_rows, rosters

COPIED = tuple(column.name for column in roster_rows.c)  # as a staged row is copied
_MAKE_COPIED: Final = text("CREATE TEMPORARY TABLE IF NOT EXISTS roster_rows_copied (LIKE roster_rows) ON COMMIT DROP")
_MOVE_COPIED: Final = text("INSERT INTO roster_rows SELECT * FROM roster_rows_copied")
_LOOKED_UP: Final = "'roster_rows', 'persons', 'person_keys', 'identities', 'insured_periods'"
_RENEW_BEFORE: Final = text(f"SELECT renew_statistics({_LOOKED_UP})")
_RENEW_FOUND: Final = text("SELECT renew_statistics('roster_changes')")
_STATED: Final = ("source", "as_of", "identity_class", "township_code")
_FORGET_COPIED: Final = text("TRUNCATE roster_rows_copied")


async def open_roster(tx: AsyncConnection, roster: Roster, content_hash: bytes) -> None:
    """Enter a list that is about to be read; nothing where the same one is there already."""
    await tx.execute(
        insert_or(rosters)
        .values(
            county_code=roster.county_code,
            id=roster.id,
            content_hash=content_hash,
            **asdict(roster.statement),
            filename=roster.filename,
            state=roster.state,
            rows_read=0,
            columns=roster.columns,
            header=roster.header,
            counts=asdict(roster.counts),
            uploaded_at=roster.uploaded_at,
            uploaded_by=roster.uploaded_by,
            uploaded_role=roster.uploaded_role,
            allowed=None if roster.allowed is None else sorted(roster.allowed),
            round=roster.round,
        )
        .on_conflict_do_nothing()
    )


async def roster_of_content(tx: AsyncConnection, county_code: str, content_hash: bytes) -> Roster | None:
    """The list that this very file with this very statement made before; of several rounds the last."""
    c = rosters.c
    mine = (c.county_code == county_code, c.content_hash == content_hash)
    last = select(func.max(c.round)).where(*mine).scalar_subquery()
    return await _one(tx, *mine, c.round == last)


async def was_overtaken(tx: AsyncConnection, roster: Roster) -> bool:
    """Whether another list of the same source, of the same people, was applied after this one."""
    after = rosters.c.applied_at > roster.applied_at
    return bool(await tx.scalar(select(_applied_of_the_same(roster).where(after).exists())))


async def roster(tx: AsyncConnection, county_code: str, roster_id: UUID, *, lock: bool = False) -> Roster | None:
    """A list; with `lock` nobody else reads on or applies it until this transaction ends."""
    return await _one(tx, rosters.c.county_code == county_code, rosters.c.id == roster_id, lock=lock)


async def rosters_of(
    tx: AsyncConnection,
    county_code: str,
    *,
    state: str | None,
    role: Role | None,
    after: tuple[Any, ...] | None,
    rows: int,
) -> list[Roster]:
    """Lists of a county, oldest first; with `role` only those that it uploaded."""
    query = select(rosters).where(rosters.c.county_code == county_code).order_by(rosters.c.id).limit(rows)
    if state is not None:
        query = query.where(rosters.c.state == state)
    if role is not None:
        query = query.where(rosters.c.uploaded_role == role)
    if after is not None:
        query = query.where(rosters.c.id > after[0])
    return [_roster(row) for row in (await tx.execute(query)).mappings()]


async def later_applied(tx: AsyncConnection, roster: Roster) -> bool:
    """Whether a list of the same source that holds from a later day, of the same people, is applied already."""
    later = _applied_of_the_same(roster).where(rosters.c.as_of > roster.statement.as_of)
    return bool(await tx.scalar(select(later.exists())))


def _applied_of_the_same(roster: Roster) -> Select[Any]:
    c, said = rosters.c, roster.statement

    def same(column: ColumnElement[str], value: str | None) -> ColumnElement[bool]:
        return true() if value is None else or_(column.is_(None), column == value)

    return select(c.id).where(
        c.county_code == roster.county_code,
        c.id != roster.id,
        c.source == said.source,
        c.state == RosterState.APPLIED,
        same(c.identity_class, said.identity_class),
        same(c.township_code, said.township_code),
    )


async def set_roster(tx: AsyncConnection, roster: Roster, **values: Any) -> None:
    mine = (rosters.c.county_code == roster.county_code, rosters.c.id == roster.id)
    await tx.execute(update(rosters).where(*mine).values(**values))


async def _one(tx: AsyncConnection, *where: Any, lock: bool = False) -> Roster | None:
    query = select(rosters).where(*where)
    row = (await tx.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    return None if row is None else _roster(row)


def _roster(row: RowMapping) -> Roster:
    return Roster(
        id=UUID(bytes=row["id"].bytes),
        county_code=row["county_code"],
        statement=Statement(RosterKind(row["kind"]), *(row[name] for name in _STATED)),
        filename=row["filename"],
        state=RosterState(row["state"]),
        rows_read=row["rows_read"],
        columns=row["columns"],
        header=row["header"],
        counts=Counts(**row["counts"]),
        digest=row["digest"],
        uploaded_at=row["uploaded_at"].astimezone(COUNTY_ZONE),
        uploaded_by=row["uploaded_by"],
        uploaded_role=Role(row["uploaded_role"]),
        allowed=None if row["allowed"] is None else frozenset(row["allowed"]),
        applied_at=row["applied_at"].astimezone(COUNTY_ZONE) if row["applied_at"] else None,
        applied_by=row["applied_by"],
        round=row["round"],
        purged_at=row["purged_at"].astimezone(COUNTY_ZONE) if row["purged_at"] else None,
    )


async def copy_rows(tx: AsyncConnection, records: Sequence[tuple[Any, ...]]) -> None:
    """
    Put rows, their values as in `COPIED`, into the staging table by COPY, which row-level security allows to a table
    of our own only.
    """
    await tx.execute(_MAKE_COPIED)
    raw = await tx.get_raw_connection()
    connection = raw.driver_connection
    assert connection is not None
    await connection.copy_records_to_table("roster_rows_copied", records=records, columns=COPIED)
    await tx.execute(_MOVE_COPIED)
    await tx.execute(_FORGET_COPIED)


async def analyze_before(tx: AsyncConnection) -> None:
    """
    Let the planner know what was staged, and what another list has just entered: guessing a handful of rows, it would
    compare each with each. In a transaction of its own: the lock would hold up other imports until the end.
    """
    await tx.execute(_RENEW_BEFORE)


async def analyze_found(tx: AsyncConnection) -> None:
    """Let the planner know what the list was found to change."""
    await tx.execute(_RENEW_FOUND)


def place(roster_id: UUID, row_no: int) -> str:
    """What sealed cells are bound to."""
    return f"roster:{roster_id}:{row_no}"


SEALED: Final = (Sealed(roster_rows, {"cells_enc": lambda row: place(row["roster_id"], row["row_no"])}),)
"""What lists keep sealed, for `access.resealing`."""


def cells_of(vault: Vault, roster_id: UUID, row: RowMapping) -> list[str]:
    opened: list[str] = orjson.loads(vault.decrypt(row["cells_enc"], bound_to=place(roster_id, row["row_no"])))
    return opened


async def rows_in_state(
    tx: AsyncConnection, vault: Vault, roster: Roster, state: RowState, *, after: tuple[Any, ...] | None, rows: int
) -> list[RowSeen]:
    """Rows of a list in the order of the file, with what they literally say."""
    c = roster_rows.c
    query = (
        select(c.row_no, c.part, c.cells_enc, c.faults, c.duplicate_of)
        .where(c.county_code == roster.county_code, c.roster_id == roster.id, c.state == state)
        .order_by(c.row_no, c.part)
        .limit(rows)
    )
    if after is not None:
        query = query.where(tuple_(c.row_no, c.part) > tuple_(*after))
    return [
        RowSeen(
            row["row_no"],
            row["part"],
            cells_of(vault, roster.id, row),
            [Fault(**fault) for fault in row["faults"]],
            row["duplicate_of"],
        )
        for row in (await tx.execute(query)).mappings()
    ]


_OF_THE_REGISTER = (
    "name.differs",
    "person.unknown",
    "person.differs",
    "person.died",
    "person.born_in_future",
    "person_no.taken",
    "social_card_no.taken",
)


async def was_rejected_by_register(tx: AsyncConnection, roster: Roster) -> bool:
    """Whether rows were rejected by what the register said when they were read."""
    c = roster_rows.c
    said = or_(*(c.faults.contains([{"code": code}]) for code in _OF_THE_REGISTER))
    mine = (c.county_code == roster.county_code, c.roster_id == roster.id)
    return bool(await tx.scalar(select(exists().where(*mine, c.state == RowState.REJECTED, said))))


async def reread(tx: AsyncConnection, roster: Roster) -> None:
    """Begin to read a list anew."""
    c = roster_rows.c
    await effects.forget(tx, roster)
    await tx.execute(delete(roster_rows).where(c.county_code == roster.county_code, c.roster_id == roster.id))
    await set_roster(tx, roster, state=RosterState.READING, rows_read=0)
