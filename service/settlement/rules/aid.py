"""Aid by identity class (domain §4.3; medical aid, 000 §四(三), 002 §二(四), 004 二(三)4)."""

from typing import NamedTuple

from service.money import share_of
from service.policy.terms import AidClass, AidTerms
from service.settlement.burden import Burden, cited
from service.settlement.model import Entry, Outcome, Step


class _Offer(NamedTuple):
    aid_class: AidClass
    deductible: int
    amount: int
    uncapped: int


def pay(burden: Burden, terms: AidTerms, pool: str) -> Outcome:
    """
    Let every class the person belongs to make its offer; the best one pays, never two added.

    An annual deductible is used up by every visit of a person of its class, whichever class then pays.
    """
    base = burden.base(terms.base)
    steps = [Step("aid.base", base > 0, base, values={"parts": terms.base.parts, "less": terms.base.less})]
    classes = [one for one in terms.classes if one.when.holds(burden.situation)]
    if not classes:
        steps.append(Step("aid.no_class", False, 0, values={"identities": sorted(burden.situation.identities)}))
        return Outcome(base, 0, 0, steps, [])

    used_before, entries = _use_deductible(burden, terms, classes, base, steps)
    paid_before = burden.sum_before(burden.claim.year, f"{pool}.paid")
    offers = [_offer(one, base, used_before, paid_before) for one in classes]
    best = max(offers, key=lambda offer: offer.amount)
    # The best comes last, so that the working ends in what is paid.
    for offer in sorted(offers, key=lambda offer: offer is best):
        clauses, demonstration = cited(offer.aid_class.source)
        values = {
            "class": offer.aid_class.id,
            "ratio": offer.aid_class.ratio,
            "deductible": offer.deductible,
            "cap": offer.aid_class.annual_cap,
            "before": paid_before,
            "uncapped": offer.uncapped,
        }
        steps.append(Step("aid.class", offer is best, offer.amount, clauses, demonstration, values))
    if best.amount < best.uncapped:
        clauses, demonstration = cited(best.aid_class.source)
        values = {"cap": best.aid_class.annual_cap, "before": paid_before}
        steps.append(Step("cap.year", True, best.amount, clauses, demonstration, values))
    return Outcome(base, best.deductible, best.amount, steps, entries, best.aid_class.annual_cap)


def _use_deductible(
    burden: Burden, terms: AidTerms, classes: list[AidClass], base: int, steps: list[Step]
) -> tuple[int, list[Entry]]:
    """Use up the greatest deductible of the person's classes; gives what was used of it before this visit."""
    with_deductible = max(classes, key=lambda one: one.deductible)
    if not with_deductible.deductible or terms.deductible_pool is None:
        return 0, []
    period, name = burden.claim.year, f"{terms.deductible_pool}.used"
    before = burden.sum_before(period, name)
    used = min(base, max(0, with_deductible.deductible - before))
    clauses, demonstration = cited(with_deductible.source)
    values = {"deductible": with_deductible.deductible, "before": before, "class": with_deductible.id}
    steps.append(Step("aid.deductible", used > 0, used, clauses, demonstration, values))
    return before, ([Entry(period, name, before, used, with_deductible.deductible)] if used else [])


def _offer(one: AidClass, base: int, used_before: int, paid_before: int) -> _Offer:
    deductible = min(base, max(0, one.deductible - used_before))
    uncapped = share_of(base - deductible, one.ratio)
    if one.annual_cap is None:
        return _Offer(one, deductible, uncapped, uncapped)
    return _Offer(one, deductible, min(uncapped, max(0, one.annual_cap - paid_before)), uncapped)
