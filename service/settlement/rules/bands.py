"""Cumulative band layer (domain §4.2; serious illness, 000 §四(二); second round of aid, parameters §2)."""

from service.money import WHOLE, round_half_up
from service.policy.terms import Band, BandTerms
from service.settlement.burden import Burden, cited
from service.settlement.model import Entry, Outcome, Step


def pay(burden: Burden, terms: BandTerms, pool: str) -> Outcome:
    """
    Pay F(A + a) - F(A): A is what was left to the patient before in the span, a what this visit leaves.

    Two roundings, one difference, so that the year's total does not depend on the order of the visits.
    """
    amount = burden.base(terms.base)
    period = burden.claim.stay or "" if terms.over == "stay" else burden.claim.year
    before = burden.sum_before(period, f"{pool}.base") if period else 0
    deductible = terms.deductible.read(burden.situation)
    assert deductible is not None
    points = terms.points.read(burden.situation)
    added = points.value if points else 0

    def paid_on(cumulative: int) -> int:
        return banded(cumulative, deductible.value, terms.bands, terms.band_origin, added)

    at_start, at_end = paid_on(before), paid_on(before + amount)
    paid = at_end - at_start
    steps = [
        Step("bands.base", amount > 0, amount, values={"parts": terms.base.parts, "less": terms.base.less}),
        Step("bands.cumulative", before > 0, before + amount, values={"before": before, "over": terms.over}),
    ]
    clauses, demonstration = cited(deductible.source)
    used = max(0, min(before + amount, deductible.value) - before)
    values = {"deductible": deductible.value, "before": min(before, deductible.value)}
    steps.append(Step("bands.deductible", used > 0, used, clauses, demonstration, values))

    clauses, demonstration = cited(terms.bands_source)
    if points is not None:
        clauses += tuple(c for c in points.source.clauses if c not in clauses)
        demonstration = demonstration or points.source.demonstration
    values = {"at_end": at_end, "at_start": at_start, "points": added}
    steps.append(Step("bands.paid", paid > 0, paid, clauses, demonstration, values))

    if terms.catch_up:
        already = burden.sum_before(period, f"{pool}.paid") if period else 0
        paid = max(0, at_end - already)
        steps.append(Step("bands.catch_up", already != at_start, paid, clauses, demonstration, {"already": already}))

    entries = [Entry(period, f"{pool}.base", before, amount)] if period and amount else []
    return Outcome(amount, used, paid, steps, entries)


def banded(cumulative: int, deductible: int, bands: tuple[Band, ...], origin: str, points: int) -> int:
    """
    F(x): the banded payment on a cumulative amount, rounded once (domain §4.2).

    With origin `above_deductible` the bands start where the deductible ends; with `absolute` they start at zero and
    the deductible takes away their lower end. Both exist in the field and differ.
    """
    start = 0 if origin == "above_deductible" else deductible
    reach = cumulative - deductible if origin == "above_deductible" else cumulative
    exact = lower = 0
    for band in bands:
        upper = reach if band.to is None else min(reach, band.to)
        exact += max(0, upper - max(lower, start)) * min(WHOLE, band.ratio + points)
        if band.to is None or reach <= band.to:
            break
        lower = band.to
    return round_half_up(exact, WHOLE)
