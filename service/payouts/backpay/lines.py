"""From a row of the bureau's file to a stay with decided layers, or to the first thing that is wrong with it. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from service.errors import Text
from service.money import fen, yuan
from service.registers.rosters.faults import FAULTS as CELL_FAULTS
from service.registers.rosters.headings import plain
from service.registers.rosters.values import Unreadable, cleaned, code_of, first_day_of, id_no_of
from service.sheets.faults import SheetHeadings
from service.sheets.read import Row

FAULTS: Final[dict[str, Text]] = {
    "row.incomplete": Text("必填列有空格；请补填。", "A required column is empty: fill it in."),
    "amount.unreadable": Text(
        "金额应为以元为单位、不小于零、最多两位小数的数。",
        "An amount is in yuan, not negative, with at most two decimals.",
    ),
    "row.parts": Text(
        "符合政策范围、先行自付、超限价自付之和超过总费用；请核对。",
        "In scope, first-pay and over ceiling add up to more than the total: check them.",
    ),
    "row.number": Text(
        "编号被表格当作数字，开头的 0 可能已丢失；请将该列设为“文本”后按原件重新录入。",
        "A number code was kept as a number, and zeros in front may be lost: format the column as text, type it anew.",
    ),
    "row.twice": Text(
        "同一住院在文件中出现多次，或与前一行的住院期间重叠；请只保留正确的一行。",
        "The stay stands more than once, or overlaps one above it: keep the right row.",
    ),
    "row.amount": Text(
        "应补金额与预览时不同（身份、协议或政策已变更）。",
        "It is due another amount than was previewed: an identity, an agreement or the law has changed.",
    ),
    "stay.period": Text(
        "出院日期不在补支付期间内（起始日至协议签订日）。", "The discharge lies outside the days that are back-paid."
    ),
}
_SEARCHED_ROWS: Final = 15
_CODES: Final = ("hospital_code", "visit_no", "referral_no", "invoice_no", "settlement_no")
_AMOUNTS: Final = ("total", "in_scope", "first_pay", "over_ceiling", "basic", "serious", "aid")
_DAYS: Final = ("admitted_on", "discharged_on")
_NEEDED: Final = ("id_no", "hospital_code", "visit_no", *_DAYS, "total", "in_scope", "basic", "serious", "aid")
_AMOUNT: Final = re.compile(r"\d{1,10}(\.\d{1,2})?")
_PLATFORM: Final = "social-insurance bureau"


@cache
def headings() -> dict[str, list[str]]:
    """Which headings each column is known by."""
    known: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("headings.yaml").read_text(encoding="utf-8"))
    return known


def documented() -> str:
    """The columns, for the API document."""
    told = "; ".join(f"`{name}` = {', '.join(words[:-1])}" for name, words in headings().items())
    return f"Columns: {told}. Needed: {', '.join(_NEEDED)}. Amounts are in yuan."


@dataclass(frozen=True, slots=True)
class Line:
    """A row that was read: the stay as `POST /v1/settlements` would take it, or the code of what is wrong."""

    row_no: int
    stay: dict[str, Any] | None = None
    fault: str | None = None


def lines(rows: Iterable[Row]) -> Iterator[Line]:
    """The rows below the headings. Raises `sheet.headings`."""
    columns, left = _after_headings(rows)
    for row in left:
        try:
            yield Line(row.number, _stay(_values(row, columns)))
        except Unreadable as unreadable:
            yield Line(row.number, fault=unreadable.code)


def said(code: str) -> Text:
    """What a fault means and what to do."""
    return FAULTS.get(code) or CELL_FAULTS[code]


def _after_headings(rows: Iterable[Row]) -> tuple[dict[str, int], Iterator[Row]]:
    known = {plain(word): name for name, words in headings().items() for word in words}
    left = iter(rows)
    for row in left:
        columns = {known[plain(cell)]: at for at, cell in reversed(list(enumerate(row.cells))) if plain(cell) in known}
        if all(name in columns for name in _NEEDED):
            return columns, left
        if row.number >= _SEARCHED_ROWS:
            break
    names = "、".join(headings()[name][0] for name in _NEEDED)
    raise SheetHeadings(
        Text(
            f"前 {_SEARCHED_ROWS} 行没有完整的表头，须有：{names}。",
            f"No heading row in the first {_SEARCHED_ROWS} rows: there must be {', '.join(_NEEDED)}.",
        )
    )


def _values(row: Row, columns: Mapping[str, int]) -> dict[str, Any]:
    if row.faults:
        raise Unreadable("amount.unreadable")
    cells = {name: row.cells[at] if at < len(row.cells) else "" for name, at in columns.items()}
    if any(not cleaned(cells[name]) for name in _NEEDED):
        raise Unreadable("row.incomplete")
    if any(columns.get(name) in row.numeric and cleaned(cells[name]) for name in _CODES):
        raise Unreadable("row.number")
    found: dict[str, Any] = {"id_no": id_no_of(cells["id_no"])}
    found |= {name: code_of(cells.get(name, "")) for name in _CODES}
    found |= {name: _amount(cells.get(name, "")) for name in _AMOUNTS}
    return found | {name: first_day_of(cells[name]) for name in _DAYS}


def _amount(cell: str) -> int:
    text = cleaned(cell).replace(",", "") or "0"
    if not _AMOUNT.fullmatch(text):
        raise Unreadable("amount.unreadable")
    whole, _, decimals = text.partition(".")
    return fen(f"{int(whole)}.{decimals.ljust(2, '0')}")


def _stay(found: Mapping[str, Any]) -> dict[str, Any]:
    self_funded = found["total"] - found["in_scope"] - found["first_pay"] - found["over_ceiling"]
    if self_funded < 0:
        raise Unreadable("row.parts")
    # The bureau tells sums, not lines: one line for each part of the bill, which comes out as that part.
    parts = (
        ("in_scope", found["in_scope"], {"grade": "A"}),
        ("self_funded", self_funded, {"grade": "C"}),
        ("first_pay", found["first_pay"], {"grade": "B", "self_pay_ratio": "1"}),
        ("over_ceiling", found["over_ceiling"], {"grade": "A", "price_ceiling": "0.00"}),
    )
    last = found["discharged_on"].isoformat()
    return {
        "hospital_code": found["hospital_code"],
        "visit_no": found["visit_no"],
        "visit_type": "inpatient",
        "person": {"id_no": found["id_no"]},
        "admitted_on": found["admitted_on"].isoformat(),
        "discharged_on": last,
        "referral_no": found["referral_no"],
        "invoice_no": found["invoice_no"],
        "fee_lines": [
            {
                "line_no": number,
                "item_code": f"BACKPAY:{name}",
                "unit_price": yuan(amount),
                "quantity": "1",
                "amount": yuan(amount),
                "charged_on": last,
                **terms,
            }
            for number, (name, amount, terms) in enumerate(parts, 1)
            if amount
        ],
        "decided_layers": [
            {
                "layer": layer,
                "paid": yuan(found[layer]),
                "settlement_no": found["settlement_no"],
                "platform": _PLATFORM,
            }
            for layer in ("basic", "serious", "aid")
        ],
    }
