"""Which column is which, and what the words in it mean: by `headings.yaml`, whatever office the file comes from."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from service.errors import Text
from service.registers.rosters.model import Statement
from service.sheets.faults import SheetHeadings
from service.sheets.read import Row

_SEARCHED_ROWS: Final = 15
PERSON_COLUMNS: Final = ("id_no", "person_no", "social_card_no")
_BRACKETS: Final = re.compile(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】")
_NOISE: Final = re.compile(r"[\s*:_.\-'\"“”、,]+")


def plain(text: str) -> str:
    """A heading or word without what does not matter: width, case, spaces, brackets."""
    return _NOISE.sub("", _BRACKETS.sub("", unicodedata.normalize("NFKC", text))).lower()


@cache
def words() -> dict[str, Any]:
    """The file as it stands."""
    loaded: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("headings.yaml").read_text(encoding="utf-8"))
    return loaded


def documented() -> str:
    """Which headings and words are understood, for the API document; as the file has them."""
    kinds = (("columns", "Headings"), ("classes", "Classes"), ("actions", "Kinds of change"))
    told = (
        f"{title}: " + "; ".join(f"`{name}` = {', '.join(map(str, known))}" for name, known in words()[kind].items())
        for kind, title in kinds
    )
    ends = ", ".join(map(str, words()["open_end"]))
    ignored = ", ".join(map(str, words()["ignored"]))
    plainly = "Spaces, width, case and what stands in brackets do not matter."
    return ". ".join((*told, f"No end: {ends}", f"Not read: {ignored}", plainly))


@cache
def meanings(kind: str) -> dict[str, str]:
    """What each word of a kind (`columns`, `classes`, `actions`) stands for, by its plain spelling."""
    return {plain(word): name for name, synonyms in words()[kind].items() for word in synonyms}


@dataclass(frozen=True, slots=True)
class Headings:
    """The heading row: where each known column stands, and all headings as written."""

    row_no: int
    columns: dict[str, int]
    header: list[str]


def headings_of(row: Row) -> Headings | None:
    """The columns of a heading row; None where it is none. Raises `sheet.headings` for one that stands twice."""
    known = meanings("columns")
    columns: dict[str, int] = {}
    for at, cell in enumerate(row.cells):
        name = known.get(plain(cell))
        if name is None:
            continue
        if name in columns:
            first = row.cells[columns[name]]
            raise SheetHeadings(
                Text(
                    f"第 {row.number} 行的“{first}”和“{cell}”是同一列的名称；请删去其中一列。",
                    f"Row {row.number}: '{first}' and '{cell}' name the same column: remove one.",
                )
            )
        columns[name] = at
    # One known word may stand in a title; a heading row names a person and something else.
    is_header = any(name in columns for name in PERSON_COLUMNS) and len(columns) > 1
    return Headings(row.number, columns, row.cells) if is_header else None


def after_headings(rows: Iterable[Row], statement: Statement) -> tuple[Headings, Iterator[Row]]:
    """
    The headings and the rows below them. Merged titles and notes may stand above.

    Raises `sheet.headings` saying which column is missing.
    """
    left = iter(rows)
    for row in left:
        if row.number > _SEARCHED_ROWS:
            break
        found = headings_of(row)
        if found is not None:
            _refuse_missing(found, statement)
            return found, left
    # What stands there instead is not repeated: without a heading row, it is people.
    raise SheetHeadings(
        Text(
            f"前 {_SEARCHED_ROWS} 行没有表头：至少要有“身份证号码”和“姓名”两列。",
            f"No heading row in the first {_SEARCHED_ROWS} rows: there must be at least 身份证号码 (id_no) and "
            "姓名 (name).",
        )
    )


def _refuse_missing(found: Headings, statement: Statement) -> None:
    missing = [name for name in ("name",) if name not in found.columns]
    if statement.identity_class is None and "class" not in found.columns:
        missing.append("class")
    if missing:
        chinese = "、".join(words()["columns"][name][0] for name in missing)
        raise SheetHeadings(
            Text(
                f"第 {found.row_no} 行的表头缺少：{chinese}；请补上，或在上传时写明 class。",
                f"The headings in row {found.row_no} lack {', '.join(missing)}: add them, or state the class of all.",
            )
        )
