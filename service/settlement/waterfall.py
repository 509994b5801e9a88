"""Let each payer pay in turn. The only place that knows there is more than one; the order is the pack's."""

from collections.abc import Sequence

from service.money import WHOLE
from service.policy.model import Layer, Pack
from service.policy.terms import AidTerms, BandTerms, FloorTerms, OtherTerms, OutOfPocketTerms, RatioTerms, Terms
from service.settlement.burden import Burden, not_eligible
from service.settlement.caps import cap_payment
from service.settlement.model import (
    Amounts,
    Award,
    Claim,
    Entry,
    Finding,
    Outcome,
    Settlement,
    Share,
    Split,
    Step,
)
from service.settlement.rules import aid, bands, floor, other, out_of_pocket, ratio
from service.settlement.scope import ScopedBill, scope_bill


def settle(claim: Claim, pack: Pack, bill: ScopedBill | None = None) -> Settlement:
    """
    Decide a visit: fee lines to scope, then each layer from what the ones before left; the patient has the rest.

    Pure: the same claim and pack give the same settlement, for ever. Whoever calls has made sure that the pack is
    in force on the claim's day, that no part of the bill is negative and that decided layers do not exceed it;
    where the lines are in scope already, `bill` saves doing it twice.
    """
    assert pack.covers(claim.day)
    line_amounts, amounts = bill or scope_bill(claim.lines)
    assert min(amounts) >= 0
    burden = Burden(claim, pack, amounts)
    assert burden.left >= 0

    awards: list[Award] = []
    entries: list[Entry] = []
    findings: list[Finding] = []
    for layer in pack.layers:
        award, added, found = _take_turn(burden, layer)
        awards.append(award)
        entries += added
        findings += found

    split = split_of(claim, amounts, awards)
    entries += _stay_sums(burden, amounts, split.paid_total)
    entries += _year_sums(burden, split.paid_total)
    return Settlement(amounts, line_amounts, tuple(awards), split, tuple(entries), tuple(findings))


def _take_turn(burden: Burden, layer: Layer) -> tuple[Award, list[Entry], list[Finding]]:
    claim = burden.claim
    terms = layer.on(claim.situation.visit_type, claim.day)
    decided = claim.decided.get(layer.id)
    if layer.rule == "other" and decided is None and not terms.none:
        return _other(burden, layer)

    outcome = _outcome(burden, terms)
    steps, entries = outcome.steps, outcome.entries
    if decided is not None:
        paid = decided.paid
        values = {"settlement_no": decided.settlement_no, "platform": decided.platform}
        steps = [Step("layer.decided", True, paid, values=values)]
    else:
        paid = cap_payment(burden, terms, outcome.amount, steps)
    applied_for = layer.advance.on_application and claim.on_application and decided is None
    if applied_for and claim.approved_aid is not None:
        # The township may grant less than was expected, never more (domain §6, aid on application).
        expected = paid
        paid = min(expected, claim.approved_aid)
        steps.append(Step("aid.approved", paid > 0, paid, values={"expected": expected}))
    assert paid >= 0

    if paid and layer.rule != "other":
        entries.append(_paid_entry(burden, terms, paid, outcome.cap, capped=decided is None))
        if terms.caps.disease_year is not None:
            entries.append(_disease_entry(burden, terms, paid, capped=decided is None))
    burden.after(layer.id, paid, decided=decided is not None)

    to_patient = applied_for and paid > 0
    shares = _shares(layer, paid, _pay_to(burden, layer, decided=decided is not None, to_patient=to_patient))
    award = Award(
        layer.id,
        layer.rule,
        outcome.base,
        outcome.deductible,
        paid,
        decided is not None,
        to_patient and claim.approved_aid is None,
        shares,
        tuple(steps),
    )
    return award, entries, []


def _outcome(burden: Burden, terms: Terms) -> Outcome:
    """Ask the layer's rule, where the layer reaches this visit at all."""
    if terms.none or not terms.eligible.holds(burden.situation):
        return Outcome(0, 0, 0, [not_eligible(terms)], [])
    match terms.rule:
        case RatioTerms():
            return ratio.pay(burden, terms.rule, terms.pool)
        case BandTerms():
            return bands.pay(burden, terms.rule, terms.pool)
        case AidTerms():
            return aid.pay(burden, terms.rule, terms.pool)
        case FloorTerms():
            return floor.pay(burden, terms.rule, terms.pool)
        case OutOfPocketTerms():
            return out_of_pocket.pay(burden, terms.rule, terms.pool)
        case OtherTerms() | None:
            return Outcome(0, 0, 0, [], [])


def _other(burden: Burden, layer: Layer) -> tuple[Award, list[Entry], list[Finding]]:
    credited, steps, findings = other.credit(burden)
    by_way = {"hospital": 0, "patient": 0}
    for one in credited:
        by_way[one.paid_to] += one.amount
    shares = [Share(layer.payers[0].payer, amount, way) for way, amount in by_way.items() if amount]
    paid = sum(by_way.values())
    burden.after(layer.id, paid, decided=False)
    award = Award(
        layer.id,
        layer.rule,
        burden.left + paid,
        0,
        paid,
        False,
        False,
        tuple(shares) or (Share(layer.payers[0].payer, 0, "hospital"),),
        tuple(steps),
    )
    return award, [], findings


def _paid_entry(burden: Burden, terms: Terms, paid: int, own_cap: int | None, *, capped: bool) -> Entry:
    """What the layer paid this year, with the cap it kept to; a decided amount counts but is not cut (domain §4)."""
    name = f"{terms.pool}.paid"
    before = burden.sum_before(burden.claim.year, name)
    common = terms.caps.year.read(burden.situation) if terms.caps.year is not None else None
    caps = [cap for cap in (own_cap, common.value if common is not None else None) if cap is not None]
    return Entry(burden.claim.year, name, before, paid, min(caps) if caps and capped else None)


def _disease_entry(burden: Burden, terms: Terms, paid: int, *, capped: bool) -> Entry:
    disease = burden.claim.disease
    assert terms.caps.disease_year is not None
    assert disease is not None
    name = f"{terms.pool}.fund.{disease}"
    before = burden.sum_before(burden.claim.year, name)
    return Entry(burden.claim.year, name, before, paid, terms.caps.disease_year[disease].value if capped else None)


def _pay_to(burden: Burden, layer: Layer, *, decided: bool, to_patient: bool) -> str:
    """Who receives a layer's money: the hospital where it lays it out, otherwise the patient (domain §5)."""
    claim = burden.claim
    if decided:
        return "elsewhere"
    if claim.on_hold or to_patient or not claim.advances:
        return "patient"
    advanced = layer.advance.when.holds(claim.situation) and (claim.agreement or not layer.advance.needs_agreement)
    return "hospital" if advanced else "patient"


def _shares(layer: Layer, paid: int, pay_to: str) -> tuple[Share, ...]:
    """Divide a layer among its payers; the odd fen goes to the first named (domain §4.5)."""
    if len(layer.payers) == 1:
        return (Share(layer.payers[0].payer, paid, pay_to),)
    others = [Share(one.payer, paid * one.share // WHOLE, pay_to) for one in layer.payers[1:]]
    first = paid - sum(share.amount for share in others)
    return (Share(layer.payers[0].payer, first, pay_to), *others)


def split_of(claim: Claim, amounts: Amounts, awards: Sequence[Award]) -> Split:
    """Sort what was paid by where it goes; the patient's part is what is left, so the parts add up."""
    to = dict.fromkeys(("hospital", "patient", "elsewhere"), 0)
    expected = held = credited = beside = 0
    for award in awards:
        for share in award.shares:
            if award.rule == "other" and not award.decided:
                credited += share.amount if share.pay_to == "hospital" else 0
                beside += share.amount if share.pay_to == "patient" else 0
            elif award.expected:
                expected += share.amount
            elif claim.on_hold and not award.decided:
                held += share.amount
            else:
                to[share.pay_to] += share.amount
    paid = sum(award.paid for award in awards)
    assert 0 <= paid <= amounts.total
    due = amounts.total - to["hospital"] - to["elsewhere"] - credited
    return Split(
        paid,
        amounts.total - paid,
        to["hospital"],
        to["patient"],
        expected,
        held,
        to["elsewhere"],
        credited,
        beside,
        due,
    )


def _stay_sums(burden: Burden, amounts: Amounts, paid: int) -> list[Entry]:
    """What later parts of the same stay, and later stays of the year, have to know of this one."""
    claim = burden.claim
    entries = []
    if claim.situation.visit_type == "inpatient" and claim.opens_stay:
        stays = burden.sum_before(claim.year, "stays")
        entries.append(Entry(claim.year, "stays", stays, 1))
        if claim.stay is not None:
            entries.append(Entry(claim.stay, "ordinal", 0, stays + 1))
    if claim.stay is not None:
        so_far = [*zip(Amounts._fields, amounts, strict=True), ("paid", paid)]
        entries += [Entry(claim.stay, name, burden.sum_before(claim.stay, name), n) for name, n in so_far if n]
    return entries


def _year_sums(burden: Burden, paid: int) -> list[Entry]:
    """What a guarantee over the year has to know of everything that was paid."""
    entries = []
    for layer in burden.pack.layers:
        terms = layer.on(burden.situation.visit_type, burden.claim.day)
        if isinstance(terms.rule, FloorTerms) and terms.rule.over == "year" and terms.eligible.holds(burden.situation):
            name = f"{terms.pool}.all_paid"
            before = burden.sum_before(burden.claim.year, name)
            entries.append(Entry(burden.claim.year, name, before, paid))
    return [entry for entry in entries if entry.delta]
