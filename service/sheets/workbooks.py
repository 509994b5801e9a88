"""Rows of a workbook, XLSX or XLS: of its one sheet that is not empty."""

import io
import struct
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, Final, Literal

import openpyxl
import xlrd

from service.errors import Text
from service.sheets.book import SUMMARY, SUMMARY_HEADER
from service.sheets.cells import MOST_COLUMNS, Row, row_of, text_of
from service.sheets.faults import (
    ERROR,
    ERROR_TEXT,
    FORMULA,
    FORMULA_TEXT,
    CellFault,
    SheetEmpty,
    SheetRefused,
    SheetTooLarge,
)

_MOST_UNPACKED: Final = 1 << 30
_MOST_OF_ONE_BYTE: Final = 200
_SMALL: Final = 1 << 20
# Unlike the rows, the texts that cells share are held in memory at once.
_MOST_SHARED: Final = 1 << 27
_SHARED: Final = "xl/sharedstrings.xml"
_FORMULAS: Final = (0x0006, 0x0206, 0x0406)
_BEGINS: Final = (0x0009, 0x0209, 0x0409, 0x0809)
_ENDS: Final = 0x000A
_RECORD: Final = struct.Struct("<HH")
_PLACE: Final = struct.Struct("<HH")


def xlsx(source: BinaryIO) -> Iterator[Row]:
    _refuse_bomb(source)
    book = openpyxl.load_workbook(source, read_only=True, data_only=False, keep_links=False)
    try:
        for sheet in book.worksheets:
            # The extent that the file states may be a lie in either direction.
            sheet.reset_dimensions()
        filled = [sheet for sheet in book.worksheets if _is_filled(sheet.title, sheet.iter_rows(values_only=True))]
        _refuse_several([sheet.title for sheet in filled])
        for number, cells in enumerate(filled[0].iter_rows(), 1):
            values = [(getattr(cell, "data_type", "n"), cell.value) for cell in cells[: MOST_COLUMNS + 1]]
            yield _typed(number, values)
    finally:
        book.close()


def _is_filled(title: str, rows: Iterable[Sequence[Any]]) -> bool:
    first = next(([text_of(cell) for cell in cells] for cells in rows if any(map(text_of, cells))), None)
    # A workbook of ours that comes back has a summary behind its rows.
    return first is not None and not (title == SUMMARY and first == SUMMARY_HEADER)


def _refuse_several(titles: Sequence[str]) -> None:
    """Which of two filled sheets is meant, nobody can tell; people on the other one would be left out unseen."""
    if not titles:
        raise SheetEmpty
    if len(titles) > 1:
        raise SheetRefused(
            Text(
                f"文件中有多个非空工作表（可能被隐藏）：{'、'.join(titles)}；请只保留一个，或分别另存后提交。",
                f"Several sheets are not empty (perhaps hidden): {', '.join(titles)}. Keep one, or send each alone.",
            )
        )


def _refuse_bomb(source: BinaryIO) -> None:
    """A workbook is an archive; one that unpacks to far more than it weighs is no workbook."""
    with zipfile.ZipFile(source) as archive:
        parts = archive.infolist()
    unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    shared = sum(part.file_size for part in parts if part.filename.lower() == _SHARED)
    if (
        unpacked > _MOST_UNPACKED
        or shared > _MOST_SHARED
        or (unpacked > _SMALL and unpacked > packed * _MOST_OF_ONE_BYTE)
    ):
        raise SheetTooLarge
    source.seek(0)


def _typed(number: int, values: list[tuple[str, Any]]) -> Row:
    cells, faults, numeric = [], [], []
    for column, (kind, value) in enumerate(values):
        if kind == "f":
            faults.append(CellFault(column, FORMULA, FORMULA_TEXT))
        if kind == "e":
            faults.append(CellFault(column, ERROR, ERROR_TEXT))
        if isinstance(value, int | float) and not isinstance(value, bool):
            numeric.append(column)
        cells.append(text_of(value))
    return row_of(number, cells, tuple(faults), frozenset(numeric))


def xls(source: BinaryIO) -> Iterator[Row]:
    book = xlrd.open_workbook(file_contents=source.read(), on_demand=True, logfile=io.StringIO())
    titles, filled = book.sheet_names(), []
    for at in range(book.nsheets):
        candidate = book.sheet_by_index(at)
        if _is_filled(titles[at], map(candidate.row_values, range(candidate.nrows))):
            filled.append(at)
    _refuse_several([titles[at] for at in filled])
    sheet, formulas = book.sheet_by_index(filled[0]), _formulas(book, filled[0])
    for number in range(sheet.nrows):
        cells = sheet.row(number)[: MOST_COLUMNS + 1]
        yield _typed(
            number + 1,
            [
                ("f", cell.value) if (number, column) in formulas else _xls_cell(cell, book.datemode)
                for column, cell in enumerate(cells)
            ],
        )


def _xls_cell(cell: Any, datemode: Literal[0, 1]) -> tuple[str, Any]:
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return "d", xlrd.xldate.xldate_as_datetime(float(cell.value), datemode)
        except (xlrd.xldate.XLDateError, ValueError, OverflowError):
            return "e", "#VALUE!"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return "e", xlrd.error_text_from_code.get(int(cell.value), "#ERR")
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "b", bool(cell.value)
    return "s", cell.value


def _formulas(book: Any, index: int) -> set[tuple[int, int]]:
    """Which cells of a sheet are formulas. The library gives only their results, so its records are walked."""
    found: set[tuple[int, int]] = set()
    # The library has no public name for where the sheet's records begin.
    at, depth = book._sh_abs_posn[index], 0
    while at + _RECORD.size <= len(book.mem):
        code, length = _RECORD.unpack_from(book.mem, at)
        if code in _BEGINS:
            depth += 1
        elif code == _ENDS:
            depth -= 1
            if depth <= 0:
                break
        elif code in _FORMULAS and depth == 1 and length >= _PLACE.size:
            row, column = _PLACE.unpack_from(book.mem, at + _RECORD.size)
            found.add((row, column))
        at += _RECORD.size + length
    return found
