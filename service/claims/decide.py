"""Pure: what was gathered decides the visit, or refuses it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from service.access.model import Caller
from service.claims import bill, checks, trace
from service.claims import refusals as no
from service.claims.bill import LineTerms
from service.claims.changes.kept_order import stated
from service.claims.decided import check_decided, check_other
from service.claims.findings import of_bill, of_history, of_visit
from service.claims.model import History, Order, Record, Status, ThirdParty
from service.errors import Text
from service.explanation.render import renderer_of
from service.policy.conditions import Situation
from service.policy.model import Pack
from service.registers.model import AidMode, HospitalFacts, PersonFacts, VisitFacts
from service.settlement.model import Claim, Finding
from service.settlement.scope import ScopedBill, scope_bill
from service.settlement.waterfall import settle
from service.words import HospitalLevel, Location


@dataclass(frozen=True, slots=True)
class Facts:
    """What was gathered for a visit, checked and complete."""

    person: PersonFacts
    hospital: HospitalFacts
    pack: Pack
    visit: VisitFacts


class Making(NamedTuple):
    """What is given to a settlement when it is made; a preview has neither id nor query code."""

    now: datetime
    settlement_id: UUID | None = None
    query_code: str | None = None


def decide(caller: Caller, order: Order, facts: Facts, history: History, making: Making) -> Record:
    """
    Decide a visit.

    Raises the refusals of `claims.refusals` that need the person's history or the bill, and request.invalid.
    """
    checks.check_history(order, facts.person, history)
    first_admitted_on = history.first_part.admitted_on if history.first_part else order.admitted_on
    referred = checks.check_referral(order, facts.visit, facts.person, first_admitted_on)
    bill.check_lines(order, history)
    terms = bill.terms_of_lines(order, bill.Catalogue(facts.visit.catalogue), history.earlier_lines)
    lines = bill.fee_lines(order, terms)
    scoped = scope_bill(lines)
    bill.check_amounts(order, scoped, history.earlier_lines)
    check_other(facts.pack, order.other)

    claim = Claim(
        situation=_situation(order, facts, referred=referred),
        day=order.last_day,
        lines=lines,
        sums=history.sums,
        disease=order.disease_code,
        stay=order.stay_period if order.interim_no or history.parts else None,
        opens_stay=not history.parts,
        decided=check_decided(facts.pack, scoped.amounts, order.decided, order.platform_totals, order.other),
        other=order.other,
        advances=order.advances,
        agreement=agreement_of(facts.pack, (each.insurer for each in facts.visit.agreements)),
        on_application=facts.hospital.aid == AidMode.ON_APPLICATION,
        on_hold=order.third_party == ThirdParty.UNKNOWN,
        approved_aid=order.approved_aid,
    )
    return _decided(caller, order, facts, history, making, claim, scoped, terms)


def _decided(
    caller: Caller,
    order: Order,
    facts: Facts,
    history: History,
    making: Making,
    claim: Claim,
    scoped: ScopedBill,
    terms: Sequence[LineTerms],
) -> Record:
    settlement = settle(claim, facts.pack, scoped)
    found = (
        *of_bill(order, terms),
        *of_visit(order, facts.visit, facts.pack, claim),
        *of_history(order, history),
        *settlement.findings,
    )
    _refuse_findings(facts.pack, found)
    made = making.settlement_id is not None
    return Record(
        id=making.settlement_id,
        status=(Status.ON_HOLD if claim.on_hold else Status.SETTLED) if made else Status.PREVIEW,
        version=1,
        county_code=facts.person.county_code,
        person_no=facts.person.person_no,
        hospital_code=order.hospital_code,
        visit_no=order.visit_no,
        interim_no=order.interim_no,
        visit_type=order.visit_type,
        admitted_on=order.admitted_on,
        last_day=order.last_day,
        disease_code=order.disease_code,
        referral_no=order.referral_no,
        invoice_no=order.invoice_no,
        order_no=history.order_no,
        pack_id=facts.pack.id,
        pack_hash=facts.pack.hash,
        identities=facts.person.identities,
        settlement=settlement,
        findings=found,
        bill=bill.kept(order, terms, settlement.line_amounts),
        trace=trace.kept(claim, settlement, found, _facts_kept(order, facts, stated(order, terms))),
        settled_at=making.now if made else None,
        query_code=making.query_code,
        operator=caller.operator,
        client_id=caller.client_id,
        on_hold=claim.on_hold,
        case_id=making.settlement_id,
    )


def _situation(order: Order, facts: Facts, *, referred: bool) -> Situation:
    return Situation(
        order.visit_type,
        frozenset(facts.person.identities),
        Location(facts.hospital.location),
        HospitalLevel(facts.hospital.level),
        facts.hospital.specialist,
        referred,
    )


def agreement_of(pack: Pack, in_force: Iterable[str]) -> bool:
    """Whether one of these insurers' agreements is the one needed; one that names another payer of the pack is not."""
    insurers = {share.payer for layer in pack.layers if layer.advance.needs_agreement for share in layer.payers}
    others = pack.payers.keys() - insurers
    return any(insurer not in others for insurer in in_force)


def _refuse_findings(pack: Pack, found: tuple[Finding, ...]) -> None:
    refused = [finding for finding in found if finding.code in pack.refused_findings]
    if refused:
        said = renderer_of(pack).finding(refused[0])
        raise no.FindingRefused(Text(said["zh"], said["en"]), pointer="/fee_lines")


def _facts_kept(order: Order, facts: Facts, as_stated: list[list[object]]) -> dict[str, object]:
    """What was read beside the kernel's own facts, so that the decision can be understood without the registers."""
    return {
        "hospital": facts.hospital,
        "agreements": facts.visit.agreements,
        "referral": facts.visit.referral,
        "card": facts.visit.card,
        "diagnoses": order.diagnoses,
        "third_party": order.third_party,
        "injury_note": order.injury_note,
        "platform_totals": order.platform_totals,
        "stated": as_stated,
    }
