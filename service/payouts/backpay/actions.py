"""What can be done with the bureau's file: preview it, post it once, follow it. Each is one transaction."""

import hashlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from typing import BinaryIO, Final
from uuid import UUID

from pydantic import ValidationError

from service.claims.actions import settle_for_patient
from service.claims.changes.anew import pointed
from service.claims.checks import overlaps, unknown_person
from service.claims.decide import Making
from service.claims.model import Order
from service.claims.prepare import prepare
from service.claims.refusals import VisitAlreadySettled, VisitOverlap
from service.claims.schemas import SettlementIn
from service.claims.taken import invoice_used
from service.claims.year import take_turns
from service.errors import Refusal, Text
from service.ids import new_id
from service.payouts.backpay import store
from service.payouts.backpay.lines import Line, lines, said
from service.payouts.backpay.model import Counts, Import, Outcome, Row
from service.payouts.backpay.refusals import (
    BackpayAgreement,
    BackpayNothing,
    BackpayStale,
    BackpayTooMany,
    BackpayUnknown,
)
from service.payouts.counter import Counter
from service.payouts.items.model import Kind, Source
from service.payouts.items.store import add_source
from service.payouts.refusals import NotKnownByLaw
from service.payouts.workdays import months_after
from service.policy.to_patients import BackpayRules
from service.registers.dated import hold
from service.registers.facts import find_person
from service.sheets.read import rows

MOST_ROWS: Final = 5_000
_PIECE: Final = 1 << 20


@dataclass
class _Found:
    """The days that are back-paid, and the stays of each person in the file so far."""

    first: date
    last: date
    stays: dict[str, list[Order]] = field(default_factory=dict)


async def preview(counter: Counter, file: BinaryIO, filename: str, agreement_on: date) -> Import:
    """
    What each row of a file comes to. A content that was posted is not previewed again: it is given as it stands.

    Raises `SheetRefused`, backpay.agreement_on, backpay.too_many, payout.no_rules.
    """
    rules = _rules(counter, agreement_on)
    content_hash = counter.vault.fingerprint_bytes("backpay", _digest(file))
    known = await store.posted(counter.tx, counter.county_code, content_hash)
    if known is not None:
        return known

    found, made = _Found(rules.stays_from, agreement_on), list[Row]()
    with closing(rows(file, filename)) as read:
        for line in lines(read):
            if len(made) == MOST_ROWS:
                raise BackpayTooMany.above(MOST_ROWS)
            made.append(await _row(counter, line, found))
    counts = _counts(made)
    done = Import(
        counter.county_code,
        new_id(counter.now),
        content_hash,
        filename,
        agreement_on,
        months_after(agreement_on, rules.payable_months),
        counter.caller.client_id,
        counter.caller.operator,
        counter.now,
        counts,
        left=counts.amount,
    )
    await store.add(counter.tx, counter.vault, done, made)
    await counter.note("backpay.preview", subject=done.id)
    return done


def _digest(file: BinaryIO) -> bytes:
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.digest()


def _rules(counter: Counter, agreement_on: date) -> BackpayRules:
    rules = counter.desk.law.packs.to_patients(counter.county_code, agreement_on).backpay
    if rules is None:
        raise NotKnownByLaw
    if not rules.stays_from <= agreement_on <= counter.today:
        raise BackpayAgreement("/agreement_on")
    return rules


def _counts(made: Sequence[Row]) -> Counts:
    def count(outcome: Outcome) -> int:
        return sum(row.outcome == outcome for row in made)

    amount = sum(row.amount or 0 for row in made)
    return Counts(count(Outcome.READY), count(Outcome.SETTLED), count(Outcome.REJECTED), amount)


async def _row(counter: Counter, line: Line, found: _Found) -> Row:
    if line.stay is None:
        assert line.fault is not None
        return _faulty(line, line.fault)
    try:
        stay = SettlementIn.model_validate(line.stay)
    except ValidationError:
        return _faulty(line, "row.incomplete")
    order = replace(stay.to_order(counter.vault), advances=False)
    if not found.first <= order.last_day <= found.last:
        return _faulty(line, "stay.period")
    person_no = await _person_no(counter, order)
    try:
        if person_no is None:
            raise unknown_person()
        if order.invoice_no and await store.is_invoiced(counter.tx, order.hospital_code, order.invoice_no):
            raise invoice_used(order.invoice_no)
        record = await prepare(counter.tx, counter.caller, order, counter.desk.law.packs, Making(counter.now))
    except Refusal as refusal:
        outcome = Outcome.SETTLED if await _is_settled(counter, refusal, order, person_no) else Outcome.REJECTED
        return Row(line.row_no, outcome, person_no, code=refusal.code, reason=refusal.detail)
    if any(_same(order, other) for other in found.stays.get(record.person_no, ())):
        return replace(_faulty(line, "row.twice"), person_no=record.person_no)
    found.stays.setdefault(record.person_no, []).append(order)
    amount = record.settlement.split.owed_to_patient
    return Row(line.row_no, Outcome.READY, record.person_no, amount, stay.model_dump_json())


def _faulty(line: Line, code: str) -> Row:
    return Row(line.row_no, Outcome.REJECTED, code=code, reason=said(code))


async def _person_no(counter: Counter, order: Order) -> str | None:
    """A person whom the county insures; another county's do not exist for it."""
    found = await find_person(counter.tx, *order.person_key)
    return found[1] if found is not None and found[0] == counter.county_code else None


async def _is_settled(counter: Counter, refusal: Refusal, order: Order, person_no: str | None) -> bool:
    if isinstance(refusal, VisitAlreadySettled):
        return True
    if not isinstance(refusal, VisitOverlap) or person_no is None:
        return False
    return await store.is_settled(
        counter.tx, counter.county_code, person_no, order.hospital_code, order.admitted_on, order.last_day
    )


def _same(one: Order, other: Order) -> bool:
    return (one.hospital_code, one.visit_no) == (other.hospital_code, other.visit_no) or overlaps(one, other)


async def post(counter: Counter, import_id: UUID) -> Import:
    """
    Post a previewed file, whole or not at all: each ready stay is settled, and what it is due is owed to the patient.

    A content is posted once: again, the file as it stands. Raises backpay.unknown, backpay.nothing, backpay.stale.
    """
    made = await read(counter, import_id)
    await hold(counter.tx, "backpay", counter.county_code, made.content_hash.hex())
    known = await store.posted(counter.tx, counter.county_code, made.content_hash)
    if known is not None:
        return known
    ready = await store.rows_of(counter.tx, counter.vault, made, outcome=Outcome.READY, after=0, rows=MOST_ROWS)
    if not ready:
        raise BackpayNothing
    await take_turns(counter.tx, counter.county_code, [row.person_no for row in ready if row.person_no is not None])
    await store.post(counter.tx, made, (counter.caller.client_id, counter.caller.operator), counter.now)
    for row in ready:
        await _settle(counter, made, row)
    await counter.note("backpay.post", subject=made.id)
    return await read(counter, import_id)


async def _settle(counter: Counter, made: Import, row: Row) -> None:
    assert row.body is not None
    order, settlement_id = SettlementIn.model_validate_json(row.body).to_order(counter.vault), new_id(counter.now)
    try:
        with pointed(at=None):
            record = await settle_for_patient(
                counter.tx, counter.caller, order, counter.desk, settlement_id=settlement_id, now=counter.now
            )
    except Refusal as refusal:
        raise _stale(row, refusal.code, refusal.detail) from refusal
    due = record.settlement.split.owed_to_patient
    if due != row.amount:
        raise _stale(row, "row.amount", said("row.amount"))
    await store.add_stay(counter.tx, made, row.row_no, settlement_id)
    if due:
        source = Source(settlement_id, Kind.BACKPAY, made.id, made.due_on)
        await add_source(counter.tx, counter.county_code, source, counter.now)


def _stale(row: Row, code: str, why: Text) -> BackpayStale:
    advice = BackpayStale.advice
    detail = Text(f"第 {row.row_no} 行：{why.zh} {advice.zh}", f"Row {row.row_no}: {why.en} {advice.en}")
    return BackpayStale(detail=detail, row=row.row_no, reason=code)


async def read(counter: Counter, import_id: UUID) -> Import:
    """One file. Raises backpay.unknown."""
    made = await store.find(counter.tx, counter.county_code, import_id)
    if made is None:
        raise BackpayUnknown
    return made


async def listed(counter: Counter, *, overdue: bool, after: UUID | None, rows_wanted: int) -> list[Import]:
    """The county's files, newest first; with `overdue`, those that were to be paid by now and are not."""
    due_before = counter.today if overdue else None
    found: list[Import] = []
    while len(found) < rows_wanted:
        page = await store.listed(
            counter.tx, counter.county_code, due_before=due_before, after=after, rows=rows_wanted - len(found)
        )
        found += [made for made in page if not overdue or made.is_overdue(counter.today)]
        if not page:
            break
        after = page[-1].id
    return found


async def rows_listed(
    counter: Counter, import_id: UUID, *, outcome: Outcome | None, after: int, rows_wanted: int
) -> list[Row]:
    """The rows of a file. Each person who is shown has a row in the audit trail. Raises backpay.unknown."""
    made = await read(counter, import_id)
    found = await store.rows_of(counter.tx, counter.vault, made, outcome=outcome, after=after, rows=rows_wanted)

    for person_no in dict.fromkeys(row.person_no for row in found if row.person_no is not None):
        await counter.note("backpay.rows", person_no=person_no, subject=made.id)
    return found
