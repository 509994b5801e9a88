"""Aid by identity class (domain §4.3; medical aid, 000 §四(三), 002 §二(四), 004 二(三)4)."""

from typing import NamedTuple

from service.money import share_of
from service.policy.model import AidClass, AidTerms
from service.settlement.burden import Burden, cited
from service.settlement.model import Entry, Outcome, Step


class _Offer(NamedTuple):
    aid_class: AidClass
    amount: int
    uncapped: int


def pay(burden: Burden, terms: AidTerms, pool: str) -> Outcome:
    """
    Let every class the person belongs to make its offer; the best one pays, never two added.

    An annual deductible is used up by every visit of a person of its class, whichever class then pays.
    """
    base = burden.base(terms.base)
    steps = [Step("aid.base", True, base, values={"parts": terms.base.parts, "less": terms.base.less})]
    classes = [one for one in terms.classes if one.when.holds(burden.situation)]
    if not classes:
        steps.append(Step("aid.no_class", False, 0, values={"identities": sorted(burden.situation.identities)}))
        return Outcome(base, 0, 0, steps, [])

    used, entries = _use_deductible(burden, terms, classes, base, steps)
    paid_before = burden.sum_before(burden.claim.year, f"{pool}.paid")
    offers = [_offer(one, base, used if one.deductible else 0, paid_before) for one in classes]
    best = max(offers, key=lambda offer: offer.amount)
    for offer in offers:
        clauses, demonstration = cited(offer.aid_class.source)
        values = {
            "class": offer.aid_class.id,
            "ratio": offer.aid_class.ratio,
            "deductible": used if offer.aid_class.deductible else 0,
            "cap": offer.aid_class.annual_cap,
            "before": paid_before,
            "uncapped": offer.uncapped,
        }
        steps.append(Step("aid.class", offer is best, offer.amount, clauses, demonstration, values))
    deductible = used if best.aid_class.deductible else 0
    return Outcome(base, deductible, best.amount, steps, entries, best.aid_class.annual_cap)


def _use_deductible(
    burden: Burden, terms: AidTerms, classes: list[AidClass], base: int, steps: list[Step]
) -> tuple[int, list[Entry]]:
    with_deductible = max(classes, key=lambda one: one.deductible)
    if not with_deductible.deductible or terms.deductible_pool is None:
        return 0, []
    period, name = burden.claim.year, f"{terms.deductible_pool}.used"
    before = burden.sum_before(period, name)
    used = min(base, max(0, with_deductible.deductible - before))
    clauses, demonstration = cited(with_deductible.source)
    values = {"deductible": with_deductible.deductible, "before": before, "class": with_deductible.id}
    steps.append(Step("aid.deductible", used > 0, used, clauses, demonstration, values))
    return used, ([Entry(period, name, before, used, with_deductible.deductible)] if used else [])


def _offer(one: AidClass, base: int, deductible: int, paid_before: int) -> _Offer:
    uncapped = share_of(base - deductible, one.ratio)
    if one.annual_cap is None:
        return _Offer(one, uncapped, uncapped)
    return _Offer(one, min(uncapped, max(0, one.annual_cap - paid_before)), uncapped)
