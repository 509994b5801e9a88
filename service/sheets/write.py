"""
Tables written so that opening them in a spreadsheet changes nothing and runs nothing.

Every cell is text. One that a spreadsheet would take for a formula gets an apostrophe in front, one that it would take
for a number of more digits than it keeps gets a tab behind (CSV) or stays text (XLSX).
"""

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

# Some spreadsheets take the full-width signs for the narrow ones.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PLAIN_NUMBER: Final = frozenset("0123456789.")
_LONGEST_EXACT: Final = 11
_LINE_BREAK: Final = re.compile(r"[\r\n]+")
_BOM: Final = "\ufeff"
_CELL: Final = 32_767


def harmless(cell: object) -> str:
    """The cell as text that no spreadsheet runs; an amount such as -12.50 stays one."""
    text = "" if cell is None else str(cell)
    if text.startswith(_FORMULA) and not _is_amount(text):
        return "'" + text
    return text


def _is_amount(text: str) -> bool:
    digits = text.removeprefix("-")
    return bool(digits) and set(digits) <= _PLAIN_NUMBER and digits.count(".") <= 1 and digits != "."


def original(cell: str) -> str:
    """The cell as it was before `harmless`, where one of our own files comes back."""
    text = cell.rstrip("\t")
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _csv_cell(cell: object) -> str:
    # Our own reader refuses line breaks in a CSV file, and what we write is to come back.
    text = _LINE_BREAK.sub(" ", harmless(cell))
    long_number = len(text) > _LONGEST_EXACT and text.isascii() and text.isdigit()
    leading_zero = len(text) > 1 and text.startswith("0") and text.isascii() and text.isdigit()
    return f"{text}\t" if long_number or leading_zero else text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]], *, bom: bool = True) -> Iterator[bytes]:
    """A CSV file in UTF-8 with BOM, piece by piece; without header and BOM, more lines of one that was begun."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    if bom:
        buffer.write(_BOM)
    if header:
        writer.writerow([_csv_cell(cell) for cell in header])
    for row in rows:
        writer.writerow([_csv_cell(cell) for cell in row])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file in UTF-8 with BOM."""
    return b"".join(csv_lines(header, rows))


def xlsx_bytes(header: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "Sheet1") -> bytes:
    """An XLSX file with every cell as text."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for row in (header, *rows):
        cells = []
        for value in row:
            text = ILLEGAL_CHARACTERS_RE.sub("", harmless(value))[:_CELL]
            cell = WriteOnlyCell(sheet, text)
            cell.data_type, cell.number_format = "s", "@"
            cells.append(cell)
        sheet.append(cells)
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        return file.read()
