"""A cell that says no day for certain is told; it is neither guessed nor an error of ours."""

from datetime import date
from io import BytesIO

import pytest

from service.registers.rosters.faults import texts
from service.registers.rosters.headings import after_headings
from service.registers.rosters.model import RosterKind, Statement
from service.registers.rosters.values import Unreadable, first_day_of
from service.sheets.faults import SheetHeadings
from service.sheets.read import rows
from tests.sheets.files import csv_file, xlsx_file


@pytest.mark.parametrize("spelled", ["二〇一八年十十月", "二〇一八年一十十月一日", "二〇一八年一月十二十日"])
def test_chinese_digits_that_make_no_number_are_no_day(spelled: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        first_day_of(spelled)
    assert unreadable.value.code == "date.unreadable"


def test_a_month_that_a_spreadsheet_cut_is_not_guessed() -> None:
    cell = next(iter(rows(BytesIO(xlsx_file([[2018.10]]))))).cells[0]

    with pytest.raises(Unreadable) as unreadable:
        first_day_of(cell)

    assert "2018-10" in texts(unreadable.value.code).zh
    assert first_day_of("2018.10") == first_day_of("2018年10月") == date(2018, 10, 1)
    assert first_day_of("2018.01") == date(2018, 1, 1)


def test_a_list_without_headings_is_refused_without_naming_anybody_on_it() -> None:
    people = csv_file([["张三", "459901195003070005"], ["李四", "45990119500307001X"]])
    statement = Statement(RosterKind.FULL, "扶贫办", date(2018, 6, 1))

    with pytest.raises(SheetHeadings) as refused:
        after_headings(rows(BytesIO(people)), statement)

    assert not any(word in str(refused.value.detail) for word in ("张三", "4599", "李四"))
