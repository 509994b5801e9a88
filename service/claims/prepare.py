"""From order to decision: the one path that preview and settlement share. Gathers, then decides; records nothing."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Caller, Role
from service.claims import bill, checks, store, trace
from service.claims import refusals as no
from service.claims.decided import check_decided
from service.claims.model import History, Order, Record, Status, ThirdParty
from service.errors import Text
from service.explanation.render import Renderer
from service.policy.model import Level, Location, Pack, Packs, Situation
from service.registers.facts import visit_facts
from service.registers.model import AidMode, FactsAsked, HospitalFacts, PersonFacts, VisitFacts
from service.settlement.model import Claim, Finding
from service.settlement.scope import scope_bill
from service.settlement.waterfall import settle


@dataclass(frozen=True, slots=True)
class Facts:
    """What was gathered for a visit, checked and complete."""

    person: PersonFacts
    hospital: HospitalFacts
    pack: Pack
    visit: VisitFacts


async def prepare(
    tx: AsyncConnection,
    caller: Caller,
    order: Order,
    packs: Packs,
    *,
    now: datetime,
    settlement_id: UUID | None = None,
    query_code: str | None = None,
) -> Record:
    """
    Decide a visit as things stand. With a `settlement_id` the person's turn is taken first, so that nothing moves.

    Raises every refusal of `claims.refusals`, and request.invalid where the order contradicts itself.
    """
    facts = await _gather(tx, caller, order, packs, now=now)
    history = await store.open_person(
        tx,
        order,
        county_code=facts.person.county_code,
        person_no=facts.person.person_no,
        lock=settlement_id is not None,
    )
    return decide(caller, order, facts, history, now=now, settlement_id=settlement_id, query_code=query_code)


async def _gather(tx: AsyncConnection, caller: Caller, order: Order, packs: Packs, *, now: datetime) -> Facts:
    if caller.role == Role.HOSPITAL and order.hospital_code != caller.hospital_code:
        raise checks.unknown_hospital(order.hospital_code)
    checks.check_order(order, now.date())
    charged = [line.charged_on for line in order.lines]
    asked = FactsAsked(
        person_key=order.person_key,
        hospital_code=order.hospital_code,
        last_day=order.last_day,
        first_admitted_on=order.admitted_on,
        referral_no=order.referral_no,
        disease_code=order.disease_code,
        item_codes=list({line.item_code for line in order.lines}),
        charged_from=min(charged),
        charged_to=max(charged),
    )
    visit = await visit_facts(tx, asked)
    hospital = checks.check_hospital(order, visit)
    person = checks.check_person(order, visit)
    if caller.role == Role.AGENCY and caller.county_code not in (person.county_code, hospital.county_code):
        raise checks.unknown_hospital(order.hospital_code)
    pack = packs.on(person.county_code, order.last_day)
    if pack is None:
        raise no.NoPolicyInForce(
            Text(
                f"{person.county_code} 在 {order.last_day} 没有有效的政策包，请联系医保经办机构。",
                f"No policy pack of {person.county_code} is in force on {order.last_day}: ask the agency.",
            ),
            pointer="/discharged_on" if order.is_stay else "/service_on",
        )
    checks.check_chronic(order, visit, pack)
    return Facts(person, hospital, pack, visit)


def decide(
    caller: Caller,
    order: Order,
    facts: Facts,
    history: History,
    *,
    now: datetime,
    settlement_id: UUID | None,
    query_code: str | None,
) -> Record:
    """Pure: what was gathered decides the visit. Raises as `prepare`."""
    checks.check_history(order, facts.person, history)
    first_admitted_on = history.first_part.admitted_on if history.first_part else order.admitted_on
    referred = checks.check_referral(order, facts.visit, facts.person, first_admitted_on)
    bill.check_lines(order, history)
    terms = bill.terms_of_lines(order, bill.Catalogue(facts.visit.catalogue), history.earlier_lines)
    lines = bill.fee_lines(order, terms)
    scoped = scope_bill(lines)
    bill.check_amounts(scoped.amounts)
    decided = check_decided(facts.pack, scoped.amounts, order.decided, order.platform_totals, order.other)

    claim = Claim(
        situation=_situation(order, facts, referred=referred),
        day=order.last_day,
        lines=lines,
        sums=history.sums,
        disease=order.disease_code,
        stay=store.stay_period(order) if order.interim_no or history.parts else None,
        opens_stay=not history.parts,
        decided=decided,
        other=order.other,
        advances=True,
        agreement=_agreement(facts),
        on_application=facts.hospital.aid == AidMode.ON_APPLICATION,
        on_hold=order.third_party == ThirdParty.UNKNOWN,
    )
    settlement = settle(claim, facts.pack, scoped)
    found = (*bill.findings(order, terms), *_findings(order, facts, claim), *settlement.findings)
    _refuse_findings(facts.pack, found)
    kept = bill.kept(order, terms, settlement.line_amounts)
    status = Status.ON_HOLD if claim.on_hold else Status.SETTLED
    return Record(
        id=settlement_id,
        status=status if settlement_id is not None else Status.PREVIEW,
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
        bill=kept,
        trace=trace.kept(claim, settlement, found, _facts_kept(order, facts)),
        settled_at=now if settlement_id is not None else None,
        query_code=query_code,
        operator=caller.operator,
        client_id=caller.client_id,
        on_hold=claim.on_hold,
    )


def _situation(order: Order, facts: Facts, *, referred: bool) -> Situation:
    return Situation(
        order.visit_type,
        frozenset(facts.person.identities),
        Location(facts.hospital.location),
        Level(facts.hospital.level),
        facts.hospital.specialist,
        referred,
    )


def _agreement(facts: Facts) -> bool:
    """Whether one with the insurer is in force; an agreement that names another payer of the pack is not it."""
    insurers = {share.payer for layer in facts.pack.layers if layer.advance.needs_agreement for share in layer.payers}
    others = facts.pack.payers.keys() - insurers
    return any(agreement.insurer not in others for agreement in facts.visit.agreements)


def _findings(order: Order, facts: Facts, claim: Claim) -> list[Finding]:
    found = []
    reached = any(
        layer.advance.needs_agreement and layer.advance.when.holds(claim.situation) for layer in facts.pack.layers
    )
    if reached and not claim.agreement and facts.visit.agreement_expired:
        found.append(Finding("agreement.expired"))
    if order.third_party == ThirdParty.LIABLE_UNPAID:
        found.append(Finding("injury.recourse"))
    return found


def _refuse_findings(pack: Pack, found: tuple[Finding, ...]) -> None:
    refused = [finding for finding in found if finding.code in pack.refused_findings]
    if refused:
        said = Renderer(pack).finding(refused[0])
        raise no.FindingRefused(Text(said["zh"], said["en"]), pointer="/fee_lines")


def _facts_kept(order: Order, facts: Facts) -> dict[str, object]:
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
    }
