"""What we write opens in a spreadsheet without running anything, and comes back as it was."""

import io

import pytest

from service.sheets.read import rows
from service.sheets.write import csv_bytes, harmless, original, xlsx_bytes

DANGEROUS = ["=1+1", "+SUM(A1)", "-cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", "＝1＋1", "＋1", "－1", "＠SUM(1)"]


@pytest.mark.parametrize("cell", DANGEROUS)
def test_a_cell_that_would_run_is_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert original(harmless(cell)) == cell


@pytest.mark.parametrize("cell", ["-12.50", "0", "张三", ""])
def test_an_amount_stays_one(cell: str) -> None:
    assert harmless(cell) == cell


@pytest.mark.parametrize("write", [csv_bytes, xlsx_bytes])
def test_what_is_written_comes_back(write: object) -> None:
    assert callable(write)
    cells = [["459901195003070005", "=1+1", "0012", "张三"]]
    file = write(["身份证号码", "备注", "户号", "姓名"], cells)

    back = [[original(cell) for cell in row.cells] for row in rows(io.BytesIO(file))]
    assert back[1:] == cells
    assert write is not csv_bytes or file.startswith(b"\xef\xbb\xbf")


def test_a_line_break_is_not_written_for_our_own_reader_would_refuse_it() -> None:
    assert csv_bytes(["备\r\n注"], [["一\n二"]]).decode("utf-8-sig") == "备 注\r\n一 二\r\n"
