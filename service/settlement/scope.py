"""Fee lines to policy scope (domain §5, fee line to scope): each part of a line is rounded once, half-up."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from service.money import price_times_quantity, share_of
from service.settlement.model import Amounts, FeeLine

SELF_FUNDED_GRADE = "C"
FIRST_PAY_GRADE = "B"


def scope_of(line: FeeLine) -> Amounts:
    """
    Split a line into self-funded, over ceiling, first-pay and in scope; the last is what remains, so they add up.

    Grade C (丙类) is self-funded whole. The ceiling cuts grades A and B alike; only grade B has a first-pay share.
    """
    amount = line.amount
    if line.grade == SELF_FUNDED_GRADE:
        return Amounts(amount, amount, 0, 0, 0)

    over = 0
    if line.ceiling is not None and line.unit_price > line.ceiling:
        over = price_times_quantity(line.unit_price - line.ceiling, line.quantity)
        # A line's amount may be a fen away from price x quantity: the part must not outgrow the whole.
        over = max(-abs(amount), min(over, abs(amount)))
    first_pay = share_of(amount - over, line.first_pay) if line.grade == FIRST_PAY_GRADE and line.first_pay else 0
    return Amounts(amount, 0, over, first_pay, amount - over - first_pay)


def add_up(lines: Iterable[Amounts]) -> Amounts:
    """The visit's amounts: the sum of its lines, part by part."""
    total = self_funded = over_ceiling = first_pay = 0
    for line in lines:
        total += line.total
        self_funded += line.self_funded
        over_ceiling += line.over_ceiling
        first_pay += line.first_pay
    return Amounts(total, self_funded, over_ceiling, first_pay, total - self_funded - over_ceiling - first_pay)


class ScopedBill(NamedTuple):
    """A bill brought to scope: each line's parts, and the visit's."""

    lines: tuple[Amounts, ...]
    amounts: Amounts


def scope_bill(lines: Sequence[FeeLine]) -> ScopedBill:
    """Bring every line to scope and add up."""
    scoped = tuple([scope_of(line) for line in lines])
    return ScopedBill(scoped, add_up(scoped))
