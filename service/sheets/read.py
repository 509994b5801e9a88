"""
Rows of a table file, one after the other: CSV (UTF-8 with or without BOM, GBK), XLSX, XLS.

What the file is, its content says, not its name. Whatever is wrong with it becomes a `SheetRefused` or, where it
is one cell, a fault of the row; no exception of a library gets through.
"""

import csv
import io
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO, Final

import openpyxl
import xlrd

from service.sheets.faults import (
    ERROR,
    ERROR_TEXT,
    FORMULA,
    FORMULA_TEXT,
    CellFault,
    SheetEmpty,
    SheetEncoding,
    SheetRefused,
    SheetTooLarge,
)

MOST_COLUMNS: Final = 200
LONGEST_CELL: Final = 32_767
_MOST_ROWS: Final = 2_000_000
_MOST_UNPACKED: Final = 1 << 30
_MOST_OF_ONE_BYTE: Final = 200
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_EXACT_DIGITS: Final = 15
_SAMPLE: Final = 1 << 16
_BAD_LETTERS: Final = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127, *range(0xD800, 0xE000)], "\ufffd")


@dataclass(frozen=True, slots=True)
class Row:
    """
    A row as written: `number` as the spreadsheet counts it (from 1), each cell as text.

    Days are ISO; numbers beyond 15 digits, which a spreadsheet keeps only roughly, are in scientific notation.
    """

    number: int
    cells: list[str]
    faults: tuple[CellFault, ...] = ()


def rows(source: BinaryIO | Path, filename: str = "") -> Generator[Row, None, None]:
    """
    The rows of the first sheet that are not empty. Read as they are asked for; raises `SheetRefused` meanwhile.

    `filename` only helps to say what is wrong.
    """
    if isinstance(source, Path):
        with source.open("rb") as opened:
            yield from rows(opened, filename or source.name)
        return
    source.seek(0)
    begin = source.read(len(_OLE))
    source.seek(0)
    if not begin:
        raise SheetEmpty
    any_row = False
    with _refusals():
        for row in _read(source, begin):
            if any(row.cells) or row.faults:
                any_row = True
                yield row
    if not any_row:
        raise SheetEmpty


def _read(source: BinaryIO, begin: bytes) -> Iterator[Row]:
    if begin.startswith(_ZIP):
        return _xlsx(source)
    if begin.startswith(_OLE):
        return _xls(source)
    return _csv(source)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (SheetRefused, GeneratorExit):
        raise
    except MemoryError:
        raise SheetTooLarge from None
    # The libraries raise whatever a damaged file makes them stumble over.
    except Exception as error:
        raise SheetRefused from error


def _csv(source: BinaryIO) -> Iterator[Row]:
    encoding = _encoding_of(source)
    text = io.TextIOWrapper(source, encoding, errors="strict", newline="")
    try:
        sample = text.read(_SAMPLE)
        text.seek(0)
        first = sample.splitlines()[0] if sample.strip() else ""
        delimiter = max(",;\t", key=first.count)
        reader = csv.reader(text, delimiter=delimiter, strict=False)
        for number, cells in enumerate(reader, 1):
            yield _row(number, [cell.strip().lstrip("\ufeff") for cell in cells])
    except csv.Error:
        raise SheetRefused from None
    finally:
        # The file is the caller's to close.
        text.detach()


def _encoding_of(source: BinaryIO) -> str:
    """UTF-8 where every byte agrees, else GB18030 (of which GBK is a part) where every byte agrees."""
    for encoding in ("utf-8-sig", "gb18030"):
        source.seek(0)
        decoder = io.TextIOWrapper(source, encoding, errors="strict", newline="")
        try:
            while part := decoder.read(_SAMPLE):
                if "\x00" in part:
                    raise SheetEncoding
        except UnicodeDecodeError:
            continue
        finally:
            decoder.detach()
            source.seek(0)
        return encoding
    raise SheetEncoding


def _xlsx(source: BinaryIO) -> Iterator[Row]:
    _refuse_bomb(source)
    book = openpyxl.load_workbook(source, read_only=True, data_only=False, keep_links=False)
    try:
        sheet = book.worksheets[0]
        # The extent that the file states may be a lie in either direction.
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(), 1):
            values = [(getattr(cell, "data_type", "n"), cell.value) for cell in cells[: MOST_COLUMNS + 1]]
            yield _typed(number, values)
    finally:
        book.close()


def _refuse_bomb(source: BinaryIO) -> None:
    """A workbook is an archive; one that unpacks to far more than it weighs is no workbook."""
    with zipfile.ZipFile(source) as archive:
        parts = archive.infolist()
        unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if unpacked > _MOST_UNPACKED or (
        unpacked > _SAMPLE * _SAMPLE.bit_length() and unpacked > packed * _MOST_OF_ONE_BYTE
    ):
        raise SheetTooLarge
    source.seek(0)


def _typed(number: int, values: list[tuple[str, Any]]) -> Row:
    cells, faults = [], []
    for column, (kind, value) in enumerate(values):
        if kind == "f":
            faults.append(CellFault(column, FORMULA, FORMULA_TEXT))
        if kind == "e":
            faults.append(CellFault(column, ERROR, ERROR_TEXT))
        cells.append(_text(value))
    return _row(number, cells, tuple(faults))


def _xls(source: BinaryIO) -> Iterator[Row]:
    book = xlrd.open_workbook(file_contents=source.read(), on_demand=True, logfile=io.StringIO())
    sheet = book.sheet_by_index(0)
    for number in range(sheet.nrows):
        values: list[tuple[str, Any]] = []
        for cell in sheet.row(number)[: MOST_COLUMNS + 1]:
            if cell.ctype == xlrd.XL_CELL_DATE:
                values.append(("d", xlrd.xldate.xldate_as_datetime(float(cell.value), book.datemode)))
            elif cell.ctype == xlrd.XL_CELL_ERROR:
                values.append(("e", xlrd.error_text_from_code.get(int(cell.value), "#ERR")))
            elif cell.ctype == xlrd.XL_CELL_BOOLEAN:
                values.append(("b", bool(cell.value)))
            else:
                values.append(("s", cell.value))
        yield _typed(number + 1, values)


def _text(value: Any) -> str:
    """A cell as its reader would write it down."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            return _number(value)
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case _:
            return str(value).strip()


def _number(value: int | float) -> str:
    # A spreadsheet keeps 15 digits; what stands behind them is not what somebody typed.
    if abs(value) >= 10**_EXACT_DIGITS:
        return f"{float(value):.{_EXACT_DIGITS - 1}E}"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.{_EXACT_DIGITS}g}"
    return str(int(value))


def _row(number: int, cells: list[str], faults: tuple[CellFault, ...] = ()) -> Row:
    if len(cells) > MOST_COLUMNS and not any(cells[MOST_COLUMNS:]):
        cells = cells[:MOST_COLUMNS]
    if len(cells) > MOST_COLUMNS or number > _MOST_ROWS or any(len(cell) > LONGEST_CELL for cell in cells):
        raise SheetTooLarge
    return Row(number, [cell.translate(_BAD_LETTERS) for cell in cells], faults)
