"""What can be done about chronic cards: apply, read, list, change, decide."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from service.ids import new_id
from service.registers.cards import store
from service.registers.cards.refusals import CardDecided, CardNotRenewable, CardUnknown
from service.registers.cards.rules import refuse_application
from service.registers.cards.store import CARDS
from service.registers.checks import refuse_disorder
from service.registers.dated import hold
from service.registers.desk import Desk
from service.registers.entries import ChronicCard
from service.registers.hospitals.store import level_on
from service.registers.model import CardStatus
from service.registers.periods import ONE_DAY, Dated, Recorded
from service.registers.refusals import HospitalUnknown, NoPolicyInForce


@dataclass(frozen=True, slots=True)
class Kept:
    """A card under its id."""

    id: UUID
    fact: Dated[ChronicCard]


@dataclass(frozen=True, slots=True)
class Renewal:
    """A new certificate for a disease that a person has a card for."""

    certificate_hospital_code: str
    certificate_issued_on: date
    applied_on: date
    valid_to: date | None
    reason: str | None


async def apply(desk: Desk, fact: Dated[ChronicCard], reason: str | None) -> Kept:
    """Take an application for a card; the agency decides it later."""
    await _check(desk, fact.what)

    kept = Kept(new_id(desk.now), fact)
    scope = {"county_code": desk.county_code, "card_id": kept.id}
    await CARDS.add(desk.tx, scope, [fact], desk.author(reason))
    await desk.note("card.apply", person_no=fact.what.person_no, subject=str(kept.id))
    return kept


async def look_up(desk: Desk, card_id: UUID) -> Kept:
    known = await _known(desk, card_id)

    await desk.note("card.read", person_no=known.fact.what.person_no, subject=str(card_id))
    return Kept(card_id, known.fact)


async def list_cards(
    desk: Desk,
    *,
    person_no: str | None,
    status: str | None,
    on: date | None,
    ends: tuple[date, date] | None,
    after: tuple[Any, ...] | None,
    rows: int,
) -> list[Kept]:
    found = await store.cards_of(
        desk.tx, desk.county_code, person_no=person_no, status=status, on=on, ends=ends, after=after, rows=rows
    )
    return [Kept(number, each.fact) for number, each in found]


async def change(
    desk: Desk, card_id: UUID, what: dict[str, Any], days: dict[str, date | None], reason: str | None
) -> Kept:
    """Supersede a card by what is now known of it; after the decision only its days may change."""
    known = await _held(desk, card_id)

    after = replace(known.fact, what=replace(known.fact.what, **what), **days)
    refuse_disorder(after)
    if after.what != known.fact.what:
        if known.fact.what.status != CardStatus.APPLIED:
            raise CardDecided
        await _check(desk, after.what)

    return await _correct(desk, card_id, known, after, action="card.change", reason=reason)


async def renew(desk: Desk, card_id: UUID, asked: Renewal) -> Kept:
    """
    Apply for the same disease anew. The new card begins the day after the old one ends, or with the application where
    that has passed; the old one stays as it is.
    """
    old = await _held(desk, card_id)
    if old.fact.what.status != CardStatus.APPROVED or old.fact.valid_to is None:
        raise CardNotRenewable
    begins = max(old.fact.valid_to + ONE_DAY, asked.applied_on)
    card = ChronicCard(
        person_no=old.fact.what.person_no,
        disease_code=old.fact.what.disease_code,
        certificate_hospital_code=asked.certificate_hospital_code,
        certificate_issued_on=asked.certificate_issued_on,
        applied_on=asked.applied_on,
    )
    fact = Dated(card, begins, asked.valid_to)
    refuse_disorder(fact)
    return await apply(desk, fact, asked.reason)


async def decide(desk: Desk, card_id: UUID, status: CardStatus, reason: str | None) -> Kept:
    """Approve or refuse an application, once."""
    known = await _held(desk, card_id)
    if known.fact.what.status != CardStatus.APPLIED:
        raise CardDecided

    author = desk.author(reason)
    decided = replace(
        known.fact.what, status=status, decision_reason=reason, decided_at=author.at, decided_by=author.by
    )

    after = replace(known.fact, what=decided)
    return await _correct(desk, card_id, known, after, action="card.decide", reason=reason)


async def _known(desk: Desk, card_id: UUID) -> Recorded[ChronicCard]:
    known = await store.card(desk.tx, desk.county_code, card_id)
    if known is None:
        raise CardUnknown
    return known


async def _held(desk: Desk, card_id: UUID) -> Recorded[ChronicCard]:
    await hold(desk.tx, "card", desk.county_code, card_id)
    return await _known(desk, card_id)


async def _check(desk: Desk, card: ChronicCard) -> None:
    rules = desk.law.chronic_rules(desk.county_code, card.applied_on)
    if rules is None:
        raise NoPolicyInForce("/applied_on")
    level = await level_on(desk.tx, card.certificate_hospital_code, card.certificate_issued_on)
    if level is None:
        raise HospitalUnknown("/certificate/hospital_code")
    refuse_application(card, level, rules, desk.today)


async def _correct(
    desk: Desk,
    card_id: UUID,
    known: Recorded[ChronicCard],
    after: Dated[ChronicCard],
    *,
    action: str,
    reason: str | None,
) -> Kept:
    scope = {"county_code": desk.county_code, "card_id": card_id}
    await CARDS.correct(desk.tx, scope, [known], [after], desk.author(reason))
    await desk.note(action, person_no=after.what.person_no, subject=str(card_id))
    return Kept(card_id, after)
