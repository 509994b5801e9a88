"""Match a file of the other side against a statement."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

from service.access.model import Role
from service.ids import new_id
from service.money import yuan
from service.reconciliation.desk import Desk
from service.reconciliation.matching import differences, store
from service.reconciliation.matching.beside import Compared, compared, headings
from service.reconciliation.matching.read import opened
from service.reconciliation.statements import actions as statements

Known = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent."""

    content: BinaryIO
    filename: str


async def match(desk: Desk, statement_id: UUID, upload: Upload) -> dict[str, Any]:
    """
    Compare a file with a statement, line by line, whatever the totals say. What differs is kept with its history.

    A difference that an earlier file of the same side showed and this one does not is gone; one that was settled
    stays settled. A file says nothing about what the other side objected to.
    Raises statement.unknown, match.file and the refusals of `service.sheets`.
    """
    statement = (await statements.locked(desk, [statement_id]))[0]
    file = await asyncio.to_thread(opened, upload.content, upload.filename, headings(desk, statement))
    both = await compared(desk, statement, file)

    match_id = new_id(desk.now)
    side = "hospital" if desk.caller.role == Role.HOSPITAL else "payer"
    row = {
        "county_code": statement["county_code"],
        "id": match_id,
        "statement_id": statement_id,
        "filename": upload.filename,
        "side": side,
        "format": file.format,
        "row_count": both.row_count,
        "theirs_total": both.theirs_total,
        "difference_count": len(both.found),
        "level": not both.found,
        **desk.author(),
    }
    await store.keep(desk.tx, row)
    current = await _follow(desk, statement, row, both.found)
    await statements.tell(desk, "statement.matched", statement, level=row["level"], differences=len(both.found))
    await desk.note("statement.match", subject=str(statement_id))
    return _answer(row, both, [differences.answer(one, desk.today) for one in current])


async def _follow(desk: Desk, statement: Known, match: Known, found: list[Known]) -> list[Known]:
    """Close what is gone, keep what is still there, open what is new; gives all that this file shows."""
    side, match_id = match["side"], match["id"]
    by_key = _keyed(await _standing(desk, statement, side))
    wanted = _keyed(found)
    for key, one in by_key.items():
        if key not in wanted and one["status"] in ("open", "proposed"):
            await differences.step(desk, one, "gone", note=f"match {match_id}")
    new = [one for key, one in wanted.items() if key not in by_key]
    await differences.open_many(desk, statement, new, match_id=match_id, side=side)
    return [one for key, one in _keyed(await _standing(desk, statement, side)).items() if key in wanted]


async def _standing(desk: Desk, statement: Known, side: str) -> list[Known]:
    """What the files of one side showed and later ones did not take back."""
    known = await differences.of_statement(desk.tx, statement, limit=1_000_000)
    return [one for one in known if one["side"] == side and one["status"] != "gone"]


def _keyed(found: list[Known]) -> dict[tuple[Any, ...], Known]:
    """Differences by what they say. Of several that say the same, the order tells them apart: rows move in a file."""
    said: Counter[tuple[Any, ...]] = Counter()
    keyed: dict[tuple[Any, ...], Known] = {}
    for one in found:
        says = (one["kind"], one["reference"], one["ours"], one["theirs"])
        said[says] += 1
        keyed[(*says, said[says])] = one
    return keyed


def _answer(row: Known, both: Compared, found: list[Known]) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "statement_id": str(row["statement_id"]),
        "filename": row["filename"],
        "format": row["format"],
        "side": row["side"],
        "row_count": row["row_count"],
        "ours_total": yuan(both.ours_total),
        "theirs_total": yuan(row["theirs_total"]),
        "level": row["level"],
        "differences": found,
        "at": row["at"],
    }
