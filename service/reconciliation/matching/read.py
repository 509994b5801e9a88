"""The other side's file as rows: a reference and an amount each. CSV, XLSX, XLS, or the national 3202 text."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import BinaryIO, Final, NamedTuple

from service.errors import Text
from service.money import fen
from service.reconciliation.refusals import FileUnreadable
from service.sheets.read import Row as SheetRow
from service.sheets.read import rows as sheet_rows
from service.sheets.write import original

_REFERENCES: Final = {
    "claim": ("payer_claim_no", "claim_no", "案件号", "赔案号"),
    "settlement": ("settlement_id", "setl_id", "结算号", "结算id", "结算编号"),
    "visit": ("visit_no", "mdtrt_id", "就诊号", "住院号", "就诊id"),
}
_AMOUNT: Final = ("amount", "金额", "支付金额", "赔付金额")
_FUNDS: Final = ("fund_pay_sumamt", "基金支付总额")
_REFUND: Final = ("refd_setl_flag", "退费结算标志")
_FLAGS: Final = {"": False, "0": False, "否": False, "1": True, "是": True}
_NATIONAL_WIDTHS: Final = (7, 8)
_EMPTY: Final = ("", "null", "NULL")
_MOST_NAMED: Final = 20
_GROUPED: Final = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_LARGEST: Final = 10**12
"""Ten thousand million yuan, in fen: a file of such rows still has a sum that the database can hold."""


class FileRow(NamedTuple):
    """
    A row: which kind of reference it has, the reference, the amount in fen, and whether it is flagged as a refund.

    Kinds: `claim` and `visit`; `case`, an id of a settlement of ours; `settlement`, any other number of one.
    """

    row_no: int
    kind: str
    reference: str
    amount: int
    refund: bool


class File(NamedTuple):
    """
    A file that was opened. Its rows are read as they are asked for: once, and match.file is raised at their end.

    `funds`: its amounts are what all funds together pay for a settlement, not what one payer does.
    """

    format: str
    funds: bool
    rows: Iterator[FileRow]


class _Columns(NamedTuple):
    """Where things stand in a row; `amounts` are added up. Columns of `layers` are empty where there is nothing."""

    references: dict[str, int]
    amounts: tuple[int, ...]
    layers: bool
    funds: bool
    refund: int | None


_NATIONAL: Final = _Columns({"settlement": 0, "visit": 1}, (4,), layers=False, funds=True, refund=6)
"""3202 as it is uploaded (fields 1, 2, 5 and 7); field 5 is 基金支付总额."""


def opened(source: BinaryIO, filename: str, layers: Sequence[str]) -> File:
    """
    Open a file. `layers` are the headings of columns that hold a layer of the payer alone.

    Raises match.file where it is none of the files that can be matched, and the refusals of `service.sheets`.
    """
    found = sheet_rows(source, filename)
    first = next(found)
    columns = _columns(first.cells, layers)
    if columns is not None:
        return File("table", columns.funds, _rows(found, columns))
    if not _is_national(first.cells):
        raise FileUnreadable("/file")
    return File("3202", True, _rows(chain([first], found), _NATIONAL))


def _columns(cells: Sequence[str], layers: Sequence[str]) -> _Columns | None:
    """Where things stand by their headings; None where the row is no heading. The payer's own amount goes first."""
    names = [cell.strip().lower() for cell in cells]

    def place(known: Sequence[str]) -> int | None:
        return next((names.index(name) for name in known if name in names), None)

    references = {kind: at for kind, known in _REFERENCES.items() if (at := place(known)) is not None}
    amount, all_funds = place(_AMOUNT), place(_FUNDS)
    of_layers = tuple(sorted({names.index(name) for name in layers if name in names})) if amount is None else ()
    amounts = of_layers or tuple(at for at in (amount, all_funds) if at is not None)[:1]
    if not references or not amounts:
        return None
    return _Columns(references, amounts, bool(of_layers), amounts == (all_funds,), place(_REFUND))


def _is_national(cells: Sequence[str]) -> bool:
    return len(cells) in _NATIONAL_WIDTHS and _amount(cells[_NATIONAL.amounts[0]]) is not None


def _rows(found: Iterator[SheetRow], columns: _Columns) -> Iterator[FileRow]:
    bad: list[int] = []
    for row in found:
        read_row = None if row.faults else _row(row.number, row.cells, columns)
        if read_row is not None:
            yield read_row
        elif len(bad) <= _MOST_NAMED:
            bad.append(row.number)
    if bad:
        raise _unreadable(bad)


def _row(number: int, cells: Sequence[str], columns: _Columns) -> FileRow | None:
    def cell(at: int | None) -> str:
        text = original(cells[at]).strip() if at is not None and at < len(cells) else ""
        return "" if text in _EMPTY else text

    amount = _sum([cell(at) or ("0" if columns.layers else "") for at in columns.amounts])
    refund = _FLAGS.get(cell(columns.refund))
    if amount is None or refund is None:
        return None
    for kind, at in columns.references.items():
        reference = cell(at)
        known = settlement(reference) if kind == "settlement" else None
        # The national platform gives settlements numbers of its own: then the visit says which one it is.
        if kind == "settlement" and known is None and cell(columns.references.get("visit")):
            continue
        if reference:
            return FileRow(number, "case" if known else kind, known or reference, amount, refund)
    return None


def settlement(reference: str) -> str | None:
    """
    The id of a settlement of ours in one spelling; None of any other number.

    3202 has room for 30 letters only, so other systems leave out the dashes.
    """
    plain = reference.lower().replace("-", "")
    if _ID.fullmatch(plain) is None:
        return None
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"


def _sum(texts: Sequence[str]) -> int | None:
    """Cells added up, in fen; None where one of them is no amount."""
    amounts = [_amount(text) for text in texts]
    return sum(amount for amount in amounts if amount is not None) if None not in amounts else None


def _amount(text: str) -> int | None:
    """
    Yuan as fen; None where it is no amount, or none that one case can come to. Commas stand between thousands only.
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
            f"第 {named}{more} 行缺少编号，或金额不是最多两位小数的数，或退费结算标志不是 0 或 1。",
            f"Rows {named}{more} lack a number of the line, or their amount is not one of at most two decimals, "
            "or their refund flag is neither 0 nor 1.",
        ),
    )
