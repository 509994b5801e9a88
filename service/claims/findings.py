"""What a clerk should look at: it stops no discharge, unless the pack says so (api.md, findings)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from service.claims.bill import LineTerms
from service.claims.model import History, Order, OrderedLine, ThirdParty
from service.money import PRICE_PLACES, price_times_quantity, ratio, unscaled
from service.policy.model import Pack
from service.registers.model import VisitFacts
from service.settlement.model import Claim, Finding
from service.words import FindingCode


def of_visit(order: Order, facts: VisitFacts, pack: Pack, claim: Claim) -> list[Finding]:
    """An agreement that has ended where one is needed; an injury for which somebody else is liable."""
    found = []
    reached = any(layer.advance.needs_agreement and layer.advance.when.holds(claim.situation) for layer in pack.layers)
    if reached and not claim.agreement and facts.agreement_expired:
        found.append(Finding(FindingCode.AGREEMENT_EXPIRED))
    if order.third_party == ThirdParty.LIABLE_UNPAID:
        found.append(Finding(FindingCode.INJURY_RECOURSE))
    return found


def of_history(order: Order, history: History) -> list[Finding]:
    """Other visits that may be the same encounter (domain §9): stays that touch, chronic visits of one day."""
    found = []
    for other in history.others:
        if other.visit_type != order.visit_type:
            continue
        day = max(other.admitted_on, order.admitted_on).isoformat()
        if order.is_stay:
            found.append(Finding(FindingCode.VISIT_TOUCHES_STAY, {"day": day}))
        else:
            found.append(Finding(FindingCode.VISIT_SAME_DAY, {"day": day}))
    return found


def of_bill(order: Order, terms: Sequence[LineTerms]) -> list[Finding]:
    """Lines that look wrong: outside the visit, the same item twice on a day, one fen off, not as the catalogue."""
    found: list[Finding] = []
    charges: Counter[tuple[str, date]] = Counter()
    for line, own in zip(order.lines, terms, strict=True):
        if not order.admitted_on <= line.charged_on <= order.last_day:
            values = {"line_no": line.line_no, "charged_on": line.charged_on.isoformat()}
            found.append(Finding(FindingCode.LINE_OUTSIDE_STAY, values))
        if line.amount != price_times_quantity(line.unit_price, line.quantity):
            found.append(Finding(FindingCode.LINE_ROUNDING_ACCEPTED, {"line_no": line.line_no}))
        if differing := _differing(line, own):
            fields = ", ".join(f"{name} {theirs} / {ours}" for name, (theirs, ours) in differing.items())
            values = {"line_no": line.line_no, "item_code": line.item_code, "fields": fields}
            found.append(Finding(FindingCode.CATALOGUE_DIFFERS, values))
        if line.quantity > 0:
            charges[line.item_code, line.charged_on] += 1
    for (item, day), count in charges.items():
        if count > 1:
            values = {"item_code": item, "charged_on": day.isoformat(), "count": count}
            found.append(Finding(FindingCode.LINE_SAME_ITEM_SAME_DAY, values))
    return found


def _differing(line: OrderedLine, own: LineTerms) -> Mapping[str, tuple[str, str]]:
    """Where the caller said something else than the catalogue; what the caller left out does not differ."""
    if not own.by_catalogue:
        return {}
    differing = {}
    if line.grade is not None and line.grade != own.grade:
        differing["grade"] = (line.grade, own.grade)
    if line.self_pay_ratio is not None and line.self_pay_ratio != own.first_pay:
        differing["self_pay_ratio"] = (ratio(line.self_pay_ratio), ratio(own.first_pay))
    if line.price_ceiling is not None and line.price_ceiling != own.ceiling:
        differing["price_ceiling"] = (_price(line.price_ceiling), _price(own.ceiling))
    return differing


def _price(value: int | None) -> str:
    return "-" if value is None else unscaled(value, PRICE_PLACES, keep=2)
