"""What can be done about a manual claim: register, hand in papers, review, ask for more, decide. Each is one."""

from dataclasses import replace
from typing import BinaryIO, Final
from uuid import UUID

from service.access.model import Role
from service.claims.actions import settle_for_patient
from service.claims.changes.anew import pointed
from service.claims.checks import unknown_person
from service.claims.decide import Making
from service.claims.model import Order, Record
from service.claims.prepare import prepare
from service.claims.schemas import SettlementIn
from service.ids import new_id
from service.paper.handed_in import taken
from service.payouts.counter import Counter
from service.payouts.encounters.model import NearMiss
from service.payouts.encounters.store import of_claim
from service.payouts.items.model import Kind, Source
from service.payouts.items.store import add_source
from service.payouts.manual import store
from service.payouts.manual.model import COLLECTING, NEXT, Encounter, ManualClaim, Paper, RouteReason, State, Step
from service.payouts.manual.refusals import (
    DocumentsMissing,
    ManualClaimState,
    ManualClaimUnknown,
    ManualDocumentUnknown,
    NearMisses,
    RouteReasonWrong,
    SameEncounter,
    TooManyPapers,
)
from service.payouts.manual.store import Filters, View
from service.payouts.refusals import NotKnownByLaw
from service.payouts.workdays import working_days_after
from service.policy.to_patients import ManualClaimRules
from service.registers.dated import hold
from service.registers.facts import find_person
from service.words import ClaimDocument

MOST_PAPERS: Final = 20


async def register(counter: Counter, visit: SettlementIn, reason: RouteReason) -> ManualClaim:
    """
    Register a claim. The visit is checked as a settlement would check it, and settled once it is approved.

    Raises every refusal of `claims.refusals`, manual_claim.reason, manual_claim.same_encounter, payout.no_rules.
    """
    rules = _rules(counter)
    with pointed(at="/visit"):
        order = _order(counter, visit)
        await _check_own(counter, order)
        record = await prepare(counter.tx, counter.caller, order, counter.desk.law.packs, Making(counter.now))
    if reason == RouteReason.NOT_CONNECTED and record.trace["facts"]["hospital"].connected:
        raise RouteReasonWrong("/reason")

    claim = ManualClaim(
        counter.county_code,
        new_id(counter.now),
        _encounter(record),
        reason,
        visit.model_dump_json(),
        State.REGISTERED,
        working_days_after(counter.today, rules.decide_working_days),
        rules.documents + (rules.identity_documents if record.identities else ()),
        counter.caller.client_id,
        counter.caller.operator,
        counter.now,
    )
    if not await store.add(counter.tx, counter.vault, claim):
        raise SameEncounter
    await _note(counter, "manual_claim.register", claim)
    return claim


async def _check_own(counter: Counter, order: Order) -> None:
    """Raises person.unknown: a township acts for its own people, an agency for its county's."""
    found = await find_person(counter.tx, *order.person_key)
    if found is None or found[0] != counter.county_code or not await counter.is_own(found[1]):
        raise unknown_person()


def _rules(counter: Counter) -> ManualClaimRules:
    if counter.rules.manual_claims is None:
        raise NotKnownByLaw
    return counter.rules.manual_claims


def _order(counter: Counter, visit: SettlementIn) -> Order:
    return replace(visit.to_order(counter.vault), advances=False)


def _encounter(record: Record) -> Encounter:
    assert record.invoice_no is not None
    return Encounter(
        record.person_no,
        record.hospital_code,
        record.visit_no,
        record.interim_no,
        record.visit_type,
        record.disease_code,
        record.admitted_on,
        record.last_day,
        record.invoice_no,
    )


async def read(counter: Counter, claim_id: UUID) -> ManualClaim:
    """One claim. Raises manual_claim.unknown where it is not the caller's to see."""
    claim = await _known(counter, claim_id)

    await _note(counter, "manual_claim.read", claim)
    return claim


async def listed(counter: Counter, filters: Filters, *, after: UUID | None, rows: int) -> list[ManualClaim]:
    """The claims the caller may see, newest first."""
    found = await store.listed(counter.tx, counter.vault, _view(counter), filters, after=after, rows=rows)

    await counter.note_shown("manual_claim.list", (each.encounter.person_no for each in found))
    return found


async def hand_in(counter: Counter, claim_id: UUID, kind: ClaimDocument, file: BinaryIO, name: str) -> ManualClaim:
    """Add a paper while they are collected. The same paper again changes nothing. Raises document.refused."""
    claim = await _held(counter, claim_id)
    if claim.state not in COLLECTING:
        raise ManualClaimState
    if len(claim.papers) >= MOST_PAPERS:
        raise TooManyPapers
    content = taken(file)

    paper = Paper(new_id(counter.now), kind, name, content.media_type, len(content.content), counter.now)
    by = (counter.caller.client_id, counter.caller.operator)
    await store.add_paper(counter.tx, counter.vault, claim, paper, content, by)
    await _note(counter, "manual_claim.hand_in", claim)
    return await _known(counter, claim_id)


async def document(counter: Counter, claim_id: UUID, document_id: UUID) -> tuple[bytes, str]:
    """A paper of a claim, and its media type. Raises document.unknown."""
    claim = await _known(counter, claim_id)
    kind = next((paper.media_type for paper in claim.papers if paper.id == document_id), None)
    if kind is None:
        raise ManualDocumentUnknown

    await _note(counter, "manual_claim.document", claim)
    return await store.content(counter.tx, counter.vault, claim, document_id), kind


async def review(counter: Counter, claim_id: UUID) -> ManualClaim:
    """
    Take a claim under review, once its papers are there. The days for a decision count from then.

    Raises manual_claim.state, manual_claim.documents_missing.
    """
    claim = await _held(counter, claim_id)
    _check_next(claim, State.UNDER_REVIEW)
    if claim.missing:
        raise DocumentsMissing(missing=[kind.value for kind in claim.missing])
    due_on = working_days_after(counter.today, _rules(counter).decide_working_days)
    return await _enter(counter, replace(claim, due_on=due_on), State.UNDER_REVIEW, None)


async def ask_for_more(counter: Counter, claim_id: UUID, reason: str) -> ManualClaim:
    """Say what is missing. Raises manual_claim.state."""
    claim = await _held(counter, claim_id)
    _check_next(claim, State.INCOMPLETE)
    return await _enter(counter, claim, State.INCOMPLETE, reason)


async def refuse(counter: Counter, claim_id: UUID, reason: str) -> ManualClaim:
    """Refuse a claim, with the reason. Raises manual_claim.state, payout.same_person, payout.operator_missing."""
    claim = await _held(counter, claim_id)
    _check_next(claim, State.REFUSED)
    counter.check_second(claim.client_id, claim.operator)
    return await _enter(counter, claim, State.REFUSED, reason)


async def approve(counter: Counter, claim_id: UUID, reason: str) -> ManualClaim:
    """
    Approve a claim: the visit is settled by the same engine in the same transaction, and what is due is owed to the
    patient's account.

    Raises what `refuse` raises, manual_claim.near_misses, and every refusal of `claims.refusals` where the visit
    cannot be settled any more.
    """
    claim = await _held(counter, claim_id)
    _check_next(claim, State.APPROVED)
    counter.check_second(claim.client_id, claim.operator)
    order, settlement_id = _order(counter, SettlementIn.model_validate_json(claim.body)), new_id(counter.now)
    # Asked before, while the claim is not yet a visit of its own; told after what is certain.
    alike = await _alike(counter, claim)
    with pointed(at=None):
        record = await settle_for_patient(
            counter.tx, counter.caller, order, counter.desk, settlement_id=settlement_id, now=counter.now
        )
    if alike:
        raise NearMisses.of(alike)
    if record.settlement.split.owed_to_patient:
        source = Source(settlement_id, Kind.MANUAL, claim.id)
        await add_source(counter.tx, counter.county_code, source, counter.now)
    return await _enter(counter, claim, State.APPROVED, reason, settlement_id)


async def _alike(counter: Counter, claim: ManualClaim) -> list[NearMiss]:
    about = claim.encounter
    named = {"person_no": about.person_no, "invoice_no": about.invoice_no}
    return await of_claim(counter.tx, counter.vault, counter.county_code, claim.id, **named)


def _check_next(claim: ManualClaim, state: State) -> None:
    if state not in NEXT[claim.state]:
        raise ManualClaimState


async def _enter(
    counter: Counter, claim: ManualClaim, state: State, reason: str | None, settlement_id: UUID | None = None
) -> ManualClaim:
    step = Step(state, counter.now, counter.caller.client_id, counter.caller.operator, reason)
    await store.enter(counter.tx, counter.vault, claim, step, due_on=claim.due_on, settlement_id=settlement_id)
    await _note(counter, f"manual_claim.{state}", claim)
    return await _known(counter, claim.id)


async def _held(counter: Counter, claim_id: UUID) -> ManualClaim:
    await hold(counter.tx, "manual claim", claim_id)
    return await _known(counter, claim_id)


async def _known(counter: Counter, claim_id: UUID) -> ManualClaim:
    claim = await store.find(counter.tx, counter.vault, claim_id, _view(counter))
    if claim is None:
        raise ManualClaimUnknown
    return claim


def _view(counter: Counter) -> View:
    return View(counter.county_code, counter.township_code)


async def _note(counter: Counter, action: str, claim: ManualClaim) -> None:
    assert counter.caller.role in (Role.AGENCY, Role.TOWNSHIP, Role.AUDITOR)
    await counter.note(action, person_no=claim.encounter.person_no, subject=claim.id)
