"""What can be done about agreements: enter, read, change."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from service.ids import new_id
from service.registers.agreements import store
from service.registers.agreements.store import AGREEMENTS
from service.registers.checks import refuse_disorder
from service.registers.dated import hold
from service.registers.desk import Desk
from service.registers.entries import Agreement
from service.registers.periods import Dated
from service.registers.refusals import AgreementUnknown


@dataclass(frozen=True, slots=True)
class Kept:
    """An agreement under its id."""

    id: UUID
    fact: Dated[Agreement]


async def enter(desk: Desk, fact: Dated[Agreement], reason: str | None) -> Kept:
    """Enter an agreement that shares no day with another of the same insurer and hospital."""
    kept = Kept(new_id(desk.now), fact)

    scope = {"county_code": desk.county_code, "agreement_id": kept.id}
    await AGREEMENTS.add(desk.tx, scope, [fact], desk.author(reason))
    await desk.note("agreement.enter", subject=str(kept.id))
    return kept


async def look_up(desk: Desk, agreement_id: UUID) -> Kept:
    known = await store.agreement(desk.tx, desk.county_code, agreement_id)
    if known is None:
        raise AgreementUnknown
    return Kept(agreement_id, known.fact)


async def change(
    desk: Desk, agreement_id: UUID, what: dict[str, Any], days: dict[str, date | None], reason: str | None
) -> Kept:
    """Supersede an agreement by what is now known of it."""
    await hold(desk.tx, "agreement", desk.county_code, agreement_id)
    known = await store.agreement(desk.tx, desk.county_code, agreement_id)
    if known is None:
        raise AgreementUnknown

    after = replace(known.fact, what=replace(known.fact.what, **what), **days)
    refuse_disorder(after)

    scope = {"county_code": desk.county_code, "agreement_id": agreement_id}
    await AGREEMENTS.correct(desk.tx, scope, [known], [after], desk.author(reason))
    await desk.note("agreement.change", subject=str(agreement_id))
    return Kept(agreement_id, after)
