"""
A second, independent reading of domain §3-§5: fractions, lists and the numbers of the two reference packs.

Written from the domain page alone, without a look at the kernel, and as plainly as possible: it knows one county,
keeps every past visit and adds up the whole list whenever it needs a sum. Where it and the kernel differ, one of
them has misread the page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

F = Fraction
NOTHING = F(0)
POOR = {"registered_poor", "lifted_but_covered"}
PREFERRED = {"extreme_poverty", "low_income_allowance", "monitored", "lifted_but_covered"}
NEW_LAW = date(2022, 3, 1)
LEVELS = ["township", "level2", "level3_city", "level3_region"]
LAYERS = ["basic", "serious", "aid", "other", "top_up"]

# Disease: deductible a month, fund limit a year.
DISEASES = {f"CD{number:02d}": (20, 2500) for number in range(1, 30)}
DISEASES |= dict.fromkeys(["CD01", "CD05", "CD06", "CD07", "CD24"], (20, 2000))
DISEASES |= dict.fromkeys(["CD02", "CD03", "CD04"], (10, 2000))
DISEASES |= {"CD08": (0, 3500), "CD11": (20, 5000), "CD16": (20, 10000), "CD17": (20, 5000)}
DISEASES |= {"CD25": (20, 20000), "CD26": (20, 20000), "CD27": (20, 40000), "CD28": (20, 20000), "CD29": (20, 30000)}


def to_fen(amount: Fraction) -> Fraction:
    """To the nearest fen, halves away from zero."""
    size = F(floor(abs(amount) * 100 + F(1, 2)), 100)
    return size if amount >= 0 else -size


def add(amounts: Iterable[Fraction]) -> Fraction:
    return sum(amounts, NOTHING)


@dataclass
class Past:
    """A visit, what it cost and who paid what."""

    day: date
    chronic: bool
    disease: str | None
    stay: str | None
    total: Fraction
    in_scope: Fraction
    paid: dict[str, Fraction] = field(default_factory=dict)
    deductible: Fraction = NOTHING
    aid_deductible: Fraction = NOTHING
    tilt_left: Fraction = NOTHING


def settle(
    history: list[Past], identities: set[str], visit: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Settle one visit after those of `history`, add it there, and give its figures as the cases name them."""
    parts = [scope(line) for line in lines]
    self_funded, over, first_pay, in_scope = (add(p[i] for p in parts) for i in range(4))
    total = self_funded + over + first_pay + in_scope
    day = date.fromisoformat(visit.get("discharged_on") or visit["service_on"])
    stay = visit["visit_no"] if "interim_no" in visit else None
    chronic = visit["visit_type"] == "chronic_outpatient"
    this = Past(day, chronic, visit.get("disease"), stay, total, in_scope)
    year = [past for past in history if past.day.year == day.year]
    decided = {layer: F(amount) for layer, amount in visit.get("decided", {}).items()}

    for layer in LAYERS:
        if layer == "basic":
            pays = basic(this, year, history, identities, visit)
        elif layer == "serious":
            pays = serious(this, year, identities)
        elif layer == "aid":
            pays = aid(this, year, identities)
        elif layer == "other":
            pays = add(F(amount) for amount in visit.get("other", []))
        elif day < NEW_LAW:
            pays = guarantee(this, history, identities, visit)
        else:
            pays = tilted_aid(this, year, identities, visit)
        still_decided = add(amount for name, amount in decided.items() if name not in this.paid)
        if layer == "aid" and visit.get("granted") is not None:
            pays = min(pays, visit["granted"])
        left = total - add(this.paid.values()) - still_decided
        this.paid[layer] = decided[layer] if layer in decided else min(pays, left)

    history.append(this)
    figures = {
        "total": total,
        "self_funded": self_funded,
        "over_ceiling": over,
        "first_pay": first_pay,
        "in_scope": in_scope,
        "deductible": this.deductible,
        **this.paid,
        "patient_pays": total - add(this.paid.values()),
    }
    return {name: f"{float(amount):.2f}" for name, amount in figures.items()}


def scope(line: Mapping[str, Any]) -> list[Fraction]:
    """Self-funded, over ceiling, first-pay and in scope of one line."""
    price, quantity = F(line["unit_price"]), F(line["quantity"])
    amount = F(line["amount"]) if "amount" in line else to_fen(price * quantity)
    if line["grade"] == "C":
        return [amount, NOTHING, NOTHING, NOTHING]
    over = first_pay = NOTHING
    if "price_ceiling" in line and price > F(line["price_ceiling"]):
        over = to_fen((price - F(line["price_ceiling"])) * quantity)
        over = max(-abs(amount), min(over, abs(amount)))  # a part is never larger than its line
    if line["grade"] == "B":
        first_pay = to_fen((amount - over) * F(line.get("self_pay_ratio", "0")))
    return [NOTHING, over, first_pay, amount - over - first_pay]


def basic(
    this: Past, year: list[Past], history: list[Past], identities: set[str], visit: Mapping[str, Any]
) -> Fraction:
    old_law = this.day < NEW_LAW
    poor = old_law and bool(identities & POOR)
    level = LEVELS.index(visit["hospital_level"])
    room = (F(200000) if old_law else F(220000)) - add(past.paid["basic"] for past in year)

    if this.chronic:
        assert this.disease is not None
        monthly, limit = DISEASES[this.disease]
        same = [past for past in year if past.chronic and past.disease == this.disease]
        used = add(past.deductible for past in same if past.day.month == this.day.month)
        this.deductible = min(this.in_scope, F(monthly) - used)
        ratio = [F(80), F(65), F(50), F(50)][level] + (5 if poor else 0)
        pays = to_fen((this.in_scope - this.deductible) * ratio / 100)
        room = min(room, F(limit) - add(past.paid["basic"] for past in same))
        return max(NOTHING, min(pays, room))

    location, referred = visit["hospital_location"], visit.get("referral", False)
    if poor and (location in {"county", "city"} or referred):
        deductible, ratio = NOTHING, [F(95), F(80), F(65), F(60)][level]
    else:
        deductible = [F(100), F(300), F(600), F(600)][level]
        ratio = [F(90), F(visit.get("level2_percent", 75)), F(60), F(55)][level]
    if location == "region" and not referred:
        ratio -= 15
    if location == "outside":
        ratio -= 10 if referred else 20
    used = add(past.deductible for past in history if this.stay is not None and past.stay == this.stay)
    this.deductible = min(this.in_scope, max(NOTHING, deductible - used))
    return max(NOTHING, min(to_fen((this.in_scope - this.deductible) * ratio / 100), room))


def banded(amount: Fraction, deductible: Fraction, bands: list[tuple[int | None, Fraction]]) -> Fraction:
    """What bands above the deductible give on a cumulative amount."""
    above, gives, start = max(NOTHING, amount - deductible), NOTHING, NOTHING
    for end, percent in bands:
        stop = above if end is None else min(above, F(end))
        gives += max(NOTHING, stop - start) * percent / 100
        start = F(end) if end is not None else start
    return gives


def serious(this: Past, year: list[Past], identities: set[str]) -> Fraction:
    before = add(past.in_scope - past.paid["basic"] for past in year)
    now = this.in_scope - this.paid["basic"]
    if this.day < NEW_LAW:
        poor = bool(identities & POOR)
        deductible, ends, extra = F(3500 if poor else 8000), [40000, 60000, None], F(10 if poor else 0)
        room = None
    else:
        preferred = bool(identities & PREFERRED)
        deductible, ends = F(4000 if preferred else 8000), [50000, 100000, None]
        extra = F(10 if identities & (PREFERRED - {"lifted_but_covered"}) else 5 if preferred else 0)
        room = None if preferred else max(NOTHING, 500000 - add(past.paid["serious"] for past in year))
    bands = [(end, percent + extra) for end, percent in zip(ends, [F(60), F(70), F(80)], strict=True)]
    pays = to_fen(banded(before + now, deductible, bands)) - to_fen(banded(before, deductible, bands))
    return pays if room is None else min(pays, room)


def aid(this: Past, year: list[Past], identities: set[str]) -> Fraction:
    base = max(NOTHING, this.in_scope - this.paid["basic"] - this.paid["serious"])
    so_far = add(past.paid["aid"] for past in year)
    offers = [NOTHING]

    def offer(who: set[str], percent: int, cap: int | None, on: Fraction) -> None:
        if who <= identities:
            pays = to_fen(on * percent / 100)
            offers.append(pays if cap is None else min(pays, max(NOTHING, cap - so_far)))

    if this.day < NEW_LAW:
        offer({"extreme_poverty"}, 100, None, base)
        offer({"three_no"}, 90, None, base)
        offer({"low_income_allowance"}, 85, None, base)
        offer({"key_aid"}, 70, 20000, base)
        return max(offers)
    if identities & {"monitored", "low_income_margin"}:
        used = add(past.aid_deductible for past in year)
        this.aid_deductible = min(base, 3000 - used)
    offer({"extreme_poverty"}, 100, 60000, base)
    offer({"low_income_allowance"}, 90, 30000, base)
    offer({"low_income_allowance", "severely_disabled"}, 95, 50000, base)
    offer({"monitored"}, 70, 20000, base - this.aid_deductible)
    offer({"low_income_margin"}, 70, 20000, base - this.aid_deductible)
    return max(offers)


def guarantee(this: Past, history: list[Past], identities: set[str], visit: Mapping[str, Any]) -> Fraction:
    """The top-up of 2018: to 90 % of the stay so far."""
    level3_or_specialist = visit["hospital_level"].startswith("level3") or visit.get("specialist_hospital", False)
    reached = visit["hospital_location"] == "county" or (visit.get("referral", False) and level3_or_specialist)
    if this.chronic or not identities & POOR or not reached:
        return NOTHING
    earlier = [past for past in history if this.stay is not None and past.stay == this.stay]
    total = this.total + add(past.total for past in earlier)
    paid = add(this.paid.values()) + add(add(past.paid.values()) for past in earlier)
    return max(NOTHING, to_fen(total * 90 / 100) - paid)


def tilted_aid(this: Past, year: list[Past], identities: set[str], visit: Mapping[str, Any]) -> Fraction:
    """The tilted aid of 2022: 60 % of what is left in scope above 3 500 a year, at most 20 000 a year."""
    in_class = identities & {"extreme_poverty", "low_income_allowance", "monitored", "low_income_margin"}
    reached = this.chronic or visit["hospital_location"] in {"county", "city"} or visit.get("referral", False)
    if not in_class or not reached:
        return NOTHING
    since = [past for past in year if past.day >= NEW_LAW]
    before = add(past.tilt_left for past in since)
    this.tilt_left = max(NOTHING, this.in_scope - this.paid["basic"] - this.paid["serious"] - this.paid["aid"])
    bands: list[tuple[int | None, Fraction]] = [(None, F(60))]
    pays = to_fen(banded(before + this.tilt_left, F(3500), bands)) - to_fen(banded(before, F(3500), bands))
    room = max(NOTHING, 20000 - add(past.paid["top_up"] for past in since))
    return min(pays, room)
