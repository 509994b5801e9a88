"""Guarantee by amount (domain §4.5; families seen in parameters §2.5): a year's own share ends at a cap."""

from service.policy.terms import OutOfPocketTerms
from service.settlement.burden import Burden, cited
from service.settlement.model import Entry, Outcome, Step


def pay(burden: Burden, terms: OutOfPocketTerms, pool: str) -> Outcome:
    """Pay what lifts the person's own share of the year above the cap for this hospital level."""
    borne = burden.base(terms.base)
    period, name = burden.claim.year, f"{pool}.base"
    came_in = burden.sum_before(period, name)
    before = came_in - burden.sum_before(period, f"{pool}.paid")
    cap = terms.cap.read(burden.situation)
    assert cap is not None
    # An earlier visit may already stand above this level's cap: only what this visit adds is paid.
    over = min(borne, max(0, before + borne - cap.value))
    clauses, demonstration = cited(cap.source)
    steps = [
        Step("out_of_pocket.base", borne > 0, borne, values={"parts": terms.base.parts, "less": terms.base.less}),
        Step("out_of_pocket.year", before > 0, before + borne, values={"before": before}),
        Step("out_of_pocket.cap", over > 0, over, clauses, demonstration, {"cap": cap.value}),
    ]
    return Outcome(borne, 0, over, steps, [Entry(period, name, came_in, borne)] if borne else [])
