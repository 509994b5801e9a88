"""
The bank's answer: read by the layout of the batch and held against it line by line.

It is taken whole or not at all. Every line of the batch is in it once, for its amount, as paid or as returned with the
bank's reason, and its last line says how many there are and what they sum to: so a file that was cut off is known.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, BinaryIO, Final
from uuid import UUID

from service.errors import InputError, Text
from service.money import fen, yuan
from service.payouts.batches.layouts import Answer
from service.payouts.batches.model import REFERENCE_DIGITS
from service.payouts.refusals import AnswerDiffers
from service.sheets.cells import Row
from service.sheets.faults import SheetHeadings
from service.sheets.read import rows as sheet_rows
from service.sheets.write import original

_MOST_NAMED: Final = 1000
_LONGEST_REASON: Final = 500


@dataclass(slots=True)
class _Reading:
    """What was found so far: what the bank said of each transfer, what is wrong, and the sums."""

    items: Mapping[str, dict[str, Any]]
    said: dict[UUID, str | None] = field(default_factory=dict)
    errors: list[InputError] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    total: int = 0
    trailer: bool = False

    def wrong(self, code: str, zh: str, en: str, row: int | None = None) -> None:
        self.errors.append(InputError("/file" if row is None else f"/file/{row}", f"answer.{code}", Text(zh, en)))


def read(source: BinaryIO, filename: str, answer: Answer, items: list[dict[str, Any]]) -> dict[UUID, str | None]:
    """
    For each transfer of the batch why it came back, or None where it was paid.

    Raises the refusals of `service.sheets`, and payout.answer_differs with everything that does not fit.
    """
    reading = _Reading({item["reference"]: item for item in items})
    # Closed here and now: the file is gone when whoever refuses it is told so.
    with closing(sheet_rows(source, filename)) as found:
        places = _places(next(found), answer)
        for row in found:
            if reading.trailer:
                reading.wrong("after_trailer", "合计行之后不应再有内容。", "Nothing follows the last line.", row.number)
            elif row.faults:
                reading.wrong("cell", "单元格无法读取。", "A cell cannot be read.", row.number)
            else:
                _line(reading, row, places, answer)
    _whole(reading, answer)
    if reading.errors:
        more = len(reading.errors)
        raise AnswerDiffers.at(reading.errors[:_MOST_NAMED], differences=more)
    return reading.said


def _places(header: Row, answer: Answer) -> dict[str, int]:
    names = [cell.strip() for cell in header.cells]
    wanted = {
        "reference": answer.reference,
        "amount": answer.amount,
        "outcome": answer.outcome,
        "reason": answer.reason,
    }
    missing = [heading for heading in wanted.values() if names.count(heading) != 1]
    if missing:
        raise SheetHeadings(
            Text(
                f"表头应各有一列：{'、'.join(missing)}。",
                f"There must be one column of each of these headings: {', '.join(missing)}.",
            )
        )
    return {name: names.index(heading) for name, heading in wanted.items()}


def _line(reading: _Reading, row: Row, places: dict[str, int], answer: Answer) -> None:
    cells = {
        name: original(row.cells[place]).strip() if place < len(row.cells) else "" for name, place in places.items()
    }
    amount = _amount(cells["amount"])
    if cells["reference"] == answer.trailer:
        _trailer(reading, row.number, amount, cells["outcome"])
        return
    reference = _reference(cells["reference"])
    item = reading.items.get(reference)
    if amount is None:
        reading.wrong("cell", "金额无法读取。", "The amount cannot be read.", row.number)
        return
    reading.total += amount
    if item is None:
        reading.wrong("unknown", f"批次中没有 {reference}。", f"There is no {reference} in the batch.", row.number)
        return
    if reference in reading.seen:
        reading.wrong("duplicate", f"{reference} 出现多次。", f"{reference} stands here more than once.", row.number)
        return
    reading.seen.add(reference)
    if amount != item["amount"]:
        ours = yuan(item["amount"])
        reading.wrong(
            "amount",
            f"{reference} 应为 {ours}，回盘为 {yuan(amount)}。",
            f"{reference} is for {ours}, not {yuan(amount)}.",
            row.number,
        )
        return
    _outcome(reading, row.number, item["id"], cells, answer)


def _reference(cell: str) -> str:
    # Kept as a number on its way through a spreadsheet, it has lost its zeros in front.
    return cell.zfill(REFERENCE_DIGITS) if cell.isascii() and cell.isdigit() else cell


def _outcome(reading: _Reading, number: int, item_id: UUID, cells: dict[str, str], answer: Answer) -> None:
    if cells["outcome"] in answer.paid:
        reading.said[item_id] = None
    elif cells["outcome"] not in answer.returned:
        words = "、".join(chain(answer.paid, answer.returned))
        reading.wrong("outcome", f"处理结果应为：{words}。", f"The outcome must be one of: {words}.", number)
    elif not cells["reason"]:
        reading.wrong("reason", "退票须注明原因。", "What came back needs the bank's reason.", number)
    else:
        reading.said[item_id] = cells["reason"][:_LONGEST_REASON]


def _trailer(reading: _Reading, number: int, amount: int | None, count: str) -> None:
    reading.trailer = True
    if amount != reading.total:
        stated = "-" if amount is None else yuan(amount)
        reading.wrong(
            "total",
            f"合计行为 {stated}，各行相加为 {yuan(reading.total)}。",
            f"The last line says {stated}, the lines sum to {yuan(reading.total)}.",
            number,
        )
    lines = len(reading.seen) if not reading.errors else None
    if lines is not None and count.removesuffix("笔") != str(lines):
        reading.wrong("count", f"合计行笔数应为 {lines}。", f"The last line should count {lines} lines.", number)


def _whole(reading: _Reading, answer: Answer) -> None:
    if not reading.trailer:
        word = answer.trailer
        reading.wrong(
            "truncated",
            f"文件末尾没有“{word}”行，可能不完整。",
            f"The last line ({word}) is missing: the file may be cut off.",
        )
    for reference in _missing(reading):
        reading.wrong("missing", f"回盘缺少 {reference}。", f"{reference} is missing from the answer.")


def _missing(reading: _Reading) -> Iterator[str]:
    return (reference for reference in reading.items if reference not in reading.seen)


def _amount(cell: str) -> int | None:
    text = cell.replace(",", "")
    try:
        whole, _, rest = text.partition(".")
        # A spreadsheet writes 12.5 for 12.50, and never more than two places for an amount of ours.
        return fen(f"{whole}.{rest.ljust(2, '0')}")
    except ValueError:
        return None
