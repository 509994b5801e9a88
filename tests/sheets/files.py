"""Table files for tests: the same cells as CSV, XLSX or XLS."""

import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import xlwt
from openpyxl import Workbook

Cells = Sequence[Sequence[Any]]


def csv_file(cells: Cells, encoding: str = "utf-8") -> bytes:
    return "\r\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in cells).encode(encoding)


def xlsx_file(cells: Cells, *, merged: Sequence[str] = ()) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in cells:
        sheet.append(list(row))
    for extent in merged:
        sheet.merge_cells(extent)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def xls_file(cells: Cells) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("名单")
    as_day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for at, row in enumerate(cells):
        for column, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write(at, column, cell, as_day)
            elif cell is not None:
                sheet.write(at, column, cell)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def sheets(suffix: str, named: Mapping[str, Cells]) -> bytes:
    """A workbook of several sheets."""
    file = io.BytesIO()
    if suffix == "xls":
        old = xlwt.Workbook()
        for title, cells in named.items():
            sheet = old.add_sheet(title)
            for at, row in enumerate(cells):
                for column, cell in enumerate(row):
                    sheet.write(at, column, cell)
        old.save(file)
        return file.getvalue()
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, cells in named.items():
        new = book.create_sheet(title)
        for row in cells:
            new.append(list(row))
    book.save(file)
    return file.getvalue()
