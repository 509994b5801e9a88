"""The other side's file as rows: a reference and an amount each. CSV, XLSX, XLS, or the national 3202 text."""

import re
from collections.abc import Sequence
from itertools import chain
from typing import BinaryIO, Final, NamedTuple
from uuid import UUID

from service.errors import Text
from service.money import fen
from service.reconciliation.refusals import FileUnreadable
from service.sheets.read import rows as sheet_rows
from service.sheets.write import original

_HEADINGS: Final = {
    "claim": ("payer_claim_no", "claim_no", "案件号", "赔案号"),
    "settlement": ("settlement_id", "setl_id", "结算号", "结算id", "结算编号"),
    "visit": ("visit_no", "mdtrt_id", "就诊号", "住院号", "就诊id"),
    "amount": ("amount", "金额", "支付金额", "赔付金额", "fund_pay_sumamt", "基金支付总额"),
}
_REFERENCES: Final = ("claim", "settlement", "visit")
_NATIONAL_COLUMNS: Final = {"settlement": 0, "visit": 1, "amount": 4}
_NATIONAL_WIDTHS: Final = (7, 8)
_EMPTY: Final = ("", "null", "NULL")
_MOST_NAMED: Final = 20
_GROUPED: Final = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_LARGEST: Final = 10**12
"""Ten thousand million yuan, in fen: a file of such rows still has a sum that the database can hold."""


class FileRow(NamedTuple):
    """A row: which kind of reference it has, the reference, and the amount in fen."""

    row_no: int
    kind: str
    reference: str
    amount: int


class File(NamedTuple):
    """A file read whole, and what it was."""

    format: str
    rows: list[FileRow]


def read(source: BinaryIO, filename: str) -> File:
    """
    Read a file. Raises match.file naming the rows that cannot be read, and the refusals of `service.sheets`.
    """
    found = sheet_rows(source, filename)
    first = next(found)
    columns = _columns(first.cells)
    national = columns is None and _is_national(first.cells)
    if columns is None and not national:
        raise FileUnreadable("/file")
    columns = columns or _NATIONAL_COLUMNS

    bad: list[int] = []
    rows: list[FileRow] = []
    for row in chain([first], found) if national else found:
        read_row = None if row.faults else _row(row.number, row.cells, columns)
        if read_row is None:
            bad.append(row.number)
        else:
            rows.append(read_row)
    if bad:
        raise _unreadable(bad)
    return File("3202" if national else "table", rows)


def _columns(cells: Sequence[str]) -> dict[str, int] | None:
    """Where the amount and at least one reference stand, by their headings; None where the row is no heading."""
    names = [cell.strip().lower() for cell in cells]
    found = {what: names.index(name) for what, known in _HEADINGS.items() for name in reversed(known) if name in names}
    return found if "amount" in found and len(found) > 1 else None


def _is_national(cells: Sequence[str]) -> bool:
    return len(cells) in _NATIONAL_WIDTHS and _amount(cells[_NATIONAL_COLUMNS["amount"]]) is not None


def _row(number: int, cells: Sequence[str], columns: dict[str, int]) -> FileRow | None:
    def cell(what: str) -> str:
        at = columns.get(what)
        text = original(cells[at]).strip() if at is not None and at < len(cells) else ""
        return "" if text in _EMPTY else text

    amount = _amount(cell("amount"))
    if amount is None:
        return None
    for kind in _REFERENCES:
        reference = cell(kind)
        # The national platform gives settlements numbers of its own: then the visit says which one it is.
        if kind == "settlement" and cell("visit") and _settlement(reference) is None:
            continue
        if reference:
            return FileRow(number, kind, (kind == "settlement" and _settlement(reference)) or reference, amount)
    return None


def _settlement(reference: str) -> str | None:
    """
    The id of a settlement of ours in one spelling; None of any other number.

    3202 has room for 30 letters only, so other systems leave out the dashes.
    """
    try:
        return str(UUID(reference))
    except ValueError:
        return None


def _amount(text: str) -> int | None:
    """
    Yuan as fen; None where it is no amount, or none that one case can come to. Commas stand between thousands only.

    The sign alone says what is a refund: national files flag the refunded settlement and its refund alike.
    """
    plain = text.replace("，", ",").removeprefix("¥").removeprefix("￥").strip()
    if "," in plain and _GROUPED.fullmatch(plain) is None:
        return None
    try:
        amount = fen(plain.replace(",", ""))
    except ValueError:
        return None
    return amount if abs(amount) <= _LARGEST else None


def _unreadable(bad: list[int]) -> FileUnreadable:
    named = "、".join(str(number) for number in bad[:_MOST_NAMED])
    more = "…" if len(bad) > _MOST_NAMED else ""
    return FileUnreadable(
        "/file",
        detail=Text(
            f"第 {named}{more} 行缺少编号，或金额不是最多两位小数的数。",
            f"Rows {named}{more} lack a number of the line, or their amount is not one of at most two decimals.",
        ),
    )
