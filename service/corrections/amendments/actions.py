"""What can be done with an amendment: upload it, read it, approve it. Each is one transaction of its caller."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access import audit
from service.access.model import Caller
from service.claims.actions import Desk
from service.claims.model import Cause
from service.corrections.amendments.refusals import AmendmentUnknown, DoesNotFit, PackFaulty, ReplacesUnknown
from service.corrections.bulk import actions as bulk
from service.corrections.bulk import store as readjudications
from service.corrections.bulk.actions import named
from service.corrections.bulk.model import Readjudication, Selection, State
from service.corrections.bulk.refusals import ReadjudicationState, SecondPersonNeeded
from service.ids import new_id
from service.policy import amendments
from service.policy.amendments import Amended
from service.policy.load import load_text
from service.policy.model import Pack
from service.policy.refusals import PackRefused
from service.registers.dated import hold


async def upload(
    tx: AsyncConnection, caller: Caller, desk: Desk, text: str, *, replaces: str, first: date, note: str
) -> tuple[Amended, Readjudication]:
    """
    Keep a new text of a pack, not in force, and ask for the preview of what it would cost.

    Raises policy.faulty, policy.not_in_force, policy.does_not_fit, readjudication.operator_needed.
    """
    operator, now = named(caller), desk.clock.now()
    try:
        pack = load_text(text)
    except PackRefused as refused:
        raise PackFaulty(refused.faults) from refused
    old = await _in_force(tx, desk, caller.county_code, replaces, first)
    if not _fits(pack, old, caller.county_code, first):
        raise DoesNotFit
    amended = Amended(
        caller.county_code, new_id(now), replaces, pack.hash, first, note, caller.client_id, operator, now
    )

    await desk.law.keep(tx, pack, at=now)
    await amendments.add(tx, amended)
    selection = Selection(first=first, last=old.valid_to, pack_hash=replaces)
    preview = await bulk.draft(
        tx, caller, desk, selection, cause=Cause.POLICY_AMENDMENT, note=note, amendment_id=amended.id
    )
    await _noted(tx, caller, desk, "policy.amend", amended)
    return amended, preview


async def approve(
    tx: AsyncConnection, caller: Caller, desk: Desk, amendment_id: UUID
) -> tuple[Amended, Readjudication]:
    """
    Put an amendment in force, by another person, once its cost is previewed. Settlements keep the text they have.

    Raises policy.amendment_unknown, policy.not_in_force, readjudication.state, readjudication.same_person,
    readjudication.operator_needed.
    """
    operator = named(caller)
    await hold(tx, "policy_amendments", caller.county_code)
    amended, preview = await known(tx, caller.county_code, amendment_id)
    if amended.approved_at is not None or preview.state != State.PREVIEWED:
        raise ReadjudicationState(preview.state)
    if amended.operator == operator:
        raise SecondPersonNeeded
    await _in_force(tx, desk, caller.county_code, amended.replaces, amended.first)
    now = desk.clock.now()

    await amendments.approve(tx, amended, client_id=caller.client_id, operator=operator, at=now)
    await _noted(tx, caller, desk, "policy.approve", amended)
    return replace(amended, approved_by=operator, approved_client_id=caller.client_id, approved_at=now), preview


async def known(tx: AsyncConnection, county_code: str, amendment_id: UUID) -> tuple[Amended, Readjudication]:
    """An amendment and the preview of its cost. Raises policy.amendment_unknown."""
    amended = await amendments.find(tx, county_code, amendment_id)
    if amended is None:
        raise AmendmentUnknown
    preview = await readjudications.of_amendment(tx, county_code, amendment_id)
    assert preview is not None
    return amended, preview


async def _in_force(tx: AsyncConnection, desk: Desk, county_code: str, content_hash: str, first: date) -> Pack:
    law = await desk.law.with_amendments(tx)
    pack = law.packs.on(county_code, first)
    if pack is None or pack.hash != content_hash:
        raise ReplacesUnknown
    return pack


def _fits(pack: Pack, old: Pack, county_code: str, first: date) -> bool:
    same = (pack.id, pack.valid_to) == (old.id, old.valid_to) and pack.hash != old.hash
    return same and county_code in pack.county_codes and pack.covers(first)


async def _noted(tx: AsyncConnection, caller: Caller, desk: Desk, action: str, amended: Amended) -> None:
    await audit.record(
        tx,
        caller,
        action,
        at=desk.clock.now(),
        person_no=None,
        county_code=amended.county_code,
        subject=str(amended.id),
    )
