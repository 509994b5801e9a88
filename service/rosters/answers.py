"""A preview as it is answered, and the rejected rows as a file to correct."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Role
from service.db import transaction_on
from service.policy.model import Packs
from service.registers.rosters import effects, store
from service.registers.rosters.faults import texts
from service.registers.rosters.model import ChangeKind, Roster, RowSeen, RowState
from service.rosters.office import Office
from service.rosters.schemas import ChangeOut, PreviewOut, RosterOut, RowOut, TouchedOut
from service.rosters.touching import touched_page
from service.sheets.write import csv_lines
from service.wire.pages import Page, Paging

_AT_ONCE: Final = 1_000
_REMARK: Final = "问题"


async def changes_page(
    tx: AsyncConnection, roster: Roster, kinds: Sequence[ChangeKind], paging: Paging
) -> Page[ChangeOut]:
    after = paging.after(int)
    found = await effects.changes_of(tx, roster, kinds, after=after[0] if after else 0, rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each.position,))
    return Page(items=[ChangeOut.of(each) for each in page], next_cursor=cursor)


async def rows_page(
    tx: AsyncConnection, office: Office, roster: Roster, state: RowState, paging: Paging, language: str
) -> Page[RowOut]:
    after = paging.after(int, int)
    found = await store.rows_in_state(tx, office.vault, roster, state, after=after, rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each.row_no, each.part))
    literal = office.caller.role is not Role.AUDITOR
    return Page(items=[RowOut.of(each, language, literal=literal) for each in page], next_cursor=cursor)


async def touched(tx: AsyncConnection, roster: Roster, packs: Packs, now: datetime, paging: Paging) -> Page[TouchedOut]:
    after = paging.after(UUID)
    found = await touched_page(tx, roster, packs, now, after=after[0] if after else None, rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each.settlement_id,))
    return Page(items=[TouchedOut.of(each) for each in page], next_cursor=cursor)


async def preview_of(tx: AsyncConnection, office: Office, roster: Roster, language: str) -> PreviewOut:
    """The roster with the first of everything that it does."""
    paging, now = Paging(), office.clock.now()
    kinds = {
        "added": ChangeKind.ADDED,
        "changed": ChangeKind.CHANGED,
        "ended": ChangeKind.ENDED,
        "conflicts": ChangeKind.CONFLICT,
        "unfounded": ChangeKind.UNFOUNDED,
    }
    pages = {name: await changes_page(tx, roster, (kind,), paging) for name, kind in kinds.items()}
    plain = RosterOut.of(roster)
    return PreviewOut(
        **{name: getattr(plain, name) for name in RosterOut.model_fields},
        **pages,
        rejected=await rows_page(tx, office, roster, RowState.REJECTED, paging, language),
        duplicates=await rows_page(tx, office, roster, RowState.DUPLICATE, paging, language),
        settlements_touched=await touched(tx, roster, office.packs, now, paging),
    )


async def rejected_csv(office: Office, roster: Roster) -> AsyncIterator[bytes]:
    """
    The rejected rows as a CSV file: the columns as they came, and one that says what is wrong.

    Corrected, it can be sent again, as a list of changes.
    """
    for piece in csv_lines([*roster.header, _REMARK], ()):
        yield piece
    after, last_row = None, 0
    while True:
        async with transaction_on(office.engine) as tx:
            found = await store.rows_in_state(tx, office.vault, roster, RowState.REJECTED, after=after, rows=_AT_ONCE)
        if not found:
            return
        after = (found[-1].row_no, found[-1].part)
        lines = []
        for seen in found:
            # A row that names two classes may be rejected for both; it is corrected once.
            if seen.row_no != last_row:
                lines.append(_with_remark(seen, len(roster.header)))
                last_row = seen.row_no
        for piece in csv_lines([], lines, bom=False):
            yield piece


def _with_remark(seen: RowSeen, width: int) -> list[str]:
    cells = (seen.cells + [""] * width)[:width]
    said = "；".join(f"{fault.column}：{texts(fault.code).zh}".lstrip("：") for fault in seen.faults)
    return [*cells, said]
