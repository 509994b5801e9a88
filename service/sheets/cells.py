"""One row of a table file, whatever it came in, within the limits of an honest one."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from service.sheets.faults import CellFault, SheetTooLarge

MOST_COLUMNS: Final = 200
LONGEST_CELL: Final = 32_767
_MOST_ROWS: Final = 2_000_000
_EXACT_DIGITS: Final = 15
_BAD_LETTERS: Final = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127, *range(0xD800, 0xE000)], "\ufffd")


@dataclass(frozen=True, slots=True)
class Row:
    """
    A row as written: `number` as the spreadsheet counts it (from 1), each cell as text.

    Days are ISO; numbers beyond 15 digits, which a spreadsheet keeps only roughly, are in scientific notation.
    `numeric` are the columns whose cell is a number, which has lost any zeros in front; text files do not say.
    """

    number: int
    cells: list[str]
    faults: tuple[CellFault, ...] = ()
    numeric: frozenset[int] = frozenset()


def row_of(
    number: int, cells: list[str], faults: tuple[CellFault, ...] = (), numeric: frozenset[int] = frozenset()
) -> Row:
    """A row of these cells. Raises `sheet.too_large`."""
    if len(cells) > MOST_COLUMNS and not any(cells[MOST_COLUMNS:]):
        cells = cells[:MOST_COLUMNS]
    if len(cells) > MOST_COLUMNS or number > _MOST_ROWS or any(len(cell) > LONGEST_CELL for cell in cells):
        raise SheetTooLarge
    return Row(number, [cell.translate(_BAD_LETTERS) for cell in cells], faults, numeric)


def text_of(value: Any) -> str:
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
