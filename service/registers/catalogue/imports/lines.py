"""From a row of the file to an item's dated terms, or to every fault in it. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from service.errors import Text
from service.money import PRICE_PLACES, ppm, scaled
from service.registers.entries import CatalogueTerms
from service.registers.periods import Dated
from service.registers.rosters.headings import plain
from service.registers.rosters.model import Fault
from service.registers.rosters.values import Unreadable, cleaned, code_of, first_day_of, last_day_of
from service.sheets.faults import SheetHeadings
from service.sheets.read import Row
from service.words import HospitalLevel

T = TypeVar("T")

FAULTS: Final[dict[str, Text]] = {
    "item_code.missing": Text("没有填写项目编码；请补填。", "No item code: fill it in."),
    "item_code.number": Text(
        "项目编码被当作数字，开头的 0 可能已丢失；请将该列设为“文本”格式后按原件重新录入。",
        "The code is a number in this file, and zeros in front may be lost: format the column as text, type it anew.",
    ),
    "item_name.missing": Text("没有填写项目名称；请补填。", "No name: fill it in."),
    "item_name.format": Text("项目名称过长或含不可用字符。", "The name is too long or holds odd letters."),
    "category.missing": Text("没有填写费用类别；请补填。", "No category: fill it in."),
    "grade.unknown": Text("等级应为甲、乙、丙之一。", "The grade must be A, B or C (甲, 乙, 丙)."),
    "ratio.unreadable": Text(
        "比例应在 0 到 1 之间，或写成百分数，例如 0.1 或 10%。", "A ratio from 0 to 1, or in percent: 0.1 or 10%."
    ),
    "price.unreadable": Text(
        "限价应为以元为单位的数，最多六位小数。", "A ceiling is a price in yuan with at most six decimals."
    ),
    "row.twice": Text(
        "同一项目在文件中出现多次；请只保留正确的一行，不同时期的条件请分开、按先后提交。",
        "The item stands more than once: keep the right row; send terms of different times apart, the earlier first.",
    ),
}
_SEARCHED_ROWS: Final = 15
_NEEDED: Final = ("item_code", "name", "category", "grade")
_RATIO: Final = re.compile(r"0(\.\d{1,6})?|1(\.0{1,6})?")
_PERCENT: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,4}))?%")
_PRICE: Final = re.compile(r"\d{1,9}(\.\d{1,6})?")
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_PPM_OF_PERCENT: Final = 10_000


@cache
def _meanings(kind: str) -> dict[str, str]:
    words = yaml.safe_load(Path(__file__).with_name("headings.yaml").read_text(encoding="utf-8"))
    return {plain(word): name for name, synonyms in words[kind].items() for word in synonyms}


@dataclass(frozen=True, slots=True)
class Item:
    """An item as a row says it; or a rejected row."""

    row_no: int
    cells: list[str]
    item_code: str | None
    fact: Dated[CatalogueTerms] | None
    faults: tuple[Fault, ...] = ()


def after_headings(rows: Iterable[Row]) -> tuple[dict[str, int], list[str], Iterator[Row]]:
    """The columns, the heading row and the rows below. Raises `sheet.headings`."""
    left, known = iter(rows), _meanings("columns")
    for row in left:
        columns = {known[plain(cell)]: at for at, cell in reversed(list(enumerate(row.cells))) if plain(cell) in known}
        missing = [name for name in _NEEDED if name not in columns]
        if not missing:
            return columns, row.cells, left
        if row.number >= _SEARCHED_ROWS:
            break
    names = "、".join(("项目编码", "项目名称", "费用类别", "等级"))
    raise SheetHeadings(
        Text(
            f"前 {_SEARCHED_ROWS} 行没有表头，至少要有：{names}。",
            f"No heading row in the first {_SEARCHED_ROWS} rows: there must be {', '.join(_NEEDED)}.",
        )
    )


def item_of(row: Row, columns: dict[str, int], header: list[str], as_of: date) -> Item:
    """What a row says of an item; its terms begin with `as_of` where it gives no first day."""
    faults = [Fault(f.column, header[f.column], f.code) for f in row.faults if f.column in columns.values()]

    def read(column: str, meaning: Callable[[str], T]) -> T | None:
        at = columns.get(column)
        if at is None:
            return None
        try:
            return meaning(row.cells[at] if at < len(row.cells) else "")
        except Unreadable as unreadable:
            faults.append(Fault(at, header[at], unreadable.code))
            return None

    code, said = read("item_code", _code), {name: read(name, meaning) for name, meaning in _MEANINGS.items()}
    if (at := columns["item_code"]) in row.numeric:
        # 00123 may have been meant: which item it is, the row does not say.
        faults.append(Fault(at, header[at], "item_code.number"))
        code = None
    ceilings = {f"ceiling_{level}": read(f"ceiling_{level}", _price) for level in HospitalLevel}
    first = read("valid_from", first_day_of) or as_of
    last = read("valid_to", last_day_of)
    if last is not None and last < first and not faults:
        faults.append(Fault(columns["valid_to"], header[columns["valid_to"]], "dates.order"))
    if faults:
        return Item(row.number, row.cells, code, None, tuple(faults))
    values: dict[str, Any] = said | {"self_pay_ratio": said["self_pay_ratio"] or 0} | ceilings
    return Item(row.number, row.cells, code, Dated(CatalogueTerms(**values), first, last))


def _code(cell: str) -> str:
    code = code_of(cell)
    if code is None:
        raise Unreadable("item_code.missing")
    return code


def _name(cell: str) -> str:
    name = cleaned(cell)
    if not name:
        raise Unreadable("item_name.missing")
    if not _NAME.fullmatch(name):
        raise Unreadable("item_name.format")
    return name


def _category(cell: str) -> str:
    word = cleaned(cell)
    if not word:
        raise Unreadable("category.missing")
    return _meanings("categories").get(plain(word), word)


def _grade(cell: str) -> str:
    grade = _meanings("grades").get(plain(cell))
    if grade is None:
        raise Unreadable("grade.unknown")
    return grade


def _ratio(cell: str) -> int:
    text = cleaned(cell)
    percent = _PERCENT.fullmatch(text)
    if percent is not None:
        value = int(percent[1]) * _PPM_OF_PERCENT + int((percent[2] or "").ljust(4, "0"))
    elif not text:
        value = 0
    elif _RATIO.fullmatch(text):
        value = ppm(text)
    else:
        raise Unreadable("ratio.unreadable")
    if value > 100 * _PPM_OF_PERCENT:
        raise Unreadable("ratio.unreadable")
    return value


def _price(cell: str) -> int | None:
    text = cleaned(cell).replace(",", "")
    if not text:
        return None
    if not _PRICE.fullmatch(text):
        raise Unreadable("price.unreadable")
    return scaled(text, PRICE_PLACES)


_MEANINGS: Final[dict[str, Callable[[str], Any]]] = {
    "name": _name,
    "category": _category,
    "grade": _grade,
    "self_pay_ratio": _ratio,
}
