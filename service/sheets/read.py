"""
Rows of a table file, one after the other: CSV (UTF-8 with or without BOM, GBK), XLSX, XLS.

What the file is, its content says, not its name. Whatever is wrong with it becomes a `SheetRefused` or, where it
is one cell, a fault of the row; no exception of a library gets through.
"""

import csv
import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from service.errors import Text
from service.sheets.cells import Row, row_of
from service.sheets.faults import SheetEmpty, SheetEncoding, SheetRefused, SheetTooLarge

__all__ = ["Row", "rows"]

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SAMPLE: Final = 1 << 16


def rows(source: BinaryIO | Path, filename: str = "") -> Generator[Row, None, None]:
    """
    The rows that are not empty, of the one sheet that is not. Read as they are asked for; raises `SheetRefused`
    meanwhile.

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
    if not begin.startswith((_ZIP, _OLE)):
        return _csv(source)
    from service.sheets.workbooks import xls, xlsx

    return xlsx(source) if begin.startswith(_ZIP) else xls(source)


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
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        line = 1
        try:
            for number, cells in enumerate(reader, 1):
                # A quote that is not closed swallows the rows below it, and the people in them.
                if reader.line_num > line:
                    raise _quotes(line)
                yield row_of(number, [cell.strip().lstrip("\ufeff") for cell in cells])
                line = reader.line_num + 1
        except csv.Error:
            raise _quotes(line) from None
    finally:
        # The file is the caller's to close.
        text.detach()


def _quotes(line: int) -> SheetRefused:
    return SheetRefused(
        Text(
            f"第 {line} 行的引号不成对，或单元格内有换行；请改正该行后重新提交。",
            f"In line {line} a quote is not closed or a cell holds a line break: correct the line and send it again.",
        )
    )


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
