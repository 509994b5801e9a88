"""Match a file of the other side against a statement, and settle what differs."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any, BinaryIO, Final
from uuid import UUID

from service.access.model import Role
from service.claims.described import settlements_of_visits
from service.ids import new_id
from service.ledger.model import hospital
from service.money import yuan
from service.reconciliation.desk import Desk
from service.reconciliation.matching import differences, store
from service.reconciliation.matching.match import Found, Row, compare
from service.reconciliation.matching.read import File, FileRow, read
from service.reconciliation.statements import actions as statements
from service.reconciliation.statements.answer import claim_no

Known = dict[str, Any]
_LINE_NO: Final = re.compile(r"\d{1,9}", re.ASCII)


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
    file = read(upload.content, upload.filename)
    found = await compared(desk, statement, file)

    match_id = new_id(desk.now)
    count, theirs_total = await store.totals(desk.tx)
    side = "hospital" if desk.caller.role == Role.HOSPITAL else "payer"
    row = {
        "county_code": statement["county_code"],
        "id": match_id,
        "statement_id": statement_id,
        "filename": upload.filename,
        "side": side,
        "format": file.format,
        "row_count": count,
        "theirs_total": theirs_total,
        "difference_count": len(found),
        "level": not found,
        **desk.author(),
    }
    await store.keep(desk.tx, row)
    current = await _follow(desk, statement, row, found)
    await statements.tell(desk, "statement.matched", statement, level=not found, differences=len(found))
    await desk.note("statement.match", subject=str(statement_id))
    return _answer(row, statement, [differences.answer(one, desk.today) for one in current])


async def compared(desk: Desk, statement: Known, file: File) -> list[Known]:
    """The differences between a statement and a file, as they are kept."""
    references = {row.row_no: row.reference for row in file.rows}
    await store.load(desk.tx, await resolved(desk, statement, file.rows))
    suspects = await store.differing(desk.tx, statement, len(file.rows))
    if not suspects:
        return []

    county_code, payee = statement["county_code"], hospital(statement["hospital_code"])
    ids = [one for one in map(_uuid, suspects) if one is not None]
    aliases = await store.cases(desk.tx, county_code, ids)
    cases = sorted({aliases.get(one, one) for one in suspects})
    ours = await store.lines(desk.tx, statement, cases)
    theirs = [
        Row(row_no, references[row_no], aliases.get(reference, reference), amount)
        for row_no, reference, amount in await store.rows(desk.tx, sorted({*suspects, *cases}))
    ]
    case_ids = [one for one in map(_uuid, cases) if one is not None]
    known = await store.claims(desk.tx, county_code, payee, case_ids)
    found = compare(ours, theirs, known, statement["payer"], statement["period"])
    return [_kept(statement, one, references) for one in found]


def _uuid(reference: str) -> UUID | None:
    try:
        return UUID(reference)
    except ValueError:
        return None


def _kept(statement: Known, found: Found, references: dict[int, str]) -> Known:
    reference = references[found.row_no] if found.row_no is not None else ""
    if found.line_no is not None:
        reference = claim_no(statement["period"], statement["hospital_code"], found.line_no)
    return {
        "kind": found.kind,
        "line_no": found.line_no,
        "row_no": found.row_no,
        "reference": reference,
        "ours": found.ours,
        "theirs": found.theirs,
        "elsewhere": found.elsewhere,
    }


async def resolved(desk: Desk, statement: Known, rows: list[FileRow]) -> list[tuple[int, str, int]]:
    """The rows with their references as cases of ours, where a claim or visit number says which."""
    by_claim: dict[tuple[str, int], str] = {}
    claims = [row.reference for row in rows if row.kind == "claim"]
    if claims:
        periods = {one.rsplit("-", 2)[0] for one in claims}
        by_claim = await store.by_number(desk.tx, statement, sorted(periods))
    visits = sorted({row.reference.split("/")[0] for row in rows if row.kind == "visit"})
    by_visit: dict[str, UUID] = {}
    if visits:
        found = await settlements_of_visits(desk.tx, statement["hospital_code"], statement["county_code"], visits)
        billed = await store.billed(desk.tx, statement, [one for several in found.values() for one in several])
        # Of a visit that was reversed and settled anew, the one that this statement bills is meant.
        by_visit = {visit: next((one for one in of if one in billed), of[0]) for visit, of in found.items()}

    def case(row: FileRow) -> str:
        if row.kind == "claim":
            return by_claim.get(_number(statement, row.reference), row.reference)
        if row.kind == "visit":
            return str(by_visit.get(row.reference, row.reference))
        return row.reference

    return [(row.row_no, case(row), row.amount) for row in rows]


def _number(statement: Known, reference: str) -> tuple[str, int]:
    """Period and line number of one of our claim numbers; (reference, 0) of any other."""
    head, _, number = reference.rpartition("-")
    period, _, code = head.rpartition("-")
    if code != statement["hospital_code"] or _LINE_NO.fullmatch(number) is None:
        return reference, 0
    return period, int(number)


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


def _answer(row: Known, statement: Known, found: list[Known]) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "statement_id": str(row["statement_id"]),
        "filename": row["filename"],
        "format": row["format"],
        "side": row["side"],
        "row_count": row["row_count"],
        "ours_total": yuan(statement["lines_total"]),
        "theirs_total": yuan(row["theirs_total"]),
        "level": row["level"],
        "differences": found,
        "at": row["at"],
    }
