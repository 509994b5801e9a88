"""A preview as it is answered, and the rejected rows as a file to correct."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Role
from service.db import transaction_on
from service.errors import Text
from service.policy.model import Packs
from service.registers.rosters import effects, moves, store
from service.registers.rosters.faults import texts
from service.registers.rosters.model import ChangeKind, Counts, Roster, RowSeen, RowState
from service.rosters.change_schemas import ChangeOut, MoveOut
from service.rosters.office import Office
from service.rosters.schemas import PreviewOut, RosterFindingOut, RosterOut, RowOut, TouchedOut
from service.rosters.touching import count_touched, touched_page
from service.sheets.write import csv_lines
from service.wire.pages import Page, Paging

_AT_ONCE: Final = 1_000
_REMARK: Final = "问题"
_FINDINGS: Final = {
    "person.not_insured": (
        "uninsured",
        Text(
            "名单中的这些人在基准日没有参保期间；名单不登记参保，请另行登记，否则就诊时会被告知未参保。",
            "These people of the list have no insured period on its day. A list registers none: enter it apart, or "
            "their visits will be refused as not insured.",
        ),
    ),
    "identity.interrupted": (
        "interrupted",
        Text(
            "这些行的认定日期早于登记册中身份中断的日子；中断期间保持不变，确需补齐时请以“变更”报送。",
            "The first days of these rows lie before days on which the identity had ended. Those days stay as they "
            "are: send the rows as 变更 where they are to be filled.",
        ),
    ),
}


async def changes_page(
    tx: AsyncConnection, roster: Roster, kinds: Sequence[ChangeKind], paging: Paging
) -> Page[ChangeOut]:
    after = paging.after(int)
    found = await effects.changes_of(tx, roster, kinds, after=after[0] if after else 0, rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each.position,))
    return Page(items=[ChangeOut.of(each) for each in page], next_cursor=cursor)


async def moves_page(tx: AsyncConnection, roster: Roster, paging: Paging) -> Page[MoveOut]:
    after = paging.after(str)
    found = await moves.moves_of(tx, roster, after=after[0] if after else "", rows=paging.limit + 1)
    page, cursor = paging.cut(found, lambda each: (each.person_no,))
    return Page(items=[MoveOut.of(each) for each in page], next_cursor=cursor)


def _findings(counts: Counts, language: str) -> list[RosterFindingOut]:
    found = {code: (getattr(counts, name), said) for code, (name, said) in _FINDINGS.items()}
    return [
        RosterFindingOut(code=code, count=count, detail=said.in_language(language))
        for code, (count, said) in found.items()
        if count
    ]


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
        "interrupted": ChangeKind.INTERRUPTED,
    }
    pages = {name: await changes_page(tx, roster, (kind,), paging) for name, kind in kinds.items()}
    counts = replace(roster.counts, touched=await count_touched(tx, roster))
    plain = RosterOut.of(replace(roster, counts=counts))
    return PreviewOut(
        **{name: getattr(plain, name) for name in RosterOut.model_fields},
        **pages,
        moved=await moves_page(tx, roster, paging),
        findings=_findings(counts, language),
        rejected=await rows_page(tx, office, roster, RowState.REJECTED, paging, language),
        duplicates=await rows_page(tx, office, roster, RowState.DUPLICATE, paging, language),
        settlements_touched=await touched(tx, roster, office.packs, now, paging),
    )


def persons_in(preview: PreviewOut) -> list[str]:
    """The numbers of the persons whom a preview shows."""
    changes = (preview.added, preview.changed, preview.ended, preview.conflicts, preview.unfounded, preview.interrupted)
    shown = [each.person_no for page in changes for each in page.items]
    shown += [each.person_no for each in preview.moved.items]
    return shown + [each.person_no for each in preview.settlements_touched.items]


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
