"""Caps common to every layer (domain §4): per visit, per disease and year, per benefit year, and what is left."""

from service.policy.terms import Terms
from service.settlement.burden import Burden, cited
from service.settlement.model import Step


def cap_payment(burden: Burden, terms: Terms, amount: int, steps: list[Step]) -> int:
    """
    Limit a computed amount by the layer's caps and by what is left of the total; say which one cut it.

    A cap limits only what this visit adds: where the year's sum stands above it already, nothing is added.
    """
    paid = amount
    situation, year = burden.situation, burden.claim.year
    caps = terms.caps

    if caps.visit is not None and (cap := caps.visit.read(situation)) is not None and cap.value is not None:
        paid = _limit("cap.visit", paid, cap.value, cited(cap.source), {"cap": cap.value}, steps)
    if caps.disease_year is not None and burden.claim.disease is not None:
        limit = caps.disease_year[burden.claim.disease]
        before = burden.sum_before(year, f"{terms.pool}.fund.{burden.claim.disease}")
        values = {"cap": limit.value, "before": before, "disease": burden.claim.disease}
        paid = _limit("cap.disease", paid, limit.value - before, cited(limit.source), values, steps)
    if caps.year is not None and (cap := caps.year.read(situation)) is not None and cap.value is not None:
        before = burden.sum_before(year, f"{terms.pool}.paid")
        values = {"cap": cap.value, "before": before}
        paid = _limit("cap.year", paid, cap.value - before, cited(cap.source), values, steps)
    if paid > burden.left:
        steps.append(Step("cap.left", True, burden.left, values={"left": burden.left}))
        paid = burden.left
    return paid


def _limit(
    rule: str,
    amount: int,
    room: int,
    source: tuple[tuple[str, ...], bool],
    values: dict[str, object],
    steps: list[Step],
) -> int:
    paid = min(amount, max(0, room))
    clauses, demonstration = source
    steps.append(Step(rule, paid < amount, paid, clauses, demonstration, values))
    return paid
