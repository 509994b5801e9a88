"""The bill: which terms each line is settled on, whether it can be, and what a clerk should look at."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain
from typing import NamedTuple

from service.claims import refusals as no
from service.claims.model import BillLine, History, Order, OrderedLine
from service.errors import InputError, Text
from service.money import PRICE_PLACES, PRICE_SCALE, QUANTITY_SCALE, price_times_quantity, unscaled, yuan
from service.registers.model import CatalogueItem
from service.settlement.model import Amounts, FeeLine
from service.settlement.scope import FIRST_PAY_GRADE, ScopedBill
from service.wire.refusals import RequestInvalid
from service.wire.types import LARGEST_AMOUNT

_FEN = PRICE_SCALE * QUANTITY_SCALE // 100
"""One fen in the unit of price times quantity."""


class LineTerms(NamedTuple):
    """The terms a line is settled on, and whether they are the catalogue's or the caller's."""

    grade: str
    first_pay: int
    ceiling: int | None
    by_catalogue: bool


def check_lines(order: Order, history: History) -> None:
    """Raises request.invalid (line numbers), fee_lines.amount_mismatch, fee_lines.net_negative."""
    seen: set[int] = set()
    for index, line in enumerate(order.lines):
        if line.line_no in seen:
            detail = Text(
                f"行号 {line.line_no} 重复，请更正。", f"Line number {line.line_no} stands twice: correct it."
            )
            raise RequestInvalid.at(InputError(f"/fee_lines/{index}/line_no", "request.duplicate", detail))
        seen.add(line.line_no)
        exact = line.unit_price * line.quantity
        if abs(line.amount * _FEN - exact) > _FEN or (not exact and line.amount):
            product = yuan(price_times_quantity(line.unit_price, line.quantity))
            raise no.AmountMismatch(
                Text(
                    f"第 {line.line_no} 行金额 {yuan(line.amount)} 与单价乘数量 {product} 相差超过一分，请更正。",
                    f"Line {line.line_no}: {yuan(line.amount)} is over a fen from price times quantity, {product}.",
                ),
                pointer=f"/fee_lines/{index}/amount",
            )
    _check_net(order.lines, history.earlier_lines)


def _check_net(lines: Sequence[OrderedLine], earlier: Iterable[BillLine]) -> None:
    """
    Per item, over all parts of a stay so far, neither net quantity nor net amount is negative (domain §5).

    Counted for each price of an item: a return takes the terms of its original, so it must have one at its price.
    """
    quantity: Counter[tuple[str, int]] = Counter()
    amount: Counter[tuple[str, int]] = Counter()
    returned: dict[tuple[str, int], int] = {}
    for line in chain[BillLine | OrderedLine](earlier, lines):
        quantity[line.item_code, line.unit_price] += line.quantity
        amount[line.item_code, line.unit_price] += line.amount
    for index, line in enumerate(lines):
        if line.quantity < 0 or line.amount < 0:
            returned.setdefault((line.item_code, line.unit_price), index)
    for (item, price), index in returned.items():
        if quantity[item, price] < 0 or amount[item, price] < 0:
            at = unscaled(price, PRICE_PLACES, keep=2)
            raise _net_negative(
                f"项目 {item} 按单价 {at} 退费多于原收费，请核对单价、数量与金额。",
                f"More of item {item} is returned at {at} than was charged at that price: check price and quantity.",
                f"/fee_lines/{index}",
            )


def check_amounts(order: Order, scoped: ScopedBill, earlier: Iterable[BillLine]) -> None:
    """
    A part may return what an earlier part charged, but no bill is negative, nor any item's share of one of its parts.

    Each return line may be a fen off by its own rounding. Raises fee_lines.net_negative, request.invalid (too large).
    """
    if scoped.amounts.total > LARGEST_AMOUNT:
        most = yuan(LARGEST_AMOUNT)
        detail = Text(f"费用合计不得超过 {most} 元，请核对。", f"A bill is at most {most} yuan: check the lines.")
        raise RequestInvalid.at(InputError("/fee_lines", "request.range", detail))
    if min(scoped.amounts) < 0:
        raise _net_negative(
            "退费使本账单（或其中一类费用）合计为负，请先冲正原结算再重新结算。",
            "Returns make this bill, or one kind of its cost, negative: reverse the earlier settlement instead.",
            "/fee_lines",
        )
    returns = Counter(line.item_code for line in order.lines if line.quantity < 0)
    if not returns:
        return
    parts: dict[str, list[int]] = {item: [0] * len(Amounts._fields) for item in returns}
    charged = [(line.item_code, Amounts(line.amount, *line[-4:])) for line in earlier]
    charged += zip((line.item_code for line in order.lines), scoped.lines, strict=True)
    for item, amounts in charged:
        if item in parts:
            parts[item] = [so_far + part for so_far, part in zip(parts[item], amounts, strict=True)]
    for item, amounts_of_item in parts.items():
        if min(amounts_of_item) < -returns[item]:
            raise _net_negative(
                f"项目 {item} 的退费与原收费的费用类别不符，请按原收费的日期退费。",
                f"The returns of item {item} do not match the terms of its charges: date them as the charges.",
                "/fee_lines",
            )


def _net_negative(zh: str, en: str, pointer: str) -> no.NetNegative:
    return no.NetNegative(Text(zh, en), pointer=pointer)


class Catalogue:
    """The fee catalogue as far as this bill needs it."""

    def __init__(self, items: Iterable[CatalogueItem]) -> None:
        self._items: dict[str, list[CatalogueItem]] = defaultdict(list)
        for item in items:
            self._items[item.item_code].append(item)

    def on(self, item_code: str, day: date) -> CatalogueItem | None:
        """The item's version of a day."""
        for item in self._items.get(item_code, ()):
            if item.valid_from <= day <= (item.valid_to or date.max):
                return item
        return None


def terms_of_lines(order: Order, catalogue: Catalogue, earlier: Sequence[BillLine]) -> list[LineTerms]:
    """
    The terms of each line: the catalogue's of its day where it knows the item, else the caller's (api.md).

    A return takes those of its original line (domain §5): the latest charge of the same item and price up to its
    day, in this part of the stay or an earlier one. Raises request.invalid where terms are missing.
    """
    own: list[LineTerms | None] = [
        None if line.quantity < 0 else _terms(index, line, order, catalogue) for index, line in enumerate(order.lines)
    ]
    originals = _originals(order.lines, own, earlier)
    return [found or originals.latest(line) for line, found in zip(order.lines, own, strict=True)]


class _Originals:
    """Charges by item and price, each with its day and terms."""

    def __init__(self) -> None:
        self._charges: dict[tuple[str, int], list[tuple[date, LineTerms]]] = defaultdict(list)

    def add(self, item_code: str, unit_price: int, day: date, terms: LineTerms) -> None:
        self._charges[item_code, unit_price].append((day, terms))

    def latest(self, line: OrderedLine) -> LineTerms:
        """The terms of a return's original; that there is one, the net quantity has proved."""
        charges = self._charges[line.item_code, line.unit_price]
        before = [charge for charge in charges if charge[0] <= line.charged_on] or charges
        # Compared by content, not by place in the bill: the order of lines decides nothing.
        return max(
            before, key=lambda charge: (charge[0], charge[1].grade, charge[1].first_pay, charge[1].ceiling or -1)
        )[1]


def _originals(
    lines: Sequence[OrderedLine], terms: Sequence[LineTerms | None], earlier: Sequence[BillLine]
) -> _Originals:
    originals = _Originals()
    for line in earlier:
        if line.quantity > 0:
            own = LineTerms(line.grade, line.first_pay_ratio, line.ceiling, line.by_catalogue)
            originals.add(line.item_code, line.unit_price, date.fromisoformat(line.charged_on), own)
    for ordered, found in zip(lines, terms, strict=True):
        if found is not None:
            originals.add(ordered.item_code, ordered.unit_price, ordered.charged_on, found)
    return originals


def _terms(index: int, line: OrderedLine, order: Order, catalogue: Catalogue) -> LineTerms:
    # A line dated outside the item's validity does not free it from the catalogue: then the visit's day decides.
    item = catalogue.on(line.item_code, line.charged_on) or catalogue.on(line.item_code, order.last_day)
    if item is not None:
        return LineTerms(item.grade, item.self_pay_ratio, item.price_ceiling, by_catalogue=True)
    if line.grade is None:
        raise _missing(index, "grade", "费用等级", "grade", line)
    if line.grade == FIRST_PAY_GRADE and line.self_pay_ratio is None:
        raise _missing(index, "self_pay_ratio", "先行自付比例", "first-pay ratio", line)
    return LineTerms(line.grade, line.self_pay_ratio or 0, line.price_ceiling, by_catalogue=False)


def _missing(index: int, field: str, zh: str, en: str, line: OrderedLine) -> RequestInvalid:
    detail = Text(
        f"费用目录没有项目 {line.item_code}，请在该行给出{zh}。",
        f"The fee catalogue does not know item {line.item_code}: give its {en} on the line.",
    )
    return RequestInvalid.at(InputError(f"/fee_lines/{index}/{field}", "fee_lines.terms_missing", detail))


def fee_lines(order: Order, terms: Sequence[LineTerms]) -> tuple[FeeLine, ...]:
    """The lines as the kernel takes them."""
    return tuple(
        [
            FeeLine(
                line.line_no,
                line.item_code,
                own.grade,
                line.unit_price,
                line.quantity,
                line.amount,
                own.first_pay,
                own.ceiling,
                line.charged_on,
            )
            for line, own in zip(order.lines, terms, strict=True)
        ]
    )


def kept(order: Order, terms: Sequence[LineTerms], amounts: Sequence[Amounts]) -> tuple[BillLine, ...]:
    """The bill as it is kept: each line with the terms that were used and its parts."""
    return tuple(
        [
            BillLine(
                *line[:4],
                own.grade,
                line.unit_price,
                line.quantity,
                line.amount,
                own.first_pay,
                own.ceiling,
                line.charged_on.isoformat(),
                own.by_catalogue,
                *parts[1:],
            )
            for line, own, parts in zip(order.lines, terms, amounts, strict=True)
        ]
    )
