"""A file laid beside a statement: what its rows mean to us, and in what the two differ."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from service.access.vault import mask_id_no
from service.claims.described import fund_sums, settlements_of_visits
from service.ledger.model import hospital
from service.reconciliation.desk import Desk
from service.reconciliation.matching import staged, store
from service.reconciliation.matching.match import Claim, Found, Row, compare
from service.reconciliation.matching.read import File, FileRow
from service.reconciliation.matching.staged import FileLine, Sides
from service.reconciliation.matching.store import Begun
from service.reconciliation.statements.answer import claim_no
from service.registers.identity_number import IdentityNumber, read

Known = dict[str, Any]
_AT_ONCE: Final = 5_000
_LINE_NO: Final = re.compile(r"\d{1,9}", re.ASCII)
_NATIONAL_FIELDS: Final = {"basic": "hifp_pay", "serious": "hifmi_pay", "aid": "maf_pay"}
"""Layers that have a field of their own in national files (domain §2); the top-up has none."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs, and what was compared: rows of the file, and the sums of both sides (fen)."""

    found: list[Known]
    row_count: int
    ours_total: int
    theirs_total: int


def headings(desk: Desk, statement: Known) -> list[str]:
    """The headings under which a file may have a payer's own layers."""
    pack = desk.packs.on(statement["county_code"], statement["period_to"])
    own = [
        layer for layer in (pack.layers if pack else ()) if [one.payer for one in layer.payers] == [statement["payer"]]
    ]
    names = [name for layer in own for name in (layer.id, layer.name.zh, _NATIONAL_FIELDS.get(layer.id, layer.id))]
    return sorted({name.lower() for name in names})


async def compared(desk: Desk, statement: Known, file: File) -> Compared:
    """
    Every difference between a statement and a file, as it is kept.

    A file of fund sums (3202) is compared with what all funds pay for each settlement; of the settlements in which
    the statement's payer has no part, it says nothing about this statement.
    """
    groups = await load(desk, statement, file)
    row_count, theirs_total = await staged.totals(desk.tx)
    sides = await _sides(desk, statement, file.funds, row_count)
    suspects = {str(one) for one in await staged.differing(desk.tx, sides)}

    aliases = await store.cases(desk.tx, statement["county_code"], sorted(suspects))
    cases = {one for each in suspects for one in groups.get(aliases.get(each, each), [aliases.get(each, each)])}

    def case(known: str) -> str:
        known = aliases.get(known, known)
        return groups.get(known, [known])[0]

    ours = [line._replace(case=case(line.case)) for line in await staged.lines(desk.tx, sides, sorted(cases))]
    rows = await staged.rows(desk.tx, sorted(suspects | cases))
    theirs = [Row(row_no, said, case(known) if known else said, amount) for row_no, said, known, amount in rows]
    begun = await store.begun(desk.tx, statement["county_code"], hospital(statement["hospital_code"]), sorted(cases))
    claims = await _claims(desk, statement, begun, file.funds)
    known: dict[str, list[Claim]] = {}
    for one, claim in claims:
        known.setdefault(case(one), []).append(claim)
    if file.funds:
        others = {case(one.case) for one in begun} - set(known) - {line.case for line in ours}
        theirs_total -= sum(row.amount for row in theirs if row.case in others)
        theirs = [row for row in theirs if row.case not in others]

    references = {row.row_no: row.reference for row in theirs}
    found = await asyncio.to_thread(compare, ours, theirs, known, statement["payer"], statement["period"])
    return Compared([_kept(statement, one, references) for one in found], row_count, sides.total, theirs_total)


async def load(desk: Desk, statement: Known, file: File) -> dict[str, list[str]]:
    """
    Lay the file's rows into the database, each with the case that it means.

    Gives the cases that are compared as one: a visit that was reversed and settled anew has several, and a file that
    names visits does not say which of them a row is of.
    """
    await staged.make(desk.tx)
    refunds = False
    # Reading takes the processor: elsewhere, or nobody could settle meanwhile.
    while batch := await asyncio.to_thread(lambda: list(islice(file.rows, _AT_ONCE))):
        refunds = refunds or any(row.refund for row in batch)
        await staged.add(desk.tx, [_line(statement, row) for row in batch])
    await staged.resolve_numbers(desk.tx, statement)
    groups: dict[str, list[str]] = {}
    visits = await staged.visits(desk.tx)
    if visits:
        known = await settlements_of_visits(desk.tx, statement["hospital_code"], statement["county_code"], visits)
        await staged.resolve_visits(desk.tx, {visit: found[0] for visit, found in known.items()})
        for found in known.values():
            if len(found) > 1:
                one_case = [str(one) for one in found]
                groups |= dict.fromkeys(one_case, one_case)
    if refunds:
        await staged.turn_refunds(desk.tx)
    return groups


def _line(statement: Known, row: FileRow) -> FileLine:
    case = row.reference if row.kind == "case" else None
    period, line_no = _number(statement, row.reference) if row.kind == "claim" else (None, None)
    return FileLine(row.row_no, row.kind, row.reference, period, line_no, case, row.amount, row.refund)


def _number(statement: Known, reference: str) -> tuple[str, int] | tuple[None, None]:
    """Period and line number of one of our claim numbers of the statement's hospital."""
    head, _, number = reference.rpartition("-")
    period, _, code = head.rpartition("-")
    if code != statement["hospital_code"] or _LINE_NO.fullmatch(number) is None:
        return None, None
    return period, int(number)


async def _sides(desk: Desk, statement: Known, funds: bool, row_count: int) -> Sides:
    if not funds:
        return Sides(statement, False, statement["line_count"], statement["lines_total"], row_count)
    await staged.make_lines(desk.tx)
    count = total = after = 0
    while page := await staged.settled_lines(desk.tx, statement, after=after, limit=_AT_ONCE):
        after = page[-1][0]
        sums = await fund_sums(desk.tx, statement["county_code"], [settlement_id for *_, settlement_id in page])
        by_funds = [(line_no, case, sums[settlement_id]) for line_no, case, settlement_id in page]
        await staged.add_lines(desk.tx, by_funds)
        count, total = count + len(page), total + sum(amount for *_, amount in by_funds)
    return Sides(statement, True, count, total, row_count)


async def _claims(desk: Desk, statement: Known, begun: Sequence[Begun], funds: bool) -> list[tuple[str, Claim]]:
    """What the ledger knows of each case: by payer, or of a file of fund sums what all pay where this payer does."""
    if not funds:
        return [(one.case, Claim(one.payer, one.amount, one.period)) for one in begun]
    own = [one for one in begun if one.payer == statement["payer"]]
    sums = await fund_sums(desk.tx, statement["county_code"], [one.entry_id for one in own])
    return [(one.case, Claim(one.payer, sums[one.entry_id], one.period)) for one in own if sums.get(one.entry_id)]


def _kept(statement: Known, found: Found, references: dict[int, str]) -> Known:
    reference = _keepable(references[found.row_no]) if found.row_no is not None else ""
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


def _keepable(reference: str) -> str:
    """Their number of a line as it is; where a file names a person instead, the identity number masked."""
    return mask_id_no(reference) if isinstance(read(reference.upper()), IdentityNumber) else reference
