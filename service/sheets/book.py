"""
A workbook of ours with typed cells: days are days, amounts are numbers, sums are formulas that the file recomputes.

Amounts are whole fen until they become a cell. A cell is a double, which holds 15 digits: far more than any amount.
"""

import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, Literal, NamedTuple

from service.money import yuan
from service.sheets.write import harmless

_FORMATS: Final = {"text": "@", "day": "yyyy-mm-dd", "amount": "#,##0.00", "count": "0"}
SUMMARY: Final = "汇总"
SUMMARY_HEADER: Final = ["项目", "内容"]


class Column(NamedTuple):
    """A column: its heading, what its cells are, and its width in letters."""

    heading: str
    kind: Literal["text", "day", "amount", "count"]
    width: int = 14


class Fact(NamedTuple):
    """
    A line of the summary sheet: an amount in fen, a text, or with `sum_of` a formula over that column, which is to
    give the amount. `where` limits it to the rows with a value in another column.
    """

    label: str
    value: int | str
    sum_of: str | None = None
    where: tuple[str, str] | None = None


class Book:
    """
    Rows (amounts in fen) on the first sheet, under a header that stays in sight, and facts on the second.

    Row by row: what is written is not kept. The same content gives the same bytes.
    """

    def __init__(self, columns: Sequence[Column], *, title: str, created: datetime) -> None:
        import xlsxwriter

        self._file = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._file, {"constant_memory": True, "strings_to_formulas": False})
        self._book.set_properties({"title": title, "created": created.replace(tzinfo=None)})
        self._formats = {kind: self._book.add_format({"num_format": code}) for kind, code in _FORMATS.items()}
        self._bold = self._book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEF4"})
        self._columns = columns
        self._count = 0
        self._sheet = self._book.add_worksheet("明细")
        self._sheet.freeze_panes(1, 0)
        for number, column in enumerate(columns):
            self._sheet.set_column(number, number, column.width)
            self._sheet.write_string(0, number, column.heading, self._bold)

    def add(self, row: Sequence[Any]) -> None:
        """The next row, one value per column; None leaves a cell empty."""
        self._count += 1
        for number, (column, value) in enumerate(zip(self._columns, row, strict=True)):
            _write(self._sheet, self._count, number, column.kind, value, self._formats)

    def finish(self, facts: Sequence[Fact]) -> bytes:
        """The file, with a summary of these facts."""
        self._sheet.autofilter(0, 0, self._count, len(self._columns) - 1)
        _summary(self._book.add_worksheet(SUMMARY), self._columns, facts, self._count, self._formats, self._bold)
        self._book.close()
        return self._file.getvalue()


def _write(sheet: Any, row: int, number: int, kind: str, value: Any, formats: dict[str, Any]) -> None:
    if value is None:
        return
    if kind == "amount":
        sheet.write_number(row, number, float(yuan(value)), formats[kind])
    elif kind == "count":
        sheet.write_number(row, number, value, formats[kind])
    elif isinstance(value, date):
        sheet.write_datetime(row, number, datetime(value.year, value.month, value.day), formats["day"])  # noqa: DTZ001 - a cell knows no zone
    else:
        sheet.write_string(row, number, harmless(value), formats["text"])


def _summary(
    sheet: Any, columns: Sequence[Column], facts: Sequence[Fact], count: int, formats: dict[str, Any], bold: Any
) -> None:
    from xlsxwriter.utility import xl_col_to_name

    letters = {column.heading: xl_col_to_name(number) for number, column in enumerate(columns)}
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 44)
    sheet.freeze_panes(1, 0)
    for column, heading in enumerate(SUMMARY_HEADER):
        sheet.write_string(0, column, heading, bold)
    for row, fact in enumerate(facts, 1):
        sheet.write_string(row, 0, fact.label, formats["text"])
        if isinstance(fact.value, str):
            sheet.write_string(row, 1, harmless(fact.value), formats["text"])
        elif fact.sum_of is None:
            sheet.write_number(row, 1, float(yuan(fact.value)), formats["amount"])
        else:
            formula = _formula(letters, fact, count)
            sheet.write_formula(row, 1, formula, formats["amount"], float(yuan(fact.value)))


def _formula(letters: dict[str, str], fact: Fact, count: int) -> str:
    assert fact.sum_of is not None
    last = max(count, 1) + 1
    cells = f"明细!${letters[fact.sum_of]}$2:${letters[fact.sum_of]}${last}"
    if fact.where is None:
        return f"=SUM({cells})"
    column, value = fact.where
    return f'=SUMIF(明细!${letters[column]}$2:${letters[column]}${last},"{value}",{cells})'
