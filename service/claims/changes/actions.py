"""What can be done with a settlement that is wrong: reverse it, decide it anew, compare its versions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access import audit, idempotency
from service.access.idempotency import Attempt, Stored
from service.access.model import Caller, Role
from service.claims import codes, records
from service.claims.actions import CREATED, Desk, unknown, view_of
from service.claims.answer import answer
from service.claims.changes import anew, making, store
from service.claims.changes.answers import chained, compared, differences
from service.claims.changes.model import Change, Made
from service.claims.changes.refusals import AlreadyReversed, IsReversal, NotTheHospitals, Superseded
from service.claims.model import Record
from service.claims.query_code import query_code, query_code_hash
from service.errors import Text
from service.events import store as events
from service.events.store import Event
from service.explanation.render import renderer_of
from service.ids import new_id
from service.ledger import store as ledger
from service.ledger.model import Cause, Entry
from service.policy.model import Pack


@dataclass(frozen=True, slots=True)
class Asking:
    """One try at a change: its key where it came over the wire, and the language of the answer."""

    attempt: Attempt | None = None
    language: str = "zh"


async def reverse(
    tx: AsyncConnection,
    caller: Caller,
    settlement_id: UUID,
    desk: Desk,
    asking: Asking,
    *,
    reason: str,
    chain: bool = False,
) -> Stored | bytes:
    """
    Reverse a settlement once, and with `chain` decide anew all that rests on it: the answer, or the first one.

    Raises settlement.unknown, settlement.already_reversed, settlement.superseded, settlement.is_reversal,
    settlement.has_later.
    """
    now = desk.clock.now()
    reversal_id = new_id(now)
    if (first := await _reserved(tx, caller, asking, reversal_id, now)) is not None:
        return first

    before = await live(tx, caller, settlement_id)
    place = await anew.place_of(tx, before)
    made = await making.reversal(
        tx, caller, before, desk, place, reversal_id=reversal_id, now=now, reason=reason, chain=chain
    )

    body = orjson.dumps(await _answered(tx, made, desk, asking.language))
    await record(tx, caller, made, place.current, desk, now)
    return await _kept(tx, caller, asking, reversal_id, body, now)


async def readjudicate(
    tx: AsyncConnection,
    caller: Caller,
    settlement_id: UUID,
    desk: Desk,
    asking: Asking,
    *,
    change: Change,
    chain: bool = False,
) -> Stored | bytes:
    """
    Decide a settlement anew, in its place in the order, and with `chain` all that rests on it.

    Raises what `reverse` raises, settlement.unchanged, settlement.other_visit, and every refusal of `claims.refusals`.
    """
    now = desk.clock.now()
    version_id = new_id(now)
    if (first := await _reserved(tx, caller, asking, version_id, now)) is not None:
        return first

    before = await live(tx, caller, settlement_id)
    place = await anew.place_of(tx, before)
    made = await making.readjudication(
        tx, caller, before, change, desk, place, version_id=version_id, now=now, chain=chain
    )

    body = orjson.dumps(await _answered(tx, made, desk, asking.language))
    with anew.pointed(at="/request" if change.order is not None else None):
        await record(tx, caller, made, place.current, desk, now)
    return await _kept(tx, caller, asking, version_id, body, now)


async def live(tx: AsyncConnection, caller: Caller, settlement_id: UUID) -> Record:
    """
    A settlement that may be changed, with the turn of its person taken until the transaction ends.

    Raises settlement.unknown, settlement.already_reversed, settlement.superseded, settlement.is_reversal, and
    settlement.not_the_hospitals.
    """
    seen = await _find(tx, caller, settlement_id)
    await store.take_turn(tx, seen)
    # Read again: while this waited, somebody else may have reversed or replaced it.
    found = await _find(tx, caller, settlement_id)
    if found.reversal_of is not None:
        raise IsReversal(
            Text("本单为冲正，不能再冲正；如需恢复，请重新结算。", "A reversal is not changed: settle the visit again.")
        )
    if caller.role == Role.HOSPITAL and not found.trace["claim"]["advances"]:
        # The hospital laid nothing out, and what was paid went to the patient.
        raise NotTheHospitals(
            Text(
                "该次就诊已按手工报销或补支付支付给患者，请由医保经办机构办理。",
                "The visit was paid to the patient as a manual claim or back-pay: ask the agency to change it.",
            )
        )
    if found.reversed_by is not None:
        raise AlreadyReversed(
            Text("该结算已冲正；如需更正，请重新结算。", "This settlement is reversed: settle the visit again."),
            extra={"reversed_by": str(found.reversed_by)},
        )
    if found.replaced_by is not None:
        raise Superseded(
            Text("该结算已有新版本，请对最新版本操作。", "A later version has replaced this one: change that one."),
            extra={"replaced_by": str(found.replaced_by)},
        )
    return found


async def record(
    tx: AsyncConnection,
    caller: Caller,
    some: Sequence[Made],
    current: dict[tuple[str, str], int],
    desk: Desk,
    now: datetime,
) -> None:
    """Keep a change and all that it carried with it: rows, sums, postings, events and audit. All or nothing."""
    for made in some:
        done = made.record
        assert done.id is not None
        assert done.case_id is not None
        await desk.law.keep(tx, await desk.law.by_hash(tx, done.pack_hash), at=now)
        code = query_code(desk.vault, done.case_id)
        await store.write(tx, made, query_code_hash=query_code_hash(desk.vault, code))
        reversal = done.reversal_of is not None
        cause = Cause.REVERSAL if reversal else Cause.READJUDICATION
        entry = Entry(done.county_code, done.id, cause, done.id, done.case_id, now, now.date())
        await ledger.post(tx, entry, made.postings)
        for event in _events(made, now):
            await events.add(tx, event)
        await audit.record(
            tx,
            caller,
            "settlement.reverse" if reversal else "settlement.readjudicate",
            at=now,
            person_no=done.person_no,
            county_code=done.county_code,
            subject=str(done.id),
        )
    await store.carry(tx, some, current)


def _events(made: Made, now: datetime) -> Iterator[Event]:
    done = made.record
    assert done.id is not None
    told: dict[str, Any] = {"visit_no": done.visit_no, "interim_no": done.interim_no, "version": done.version}
    if done.reversal_of is not None:
        kind, told = "settlement.reversed", told | {"reversal_of": str(done.reversal_of)}
    else:
        kind, told = "settlement.readjudicated", told | {"replaces": str(done.replaces), "cause": done.cause}
    told["differences"] = differences(made.postings)
    yield Event(done.county_code, now, kind, done.id, done.hospital_code, None, told)
    if done.reversal_of is None and done.invoice_no != made.before.invoice_no:
        yield invoice_event(made.before, done.id, done.invoice_no, now)


def invoice_event(before: Record, settlement_id: UUID, invoice_no: str | None, now: datetime) -> Event:
    """That a settlement has another invoice number than `before`."""
    told = {"invoice_no": invoice_no, "before": before.invoice_no}
    return Event(before.county_code, now, "settlement.invoice", settlement_id, before.hospital_code, None, told)


async def _find(tx: AsyncConnection, caller: Caller, settlement_id: UUID) -> Record:
    found = await records.find(tx, settlement_id, view_of(caller))
    if found is None:
        raise unknown()
    return found


async def _reserved(
    tx: AsyncConnection, caller: Caller, asking: Asking, result_id: UUID, at: datetime
) -> Stored | None:
    if asking.attempt is None:
        return None
    attempt = asking.attempt
    return await idempotency.reserve(
        tx, caller, key=attempt.key, request_hash=attempt.request_hash, result_id=result_id, at=at
    )


async def _kept(
    tx: AsyncConnection, caller: Caller, asking: Asking, result_id: UUID, body: bytes, at: datetime
) -> bytes:
    if asking.attempt is not None:
        await idempotency.keep(tx, caller, result_id=result_id, status=CREATED, body=body, at=at)
    return body


async def _answered(tx: AsyncConnection, some: Sequence[Made], desk: Desk, language: str) -> dict[str, Any]:
    """The first of a change in full, and what was carried with it."""
    first = some[0]
    packs = await _packs(tx, first, desk)
    body = answer(first.record, renderer_of(packs[1]), language)
    assert first.record.case_id is not None
    body["query_code"] = await codes.current(tx, desk.vault, first.record.county_code, first.record.case_id)
    if first.record.reversal_of is not None:
        body["differences"] = differences(first.postings)
    else:
        body |= compared(first.before, first.record, packs, first.postings)
    return body | {"chain": [chained(made, await _packs(tx, made, desk)) for made in some[1:]]}


async def _packs(tx: AsyncConnection, made: Made, desk: Desk) -> tuple[Pack, Pack]:
    before = await desk.law.by_hash(tx, made.before.pack_hash)
    return before, await desk.law.by_hash(tx, made.record.pack_hash)
