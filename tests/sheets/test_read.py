"""A table file is read whatever it is in, or refused by name; nothing of a library gets through."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
import xlwt

from service.sheets.faults import SheetEmpty, SheetEncoding, SheetRefused, SheetTooLarge
from service.sheets.read import Row, rows
from tests.sheets.files import csv_file, sheets, xls_file, xlsx_file

CELLS = [["姓名", "身份证号码"], ["张三", "459901195003070005"], ["", ""], ["李四", "45990119500307001X"]]
AS_READ = [(1, CELLS[0]), (2, CELLS[1]), (4, CELLS[3])]


def read(content: bytes) -> list[Row]:
    return list(rows(io.BytesIO(content)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_text_is_read_in_the_encodings_that_offices_use(encoding: str) -> None:
    assert [(row.number, row.cells) for row in read(csv_file(CELLS, encoding))] == AS_READ


@pytest.mark.parametrize("workbook", [xlsx_file, xls_file])
def test_a_workbook_gives_the_same_rows(workbook: Callable[[Any], bytes]) -> None:
    assert [(row.number, row.cells) for row in read(workbook(CELLS))] == AS_READ


def test_an_old_workbook_has_days_and_numbers_too() -> None:
    cells = [[date(2018, 6, 1), 12, 12.5, 459901195003070005, True, "x"]]

    assert read(xls_file(cells))[0].cells == ["2018-06-01", "12", "12.5", "4.59901195003070E+17", "TRUE", "x"]


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_other_delimiters_are_understood(delimiter: str) -> None:
    assert read(delimiter.join(["姓名", "证号"]).encode())[0].cells == ["姓名", "证号"]


def test_a_quoted_cell_may_hold_commas() -> None:
    assert read('姓名,备注\n张三,"一,二"\n李四,"x ""y"""\n'.encode())[2] == Row(3, ["李四", 'x "y"'])


@pytest.mark.parametrize(
    "lines",
    [
        '张三,"x\n李四,y\n王五,z\n',
        '张三,"x\n李四,"y"\n王五,z\n',
        '张三,"x\n李四,y"\n王五,z\n',
        '张三,"x"y\n',
    ],
)
def test_a_quote_that_is_not_closed_swallows_nobody(lines: str) -> None:
    with pytest.raises(SheetRefused) as refused:
        read(f"姓名,备注\n{lines}".encode())
    assert "第 2 行" in refused.value.detail.zh


@pytest.mark.parametrize("suffix", ["xlsx", "xls"])
def test_a_second_sheet_that_is_not_empty_is_not_left_out(suffix: str) -> None:
    with pytest.raises(SheetRefused) as refused:
        read(sheets(suffix, {"名单": CELLS, "续表": CELLS}))
    assert "名单、续表" in refused.value.detail.zh
    assert [row.cells for row in read(sheets(suffix, {"说明": [[""]], "名单": CELLS}))] == [c for _, c in AS_READ]


def test_what_an_old_workbook_does_not_say_is_a_fault_of_its_cell() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("名单")
    sheet.write(0, 0, xlwt.Formula("1+1"))
    sheet.write(0, 1, 9_999_999, xlwt.easyxf(num_format_str="YYYY-MM-DD"))
    sheet.write(0, 2, "张三")
    file = io.BytesIO()
    book.save(file)

    row = read(file.getvalue())[0]

    assert [(fault.column, fault.code) for fault in row.faults] == [(0, "cell.formula"), (1, "cell.error")]
    assert row.cells[2] == "张三"


def test_cells_are_written_as_people_would_write_them() -> None:
    cells = [
        [date(2018, 6, 1), datetime.fromisoformat("2018-06-01T08:30"), 12, 12.5, 459901195003070005, True, None, " x "]
    ]

    assert read(xlsx_file(cells))[0].cells == [
        "2018-06-01",
        "2018-06-01 08:30:00",
        "12",
        "12.5",
        "4.59901195003070E+17",
        "TRUE",
        "",
        "x",
    ]


def test_a_formula_and_an_error_are_faults_of_their_cell() -> None:
    row = read(xlsx_file([["=A2&A3", "#N/A", "x"]]))[0]

    assert [(fault.column, fault.code) for fault in row.faults] == [(0, "cell.formula"), (1, "cell.error")]


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(50_000_000))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", SheetEmpty),
        (b"\n\n , \n", SheetEmpty),
        (xlsx_file([]), SheetEmpty),
        (b"\x00\x01\x02", SheetEncoding),
        (b"\xff\xfe\xff", SheetEncoding),
        (xlsx_file(CELLS)[:-200], SheetRefused),
        (b"PK\x03\x04 not a workbook", SheetRefused),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 not a workbook either", SheetRefused),
        (bomb(), SheetTooLarge),
        ((",".join(["x"] * 300)).encode(), SheetTooLarge),
        (b'"' + b"x" * 200_000, SheetRefused),
    ],
)
def test_a_damaged_file_is_refused_by_name(content: bytes, refusal: type[SheetRefused]) -> None:
    with pytest.raises(refusal):
        read(content)
