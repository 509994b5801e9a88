"""What can be done about an objection: file it, hand in papers, review, decide, withdraw. Each is one transaction."""

from dataclasses import replace
from datetime import timedelta
from typing import BinaryIO, Final
from uuid import UUID

from service.access.model import Guest, Role
from service.claims.refusals import SettlementUnknown
from service.errors import Text
from service.ids import new_id
from service.objections import store
from service.objections.desk import Desk
from service.objections.model import NEXT, OPEN, Objection, Outcome, State, Step
from service.objections.refusals import (
    DocumentUnknown,
    ObjectionOpen,
    ObjectionSamePerson,
    ObjectionState,
    ObjectionUnknown,
    OperatorNeeded,
    TooManyDocuments,
    VersionUnknown,
)
from service.objections.store import Filters
from service.paper.handed_in import taken
from service.registers.dated import hold

MOST_DOCUMENTS: Final = 10
_UNKNOWN: Final = Text("查无此结算，请核对编号。", "There is no such settlement: check the id.")


async def file(desk: Desk, settlement_id: UUID, *, reason: str, contact: str | None) -> Objection:
    """
    Object to a settlement. Raises settlement.unknown where it is not the caller's, objection.open where one is open
    about any version of it.

    It is to be decided within the days that the county's policy gives the agency.
    """
    record = await desk.settlement(settlement_id)
    if record is None:
        raise SettlementUnknown(_UNKNOWN, pointer="/settlement_id")
    await hold(desk.tx, "objection", record.county_code, record.case_id)
    others = await _about(desk, settlement_id)

    if any(each.state in OPEN for each in others):
        raise ObjectionOpen
    days = desk.packs.objection_days(record.county_code, desk.today)
    objection = Objection(
        record.county_code,
        new_id(desk.now),
        settlement_id,
        record.person_no,
        record.hospital_code,
        desk.caller.role.value,
        reason,
        contact,
        desk.today + timedelta(days=days) if days is not None else None,
        desk.caller.client_id,
        desk.caller.operator,
        desk.now,
    )

    await store.add(desk.tx, desk.vault, objection)
    await desk.tell("objection.filed", objection, due_on=str(objection.due_on) if objection.due_on else None)
    await _note(desk, "objection.file", objection)
    return objection


async def _about(desk: Desk, settlement_id: UUID) -> list[Objection]:
    everything = replace(desk.view, hospital_code=None, person_no=None)
    return await store.listed(
        desk.tx, desk.vault, everything, Filters(settlement_id=settlement_id), after=None, rows=MOST_DOCUMENTS
    )


async def read(desk: Desk, objection_id: UUID) -> Objection:
    """One objection. Raises objection.unknown where it is not the caller's to see."""
    objection = await _known(desk, objection_id)

    await _note(desk, "objection.read", objection)
    return objection


async def listed(desk: Desk, filters: Filters, *, after: UUID | None, rows: int) -> list[Objection]:
    """The objections the caller may see, newest first. Whoever shows them leaves the persons in the audit trail."""
    return await store.listed(desk.tx, desk.vault, desk.view, filters, after=after, rows=rows)


async def hand_in(desk: Desk, objection_id: UUID, paper: BinaryIO, name: str) -> Objection:
    """Add a paper to an open objection. The same paper again changes nothing. Raises document.refused."""
    objection = await _held(desk, objection_id)
    if objection.state not in OPEN:
        raise ObjectionState
    if len(objection.documents) >= MOST_DOCUMENTS:
        raise TooManyDocuments
    content = taken(paper)

    by, document_id = (desk.caller.client_id, desk.caller.operator), new_id(desk.now)
    await store.add_document(
        desk.tx, desk.vault, objection, content, document_id=document_id, name=name, by=by, at=desk.now
    )
    await _note(desk, "objection.hand_in", objection)
    return await _known(desk, objection_id)


async def document(desk: Desk, objection_id: UUID, document_id: UUID) -> tuple[bytes, str]:
    """A paper of an objection, and its media type. Raises document.unknown."""
    objection = await _known(desk, objection_id)
    kind = next((each.media_type for each in objection.documents if each.id == document_id), None)
    if kind is None:
        raise DocumentUnknown

    await _note(desk, "objection.document", objection)
    return await store.content(desk.tx, desk.vault, objection, document_id), kind


async def review(desk: Desk, objection_id: UUID) -> Objection:
    """Take an objection under review. Raises objection.state."""
    return await _enter(desk, await _held(desk, objection_id), State.UNDER_REVIEW, "objection.review")


async def withdraw(desk: Desk, objection_id: UUID) -> Objection:
    """Take an objection back before it is decided. Raises objection.state."""
    return await _enter(desk, await _held(desk, objection_id), State.WITHDRAWN, "objection.withdraw")


async def decide(
    desk: Desk, objection_id: UUID, *, outcome: Outcome, reason: str, version_id: UUID | None
) -> Objection:
    """
    Decide an objection under review, by another person than the one who filed it.

    `version_id` names the later settlement of the visit that the decision caused, where it caused one. Raises
    objection.state, objection.same_person, objection.operator_needed, objection.version.
    """
    objection = await _held(desk, objection_id)
    if State.DECIDED not in NEXT[objection.state]:
        raise ObjectionState
    if desk.caller.operator is None:
        raise OperatorNeeded("/X-Operator")
    if not desk.caller.is_another_than(objection.client_id, objection.operator):
        raise ObjectionSamePerson
    if version_id is not None and (outcome == Outcome.DISMISSED or not await _is_later(desk, objection, version_id)):
        raise VersionUnknown("/version_id")

    step = Step(State.DECIDED, desk.now, desk.caller.client_id, desk.caller.operator, outcome, reason, version_id)
    await store.add_step(desk.tx, desk.vault, objection, step)
    version = str(version_id) if version_id is not None else None
    await desk.tell("objection.decided", objection, outcome=outcome.value, version_id=version)
    await _note(desk, "objection.decide", objection)
    return replace(objection, steps=(*objection.steps, step))


async def _is_later(desk: Desk, objection: Objection, version_id: UUID) -> bool:
    first, later = await desk.settlement(objection.settlement_id), await desk.settlement(version_id)
    if first is None or later is None:
        return False
    visits = {(each.hospital_code, each.visit_no, each.interim_no, each.person_no) for each in (first, later)}
    after = later.version > first.version if later.case_id == first.case_id else later.order_no > first.order_no
    assert later.settled_at is not None
    return len(visits) == 1 and after and later.settled_at > objection.at


async def _enter(desk: Desk, objection: Objection, state: State, action: str) -> Objection:
    if state not in NEXT[objection.state]:
        raise ObjectionState
    step = Step(state, desk.now, desk.caller.client_id, desk.caller.operator)
    await store.add_step(desk.tx, desk.vault, objection, step)
    await _note(desk, action, objection)
    return replace(objection, steps=(*objection.steps, step))


async def _held(desk: Desk, objection_id: UUID) -> Objection:
    await hold(desk.tx, "objection", objection_id)
    return await _known(desk, objection_id)


async def _known(desk: Desk, objection_id: UUID) -> Objection:
    objection = await store.find(desk.tx, desk.vault, objection_id, desk.view)
    if objection is None:
        raise ObjectionUnknown
    return objection


async def _note(desk: Desk, action: str, objection: Objection) -> None:
    assert desk.caller.role in (Guest.PATIENT, Role.HOSPITAL, Role.AGENCY, Role.AUDITOR)
    await desk.note(action, county_code=objection.county_code, person_no=objection.person_no, subject=objection.id)
