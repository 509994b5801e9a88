"""What can be done with a roster: preview it, apply it once, read it again."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from itertools import islice
from typing import BinaryIO, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Role
from service.db import transaction_on
from service.ids import new_id
from service.registers.persons.turns import alone
from service.registers.refusals import OnlyAidIdentities
from service.registers.rosters import applying, store
from service.registers.rosters.headings import Headings, after_headings
from service.registers.rosters.lines import Reader
from service.registers.rosters.model import Counts, Line, Roster, RosterKind, RosterState, Statement
from service.registers.rosters.staging import Staging
from service.rosters.content import hash_of
from service.rosters.office import Office, Progress
from service.rosters.refusals import RosterNotRead, RosterOlder, RosterRejectedRows, RosterStale, RosterUnknown
from service.rosters.touching import count_touched
from service.sheets.read import Row, rows

_AT_ONCE: Final = 4_000

# Another import of the county may take as long as its file is long.
_WAIT: Final = text("SET LOCAL lock_timeout = '180s'")


async def preview(
    office: Office,
    source: BinaryIO,
    filename: str,
    statement: Statement,
    progress: Progress | None = None,
    *,
    again: bool = False,
    judge: bool = True,
) -> Roster:
    """
    Read a list and say what it would change. The register stays as it is.

    The same file with the same statement is the same roster: reading goes on where it was cut off; a preview that the
    register has overtaken is made anew; what was applied is told again, unless it is to be applied `again` because
    another list of its source has been applied since. Who applies at once need not let it be judged here whether the
    register has overtaken an earlier preview (`judge`): applying does it, and refuses. Raises `SheetRefused` for the
    whole file.
    """
    if office.allowed is not None and statement.identity_class not in (None, *office.allowed):
        raise OnlyAidIdentities("/class")
    content_hash = await asyncio.to_thread(hash_of, source, statement, office.role)
    while True:
        async with transaction_on(office.engine) as tx:
            roster = await _known_of_content(tx, office, content_hash, again=again, judge=judge)
        last_row = None
        if roster is None or roster.state is RosterState.READING:
            with closing(rows(source, filename)) as read:
                headings, left = await asyncio.to_thread(after_headings, read, statement)
                roster = roster or await _opened(office, filename, statement, headings, content_hash)
                last_row = await _read_on(office, roster, source, _said(office, headings, statement, left), progress)
        previewed = await _previewed(office, roster.id, last_row)
        if previewed is not None:
            return previewed


async def _known_of_content(
    tx: AsyncConnection, office: Office, content_hash: bytes, *, again: bool, judge: bool
) -> Roster | None:
    """The list that this file made before; None where there is none, or where it is to be opened once more."""
    roster = await store.roster_of_content(tx, office.county_code, content_hash)
    if roster is None:
        return None
    if judge:
        roster = await _judged_anew(tx, roster)
    if again and roster.state is RosterState.APPLIED and await store.was_overtaken(tx, roster):
        return None
    return roster


async def _judged_anew(tx: AsyncConnection, roster: Roster) -> Roster:
    """A preview that the register may have overtaken is to be read again: every row is compared with it anew."""
    await tx.execute(_WAIT)
    locked = await store.roster(tx, roster.county_code, roster.id, lock=True)
    assert locked is not None
    if locked.state is not RosterState.PREVIEWED:
        return locked
    if not await store.was_rejected_by_register(tx, locked) and not await applying.is_stale(tx, locked):
        return locked
    await store.reread(tx, locked)
    return replace(locked, state=RosterState.READING, rows_read=0)


async def _opened(
    office: Office, filename: str, statement: Statement, headings: Headings, content_hash: bytes
) -> Roster:
    now = office.clock.now()
    roster = Roster(
        id=new_id(now),
        county_code=office.county_code,
        statement=statement,
        filename=filename,
        state=RosterState.READING,
        rows_read=0,
        columns=headings.columns,
        header=headings.header,
        counts=Counts(),
        digest=None,
        uploaded_at=now,
        uploaded_by=office.by,
        uploaded_role=office.role,
        allowed=office.allowed,
    )
    async with transaction_on(office.engine) as tx:
        before = await store.roster_of_content(tx, office.county_code, content_hash)
        number = before.round + 1 if before is not None and before.state is RosterState.APPLIED else 0
        await store.open_roster(tx, replace(roster, round=number), content_hash)
        await office.note(tx, "roster.upload", str(roster.id), now)
        # Somebody else may have sent the same file a moment before.
        known = await store.roster_of_content(tx, office.county_code, content_hash)
    assert known is not None
    return known


def _said(
    office: Office, headings: Headings, statement: Statement, left: Iterator[Row]
) -> Iterator[tuple[int, list[Line]]]:
    reader = Reader(headings, statement, office.allowed)
    return ((row.number, reader.lines(row)) for row in left)


async def _read_on(
    office: Office,
    roster: Roster,
    source: BinaryIO,
    said: Iterator[tuple[int, list[Line]]],
    progress: Progress | None,
) -> int:
    """
    Stage the rows that are not staged yet, each batch in a transaction: a file that is cut off goes on there.

    Gives the last row. Somebody else may begin the same list anew meanwhile; then what follows is theirs to stage.
    """
    await _analyzed(office)
    last_row = 0
    today = office.clock.now().date()
    staging = Staging(roster, office.vault, today, may_register=office.role is Role.AGENCY)
    while batch := await asyncio.to_thread(lambda: list(islice(said, _AT_ONCE))):
        async with transaction_on(office.engine) as tx:
            known = await store.roster(tx, roster.county_code, roster.id, lock=True)
            assert known is not None
            new = [line for number, lines in batch if number > known.rows_read for line in lines]
            if known.state is RosterState.READING and known.rows_read >= last_row and new:
                await staging.stage(tx, new)
                await store.set_roster(tx, roster, rows_read=batch[-1][0], purged_at=None)
        last_row = batch[-1][0]
        if progress is not None:
            progress(last_row, source.tell())
    return last_row


async def _analyzed(office: Office) -> None:
    async with transaction_on(office.engine) as tx:
        await tx.execute(_WAIT)
        await store.analyze_before(tx)


async def _previewed(office: Office, roster_id: UUID, last_row: int | None) -> Roster | None:
    """
    The list compared with the register; `last_row`: the last one that was read for it, if any was.

    None where somebody began to read it anew and has not come to its end.
    """
    if last_row is not None:
        await _analyzed(office)
    async with transaction_on(office.engine) as tx:
        await tx.execute(_WAIT)
        roster = await store.roster(tx, office.county_code, roster_id, lock=True)
        assert roster is not None
        if roster.state is RosterState.READING:
            if last_row is None or roster.rows_read < last_row:
                return None
            roster = await applying.find_changes(tx, roster)
            roster = replace(roster, counts=replace(roster.counts, touched=await count_touched(tx, roster)))
            await store.set_roster(tx, roster, state=roster.state, counts=asdict(roster.counts), digest=roster.digest)
        await office.note(tx, "roster.preview", str(roster.id), office.clock.now())
    return roster


async def apply(
    tx: AsyncConnection, office: Office, roster_id: UUID, *, accept_rejected: bool, accept_older: bool = False
) -> Roster:
    """
    Apply a previewed list, whole or not at all; once applied, the same answer again.

    Imports of a county take turns, and whoever corrects a person of the county waits. Raises `roster.stale` where the
    register has changed since the preview, `roster.older` where a later list of the source is applied already, and
    `roster.rejected_rows` where a full list would end people whose rows could not be read.
    """
    await tx.execute(_WAIT)
    await alone(tx, office.county_code)
    roster = await known(tx, office, roster_id, lock=True)
    if roster.state is RosterState.APPLIED:
        return roster
    if roster.state is RosterState.READING:
        raise RosterNotRead
    if await applying.is_stale(tx, roster):
        raise RosterStale
    if not accept_older and await store.later_applied(tx, roster):
        raise RosterOlder
    full = roster.statement.kind is RosterKind.FULL
    if full and roster.counts.unidentified and roster.counts.ended and not accept_rejected:
        raise RosterRejectedRows

    author = office.author(f"名单 {roster.filename}（{roster.statement.source}，{roster.id}）")
    if not await applying.write_changes(tx, office.vault, roster, author):
        raise RosterStale
    counts = replace(roster.counts, touched=await count_touched(tx, roster))
    applied = replace(roster, state=RosterState.APPLIED, counts=counts, applied_at=author.at, applied_by=author.by)
    await store.set_roster(
        tx,
        applied,
        state=applied.state,
        counts=asdict(applied.counts),
        applied_at=applied.applied_at,
        applied_by=applied.applied_by,
    )
    await office.note(tx, "roster.apply", str(roster.id), author.at)
    return applied


async def read(tx: AsyncConnection, office: Office, roster_id: UUID) -> Roster:
    """As `known`, and it stays on record that the caller looked at it."""
    roster = await known(tx, office, roster_id)
    await office.note(tx, "roster.read", str(roster.id), office.clock.now())
    return roster


async def known(tx: AsyncConnection, office: Office, roster_id: UUID, *, lock: bool = False) -> Roster:
    """A list of the caller's county; for civil affairs one of its own only. Raises `roster.unknown`."""
    roster = await store.roster(tx, office.county_code, roster_id, lock=lock)
    if roster is None or (office.only_role or roster.uploaded_role) is not roster.uploaded_role:
        raise RosterUnknown
    return roster
