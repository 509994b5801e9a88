"""Ratio layer (domain §4.1; basic insurance, 000 §四(一)): base less deductible, times a ratio."""

from service.money import WHOLE, Fen, Ppm, round_half_up, share_of
from service.policy.terms import Deductible, RatioTerms, Source
from service.settlement.burden import Burden, cited
from service.settlement.model import Entry, Outcome, Step


def pay(burden: Burden, terms: RatioTerms, pool: str) -> Outcome:
    """
    Pay the ratio for the situation on what exceeds the deductible, up to a ceiling on what enters.

    The one rounding of this layer is on the product; points for location and identity change the ratio before it.
    """
    base = burden.base(terms.base)
    steps = [Step("ratio.base", base > 0, base, values={"parts": terms.base.parts, "less": terms.base.less})]
    entries: list[Entry] = []

    used = _use_deductible(burden, terms.deductible, pool, base, steps, entries) if terms.deductible else 0
    entering = base - used
    if terms.entering_ceiling is not None:
        entering = _enter(burden, terms, pool, entering, steps, entries)

    ratio = terms.ratio.read(burden.situation)
    assert ratio is not None
    points = terms.points.read(burden.situation)
    effective = max(0, ratio.value + (points.value if points else 0))
    paid = share_of(entering, effective)

    clauses, demonstration = cited(ratio.source)
    if points is not None:
        clauses += tuple(c for c in points.source.clauses if c not in clauses)
        demonstration = demonstration or points.source.demonstration
    values = {
        "entering": entering,
        "ratio": effective,
        "stated": ratio.value,
        "points": points.value if points else 0,
        "level": burden.situation.level,
    }
    steps.append(Step("ratio.ratio", paid > 0, paid, clauses, demonstration, values))
    return Outcome(base, used, paid, steps, entries)


def _use_deductible(
    burden: Burden, deductible: Deductible, pool: str, base: int, steps: list[Step], entries: list[Entry]
) -> int:
    """Use up the deductible of this stay, disease and month, or year; what earlier visits used of it counts."""
    amount, source, values = _deductible_due(burden, deductible)
    period, name = _deductible_key(burden, deductible, pool)
    before = burden.sum_before(period, name) if period else 0
    used = min(base, max(0, amount - before))

    if period and used:
        entries.append(Entry(period, name, before, used))
    clauses, demonstration = cited(source)
    values |= {"deductible": amount, "before": before, "per": deductible.per}
    steps.append(Step("ratio.deductible", used > 0, used, clauses, demonstration, values))
    return used


def _deductible_due(burden: Burden, deductible: Deductible) -> tuple[int, Source, dict[str, object]]:
    """The deductible for this visit before anything was used of it, scaled by the ordinal of the stay."""
    if deductible.by_disease is not None:
        assert burden.claim.disease is not None
        by_disease = deductible.by_disease[burden.claim.disease]
        return by_disease.value, by_disease.source, {"disease": burden.claim.disease}

    assert deductible.amount is not None
    stated = deductible.amount.read(burden.situation)
    assert stated is not None
    if not deductible.repeat_factors:
        return stated.value, stated.source, {}

    ordinal = _ordinal(burden)
    scaled, factor = of_repeated_stay(deductible, stated.value, ordinal)
    return scaled, stated.source, {"ordinal": ordinal, "factor": factor}


def of_repeated_stay(deductible: Deductible, stated: Fen, ordinal: int) -> tuple[Fen, Ppm]:
    """The deductible (fen) of the n-th stay of a year, and its factor; never below the floor (domain §4.1)."""
    factor = deductible.repeat_factors[min(ordinal, len(deductible.repeat_factors)) - 1]
    scaled = round_half_up(stated * factor, WHOLE)
    if deductible.floor is not None:
        scaled = max(scaled, min(deductible.floor, stated))
    return Fen(scaled), factor


def _ordinal(burden: Burden) -> int:
    """Which stay of the year this is; a later part of a stay keeps the ordinal of its first."""
    if not burden.claim.opens_stay and burden.claim.stay is not None:
        return max(1, burden.sum_before(burden.claim.stay, "ordinal"))
    return burden.sum_before(burden.claim.year, "stays") + 1


def _deductible_key(burden: Burden, deductible: Deductible, pool: str) -> tuple[str, str]:
    claim = burden.claim
    match deductible.per:
        case "year":
            return claim.year, f"{pool}.deductible"
        case "disease_month":
            return claim.month, f"{pool}.deductible.{claim.disease}"
        case _:
            # A stay settled at once leaves nothing for a later part to know.
            return claim.stay or "", f"{pool}.deductible"


def _enter(burden: Burden, terms: RatioTerms, pool: str, entering: int, steps: list[Step], entries: list[Entry]) -> int:
    """Limit what may enter the ratio in a benefit year (domain §4.1, ceiling on fees entering)."""
    assert terms.entering_ceiling is not None
    ceiling = terms.entering_ceiling.read(burden.situation)
    if ceiling is None or ceiling.value is None:
        return entering
    name = f"{pool}.entered"
    before = burden.sum_before(burden.claim.year, name)
    entered = min(entering, max(0, ceiling.value - before))
    if entered:
        entries.append(Entry(burden.claim.year, name, before, entered, ceiling.value))
    clauses, demonstration = cited(ceiling.source)
    values = {"ceiling": ceiling.value, "before": before, "cut": entering - entered}
    steps.append(Step("ratio.entering", entered < entering, entered, clauses, demonstration, values))
    return entered
