"""Guarantee by ratio (domain §4.5; top-up, 000 §四(一), (四)1): all payments together reach a share of the cost."""

from service.money import share_of
from service.policy.terms import FloorTerms
from service.settlement.burden import Burden, cited
from service.settlement.model import Amounts, Entry, Outcome, Step


def pay(burden: Burden, terms: FloorTerms, pool: str) -> Outcome:
    """
    Pay what is missing to the target, never less than nothing: target = round(floor x denominator).

    Measured over the stay so far where it is settled in parts (domain §6, interim settlement), or over the year.
    """
    denominator = _denominator(terms, burden.amounts)
    whole, paid, entries = denominator, burden.paid_so_far, []
    if terms.over == "year":
        period = burden.claim.year
        before = burden.sum_before(period, f"{pool}.denominator")
        whole += before
        paid += burden.sum_before(period, f"{pool}.all_paid")
        if denominator:
            entries.append(Entry(period, f"{pool}.denominator", before, denominator))
    elif burden.claim.stay is not None:
        stay = burden.claim.stay
        whole += _denominator(terms, Amounts(*(burden.sum_before(stay, name) for name in Amounts._fields)))
        paid += burden.sum_before(stay, "paid")

    floor = terms.floor.read(burden.situation)
    assert floor is not None
    target = share_of(max(0, whole), floor.value)
    missing = max(0, target - paid)
    clauses, demonstration = cited(floor.source)
    values = {
        "floor": floor.value,
        "denominator": terms.denominator,
        "whole": whole,
        "over": terms.over,
        "excluded": terms.excluded,
    }
    steps = [
        Step("floor.target", True, target, clauses, demonstration, values),
        Step("floor.paid_so_far", paid > 0, paid),
        Step("floor.missing", missing > 0, missing, clauses, demonstration, {"target": target, "paid": paid}),
    ]
    return Outcome(denominator, 0, missing, steps, entries)


def _denominator(terms: FloorTerms, amounts: Amounts) -> int:
    stated = amounts.total if terms.denominator == "total" else amounts.in_scope
    return stated - sum(amounts.part(part) for part in terms.excluded)
