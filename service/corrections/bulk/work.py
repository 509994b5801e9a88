"""
A bulk re-adjudication gone through, person by person: each in a transaction of its own, that also says that it is done.

Killed anywhere, the next one goes on with the persons that are left: nobody is done twice, and nobody half. Any number
of processes may work on the same one.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.access.model import Caller, Role
from service.claims import year
from service.claims.actions import Desk
from service.claims.changes import actions as changes
from service.claims.changes import anew
from service.claims.changes.model import Change, Made
from service.claims.changes.several import Together, several
from service.claims.model import Cause, Record
from service.corrections.bulk import store
from service.corrections.bulk.choosing import settlements_of
from service.corrections.bulk.model import Outcome, Phase, Readjudication, Row
from service.db import transaction_on
from service.errors import Refusal
from service.ledger.model import is_person
from service.ledger.postings import net
from service.policy import amendments


async def work(
    engine: AsyncEngine,
    county_code: str,
    readjudication_id: UUID,
    desk: Desk,
    progress: Callable[[], None] | None = None,
) -> None:
    """Go through persons until none is left that nobody works on."""
    while await step(engine, county_code, readjudication_id, desk):
        if progress is not None:
            progress()


async def step(engine: AsyncEngine, county_code: str, readjudication_id: UUID, desk: Desk) -> bool:
    """One person, if there is one left to go through."""
    async with transaction_on(engine) as tx:
        made = await store.begun(tx, county_code, readjudication_id)
        if made is None or made.withdrawn_at is not None:
            return False
        # Nobody is approved before all are previewed: with the approval the preview is over.
        phase = Phase.PREVIEW if made.approved_at is None else Phase.RUN
        person_no = await store.take(tx, made, phase)
        if person_no is None:
            return False
        now = desk.clock.now()
        if made.amendment_id is not None:
            desk = await _desk_of_amendment(tx, made, made.amendment_id, desk)
        rows = await _of_person(tx, made, phase, person_no, desk, now)
        await store.finish(tx, made, phase, person_no, rows, now)
    return True


async def _desk_of_amendment(tx: AsyncConnection, made: Readjudication, amendment_id: UUID, desk: Desk) -> Desk:
    """The desk under the amended law, which is only being tried where nobody has approved it."""
    amended = await amendments.find(tx, made.county_code, amendment_id)
    assert amended is not None
    trying = [amended] if amended.approved_at is None else []
    return replace(desk, law=await desk.law.with_amendments(tx, trying=trying))


async def _of_person(
    tx: AsyncConnection, made: Readjudication, phase: Phase, person_no: str, desk: Desk, now: datetime
) -> list[Row]:
    await year.take_turn(tx, made.county_code, person_no)
    ids = [each for each, _ in await settlements_of(tx, made.county_code, made.selection, person_no=person_no)]
    if not ids:
        # Reversed meanwhile: there is nothing to decide anew.
        return []
    caller, change = _caller(made), Change(made.cause, made.note)
    place = await anew.place_of_person(tx, made.county_code, person_no)
    found = await several(tx, caller, dict.fromkeys(ids, change), desk, place, made.county_code, now)
    if phase is Phase.RUN:
        await changes.record(tx, caller, found.made, place.current, desk, now)
    return _rows(found, phase)


def _caller(made: Readjudication) -> Caller:
    """Who is on record for it: whoever approved it; of a preview, which records nothing, whoever asked for it."""
    client_id, operator = made.approved_client_id or made.client_id, made.approved_by or made.operator
    return Caller(
        client_id, Role.AGENCY, made.county_code, None, frozenset(), None, operator, f"readjudication:{made.id}"
    )


def _rows(found: Together, phase: Phase) -> list[Row]:
    refused = {record.id: refusal for record, refusal in found.refused}
    rows = [_changed(made, phase, refused.pop(made.before.id, None)) for made in found.made]
    rows += [_same(record, Outcome.UNCHANGED, None) for record in found.unchanged]
    return rows + [
        _same(record, Outcome.REFUSED, refused[record.id]) for record, _ in found.refused if record.id in refused
    ]


def _changed(made: Made, phase: Phase, refusal: Refusal | None) -> Row:
    before, after = made.before, made.record
    shares = net(made.postings)
    assert before.id is not None
    return Row(
        before.id,
        before.person_no,
        before.hospital_code,
        Outcome.CHAINED if after.cause == Cause.CHAIN else Outcome.CHANGED,
        after.id if phase is Phase.RUN else None,
        _said(refusal),
        after.settlement.split.patient_pays - before.settlement.split.patient_pays,
        sum(abs(share.amount) for share in shares),
        [
            [share.layer, share.payer, "patient" if is_person(share.payee) else "hospital", share.amount]
            for share in shares
        ],
    )


def _same(record: Record, outcome: Outcome, refusal: Refusal | None) -> Row:
    assert record.id is not None
    return Row(record.id, record.person_no, record.hospital_code, outcome, None, _said(refusal), 0, 0, [])


def _said(refusal: Refusal | None) -> dict[str, str] | None:
    if refusal is None:
        return None
    return {"code": refusal.code, "zh": refusal.detail.zh, "en": refusal.detail.en}
