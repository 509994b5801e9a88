"""What can be done with a visit: preview it, settle it once, read it again. Each is one transaction of its caller."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access import answers, audit, idempotency
from service.access.idempotency import Attempt, Stored
from service.access.model import Caller, Role
from service.access.vault import Vault
from service.claims import codes, records, store
from service.claims.answer import answer, traced
from service.claims.codes import Serials
from service.claims.decide import Making
from service.claims.model import Order, Record
from service.claims.prepare import prepare, prepare_once
from service.claims.query_code import query_code, query_code_hash
from service.claims.records import View
from service.claims.refusals import SettlementUnknown
from service.clock import Clock
from service.errors import Text
from service.explanation.render import renderer_of
from service.ids import new_id
from service.policy.library import Library
from service.policy.model import Pack

CREATED = 201


@dataclass(frozen=True, slots=True)
class Desk:
    """What the actions work with beside the database: the law, the calendar and the keys."""

    law: Library
    clock: Clock
    vault: Vault


async def preview(tx: AsyncConnection, caller: Caller, order: Order, desk: Desk, *, language: str) -> dict[str, Any]:
    """Decide a visit and keep nothing but the audit row."""
    record = await previewed(tx, caller, order, desk)
    return answer(record, renderer_of(await desk.law.by_hash(tx, record.pack_hash)), language)


async def previewed(tx: AsyncConnection, caller: Caller, order: Order, desk: Desk) -> Record:
    """As `preview`, not yet told."""
    now = desk.clock.now()
    record = await prepare(tx, caller, order, desk.law.packs, Making(now))

    await _audit(tx, caller, "settlement.preview", record, now)
    return record


async def settle(
    tx: AsyncConnection, caller: Caller, order: Order, desk: Desk, *, attempt: Attempt, language: str
) -> Stored | bytes:
    """
    Settle a visit once: the answer, or the first answer where this request was answered before.

    Raises every refusal of `claims.refusals`; a refusal leaves nothing behind.
    """
    now = desk.clock.now()
    making = _making(desk, new_id(now), now)
    record = await prepare_once(tx, caller, order, desk.law.packs, making, attempt)
    if record is None:
        return await idempotency.first_answer(tx, caller, attempt)

    pack = await desk.law.by_hash(tx, record.pack_hash)
    body = orjson.dumps(answer(record, renderer_of(pack), language))

    await _record(tx, caller, record, pack, desk, now, answers.compress(body))
    return body


async def settle_taken(tx: AsyncConnection, caller: Caller, order: Order, desk: Desk) -> Record:
    """
    As `settle`, for a room that takes each of its own messages once and keeps the answer itself: neither is done twice.
    """
    now = desk.clock.now()
    return await _settled(tx, caller, order, desk, new_id(now), now)


async def settle_for_patient(
    tx: AsyncConnection, caller: Caller, order: Order, desk: Desk, *, settlement_id: UUID, now: datetime
) -> Record:
    """
    Settle a visit that came in another way than from a hospital: nothing is advanced, the rest is the caller's.

    The same checks and the same one live settlement of a visit. Raises every refusal of `claims.refusals`.
    """
    return await _settled(tx, caller, replace(order, advances=False), desk, settlement_id, now)


async def _settled(
    tx: AsyncConnection, caller: Caller, order: Order, desk: Desk, settlement_id: UUID, now: datetime
) -> Record:
    record = await prepare(tx, caller, order, desk.law.packs, _making(desk, settlement_id, now))
    pack = await desk.law.by_hash(tx, record.pack_hash)

    await _record(tx, caller, record, pack, desk, now, None)
    return record


def _making(desk: Desk, settlement_id: UUID, now: datetime) -> Making:
    return Making(now, settlement_id, query_code(desk.vault, settlement_id))


async def _record(
    tx: AsyncConnection, caller: Caller, record: Record, pack: Pack, desk: Desk, now: datetime, answered: bytes | None
) -> None:
    assert record.query_code is not None
    await desk.law.keep(tx, pack, at=now)
    await store.record(
        tx,
        record,
        settled_on=now.date(),
        query_code_hash=query_code_hash(desk.vault, record.query_code),
        client_county=caller.county_code,
        status=CREATED,
        answer=answered,
        audit=audit.entry(
            caller,
            "settlement.create",
            at=now,
            person_no=record.person_no,
            county_code=record.county_code,
            subject=str(record.id),
        ),
    )


async def read(
    tx: AsyncConnection, caller: Caller, settlement_id: UUID, desk: Desk, *, language: str
) -> dict[str, Any]:
    """One settlement. Raises settlement.unknown where it is not the caller's to see."""
    record = await find(tx, caller, settlement_id)

    await _audit(tx, caller, "settlement.read", record, desk.clock.now())
    serials = await codes.serials(tx, [(record.county_code, record.case_id or settlement_id)])
    return await _answered(tx, caller, record, desk, language, serials)


async def trace(tx: AsyncConnection, caller: Caller, settlement_id: UUID, desk: Desk) -> dict[str, Any]:
    """Everything that one settlement rests on. Raises settlement.unknown where it is not the caller's to see."""
    record = await find(tx, caller, settlement_id)

    await _audit(tx, caller, "settlement.trace", record, desk.clock.now())
    return traced(record)


async def listed(
    tx: AsyncConnection,
    caller: Caller,
    filters: dict[str, Any],
    desk: Desk,
    *,
    after: UUID | None,
    limit: int,
    language: str,
) -> list[dict[str, Any]]:
    """The caller's settlements, newest first: a page of at most `limit`, and one more where there are more."""
    found = await records.listed(tx, view_of(caller), filters, after=after, limit=limit + 1)

    asked = filters.get("person_no")
    # Who is asked for by number is looked at, also where the answer is that there is nothing.
    shown = [(caller.county_code, asked)] if asked is not None and not found else []
    shown += [(record.county_code, record.person_no) for record in found[:limit]]
    await audit.record_shown(tx, caller, "settlement.list", shown, at=desk.clock.now())
    cases = [(record.county_code, record.case_id) for record in found if record.case_id is not None]
    serials = await codes.serials(tx, cases)
    return [await _answered(tx, caller, record, desk, language, serials) for record in found]


async def issue_code(
    tx: AsyncConnection, caller: Caller, settlement_id: UUID, desk: Desk, *, attempt: Attempt
) -> Stored | bytes:
    """A new query code for a lost one. Raises settlement.unknown where it is not the caller's to see."""
    now = desk.clock.now()
    result_id = new_id(now)
    first = await idempotency.reserve(
        tx, caller, key=attempt.key, request_hash=attempt.request_hash, result_id=result_id, at=now
    )
    if first is not None:
        return first
    record = await find(tx, caller, settlement_id)

    code = await codes.issue(tx, caller, desk.vault, record.county_code, record.case_id or settlement_id, at=now)
    body = orjson.dumps({"settlement_id": str(settlement_id), "query_code": code})

    await _audit(tx, caller, "query_code.issue", record, now)
    await idempotency.keep(tx, caller, result_id=result_id, status=CREATED, body=body, at=now)
    return body


def view_of(caller: Caller) -> View:
    """Whose settlements a caller may see (api.md, Conventions)."""
    if caller.role == Role.HOSPITAL:
        return View(caller.county_code, hospital_code=caller.hospital_code)
    return View(caller.county_code, payers=tuple(sorted(caller.payers)))


async def find(tx: AsyncConnection, caller: Caller, settlement_id: UUID) -> Record:
    """A settlement that the caller may see. Raises settlement.unknown."""
    record = await records.find(tx, settlement_id, view_of(caller))
    if record is None:
        raise unknown()
    return record


def unknown() -> SettlementUnknown:
    """What a caller is told of a settlement that does not exist, or is not theirs to see."""
    return SettlementUnknown(
        Text("查无此结算，请核对编号。", "There is no such settlement: check the id."), pointer="/settlement_id"
    )


async def _answered(
    tx: AsyncConnection, caller: Caller, record: Record, desk: Desk, language: str, serials: Serials
) -> dict[str, Any]:
    assert record.id is not None
    body = answer(record, renderer_of(await desk.law.by_hash(tx, record.pack_hash)), language)
    # Half of a patient's way in (api.md, Patients): for those who print slips, not for those who check them.
    prints = caller.role in (Role.HOSPITAL, Role.AGENCY)
    case_id = record.case_id or record.id
    serial = serials.get((record.county_code, case_id), 0)
    return body | {"query_code": query_code(desk.vault, case_id, serial) if prints else None}


async def _audit(tx: AsyncConnection, caller: Caller, action: str, record: Record, now: datetime) -> None:
    await audit.record(
        tx,
        caller,
        action,
        at=now,
        person_no=record.person_no,
        county_code=record.county_code,
        subject=str(record.id) if record.id is not None else record.visit_no,
    )
