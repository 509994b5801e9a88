"""What can be done with a bulk re-adjudication: ask for one, read it, approve it, withdraw it."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access import audit
from service.access.model import Caller
from service.claims.actions import Desk
from service.claims.model import Cause
from service.corrections.bulk import store
from service.corrections.bulk.choosing import settlements_of
from service.corrections.bulk.model import Readjudication, Selection, State
from service.corrections.bulk.refusals import (
    AmendmentFirst,
    NothingChosen,
    OperatorUnnamed,
    ReadjudicationState,
    ReadjudicationUnknown,
    SecondPersonNeeded,
)
from service.ids import new_id
from service.policy import amendments


async def draft(
    tx: AsyncConnection,
    caller: Caller,
    desk: Desk,
    selection: Selection,
    *,
    cause: Cause,
    note: str,
    amendment_id: UUID | None = None,
) -> Readjudication:
    """
    Ask for a re-adjudication. Its preview is made in the background; nothing is changed before it is approved.

    Raises readjudication.operator_needed, and readjudication.nothing_chosen except for the preview of an amendment.
    """
    operator = named(caller)
    persons = sorted({person_no for _, person_no in await settlements_of(tx, caller.county_code, selection)})
    if not persons and amendment_id is None:
        raise NothingChosen
    now = desk.clock.now()
    made = Readjudication(
        caller.county_code,
        new_id(now),
        selection,
        cause,
        note,
        caller.client_id,
        operator,
        now,
        amendment_id,
        persons=len(persons),
    )

    await store.add(tx, made, persons)
    await noted(tx, caller, desk, "readjudication.create", made)
    return made


async def approve(tx: AsyncConnection, caller: Caller, desk: Desk, readjudication_id: UUID) -> Readjudication:
    """
    Let a previewed re-adjudication be done. Raises readjudication.state, readjudication.same_person,
    readjudication.operator_needed, readjudication.amendment_first.
    """
    operator = named(caller)
    made = await known(tx, caller.county_code, readjudication_id, lock=True)
    if made.state != State.PREVIEWED:
        raise ReadjudicationState(made.state)
    if made.operator == operator:
        raise SecondPersonNeeded
    if made.amendment_id is not None:
        amended = await amendments.find(tx, made.county_code, made.amendment_id)
        if amended is None or amended.approved_at is None:
            raise AmendmentFirst
    now = desk.clock.now()

    await store.approve(tx, made, caller.client_id, operator, now)
    await noted(tx, caller, desk, "readjudication.approve", made)
    return replace(made, approved_by=operator, approved_client_id=caller.client_id, approved_at=now)


async def withdraw(tx: AsyncConnection, caller: Caller, desk: Desk, readjudication_id: UUID) -> Readjudication:
    """Let one that is not approved never be done. Raises readjudication.state, readjudication.operator_needed."""
    operator = named(caller)
    made = await known(tx, caller.county_code, readjudication_id, lock=True)
    if made.state not in (State.PREVIEWING, State.PREVIEWED):
        raise ReadjudicationState(made.state)
    now = desk.clock.now()

    await store.withdraw(tx, made, operator, now)
    await noted(tx, caller, desk, "readjudication.withdraw", made)
    return replace(made, withdrawn_by=operator, withdrawn_at=now)


async def known(
    tx: AsyncConnection, county_code: str, readjudication_id: UUID, *, lock: bool = False
) -> Readjudication:
    """A re-adjudication of the county. Raises readjudication.unknown."""
    made = await store.find(tx, county_code, readjudication_id, lock=lock)
    if made is None:
        raise ReadjudicationUnknown
    return made


def named(caller: Caller) -> str:
    """The person behind the client. Raises readjudication.operator_needed."""
    if caller.operator is None:
        raise OperatorUnnamed
    return caller.operator


async def noted(tx: AsyncConnection, caller: Caller, desk: Desk, action: str, made: Readjudication) -> None:
    """Leave a row in the audit trail: about the person, where one is chosen."""
    await audit.record(
        tx,
        caller,
        action,
        at=desk.clock.now(),
        person_no=made.selection.person_no,
        county_code=made.county_code,
        subject=str(made.id),
    )
