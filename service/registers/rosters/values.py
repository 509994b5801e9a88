"""What a cell means: dates in every usual spelling, identity numbers with what a spreadsheet does to them, words."""

import calendar
import re
import unicodedata
from datetime import date
from functools import cache
from typing import Final

from service.errors import InputError
from service.registers import identity_number
from service.registers.rosters.faults import code_of_input
from service.registers.rosters.headings import meanings, plain, words
from service.sheets.write import original

_SCIENTIFIC: Final = re.compile(r"[+-]?\d(\.\d+)?E[+-]?\d+", re.IGNORECASE)
_YMD: Final = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2})\s*日?|\s*月)?(?:[ T]\d{1,2}:\d{2}.*)?"
)
# 2018.10 that a spreadsheet took for a number.
_JANUARY_OR_OCTOBER: Final = re.compile(r"\d{4}\s*\.\s*1")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL: Final = re.compile(r"[2-6]\d{4}(\.\d+)?")
_CHINESE_DIGITS: Final = {digit: str(value) for value, digit in enumerate("〇一二三四五六七八九")} | {
    "零": "0",
    "○": "0",
}
_CHINESE_DATE: Final = re.compile(
    r"[〇零○一二三四五六七八九]{4}年[一二三四五六七八九十]{1,3}月(?:[一二三四五六七八九十]{1,3}日)?"
)
_SMALL_NUMBER: Final = re.compile(r"[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九]{1,2}")
_ID_DIGITS: Final = 18
_OLD_DIGITS: Final = 15
_ROUNDED: Final = "000"
_TOWNSHIP_DIGITS: Final = (9, 12)
_CODE: Final = re.compile(r"[!-~]{1,40}")
_NAME: Final = re.compile(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]{0,98}[^\s\x00-\x1f\x7f])?")
_TEN: Final = 10
_FIRST_YEAR, _LAST_YEAR = 1900, 2999


class Unreadable(Exception):
    """A cell that does not say what its column is for; carries the code of the fault."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def cleaned(cell: str) -> str:
    """The cell without what copying leaves: width, an apostrophe of our own, spaces around."""
    return unicodedata.normalize("NFKC", original(cell)).strip().lstrip("'").strip()


def id_no_of(cell: str) -> str:
    """An identity number in its one spelling. Raises Unreadable saying what happened to it."""
    number = re.sub(r"[\s\-]", "", cleaned(cell)).upper()
    if not number:
        raise Unreadable("id_no.missing")
    if _SCIENTIFIC.fullmatch(number):
        raise Unreadable("id_no.scientific")
    if number.isdigit() and len(number) == _OLD_DIGITS:
        raise Unreadable("id_no.fifteen_digits")
    if number.isdigit() and len(number) < _ID_DIGITS:
        raise Unreadable("id_no.digits_lost")
    said = identity_number.read(number)
    if isinstance(said, InputError):
        raise Unreadable("id_no.rounded" if number.endswith(_ROUNDED) else code_of_input(said))
    return number


def id_no_or_none(cell: str) -> str | None:
    """As `id_no_of`; None where the cell is empty, as of those who have no identity card."""
    return id_no_of(cell) if cleaned(cell) else None


def looks_rounded(id_no: str) -> bool:
    """Right by chance, perhaps: what a spreadsheet would have left of another number."""
    return id_no.endswith(_ROUNDED)


def code_of(cell: str) -> str | None:
    """Another number, such as a social card's: as written, without spaces."""
    number = re.sub(r"\s", "", cleaned(cell))
    if _SCIENTIFIC.fullmatch(number):
        raise Unreadable("code.rounded")
    if number and not _CODE.fullmatch(number):
        raise Unreadable("code.format")
    return number or None


def text_of(cell: str) -> str | None:
    """A number that may hold other letters, such as a household's."""
    text = cleaned(cell)
    if _SCIENTIFIC.fullmatch(text):
        raise Unreadable("code.rounded")
    if text and not _NAME.fullmatch(text):
        raise Unreadable("code.format")
    return text or None


def township_of(cell: str) -> str | None:
    code = code_of(cell)
    if code is not None and code.isdigit() and len(code) not in _TOWNSHIP_DIGITS:
        raise Unreadable("township_code.digits_lost")
    return code


def name_of(cell: str) -> str:
    name = cleaned(cell)
    if not name:
        raise Unreadable("name.missing")
    if not _NAME.fullmatch(name):
        raise Unreadable("name.format")
    return name


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are the same name: dots and spaces inside it do not count."""
    return re.sub(r"[\s·•・．.]", "", cleaned(one)) == re.sub(r"[\s·•・．.]", "", cleaned(other))


def classes_of(cell: str, stated: str | None = None) -> list[str]:
    """The classes that a cell names; one cell may name several. An empty one: the class stated for the file."""
    known = meanings("classes")
    parts = [part for part in re.split(r"[、,;/+\s]+", cleaned(cell).replace("，", ",")) if part]
    if not parts and stated is not None:
        return [stated]
    if not parts:
        raise Unreadable("class.missing")
    found = [known.get(plain(part)) for part in parts]
    if None in found:
        raise Unreadable("class.unknown")
    return list(dict.fromkeys(each for each in found if each is not None))


def action_of(cell: str) -> str:
    """Where a row says nothing, it adds."""
    word = plain(cell)
    if not word:
        return "add"
    if word not in meanings("actions"):
        raise Unreadable("action.unknown")
    return meanings("actions")[word]


@cache
def _open_ends() -> frozenset[str]:
    return frozenset(plain(word) for word in words()["open_end"])


def first_day_of(cell: str) -> date | None:
    """A first day; of a month without a day, its first."""
    return _day(cell, last=False)


def last_day_of(cell: str) -> date | None:
    """A last day; of a month without a day, its last. None: no end."""
    return None if plain(cleaned(cell)) in _open_ends() else _day(cell, last=True)


def _day(cell: str, *, last: bool) -> date | None:
    text = _in_digits(cleaned(cell))
    if not text:
        return None
    if _JANUARY_OR_OCTOBER.fullmatch(text):
        raise Unreadable("date.ambiguous")
    match = _YMD.fullmatch(text) or _COMPACT.fullmatch(text)
    if match is None:
        raise Unreadable("date.serial" if _SERIAL.fullmatch(text) else "date.unreadable")
    year, month = int(match[1]), int(match[2])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise Unreadable("date.out_of_range")
    try:
        if match[3] is not None:
            return date(year, month, int(match[3]))
        return date(year, month, calendar.monthrange(year, month)[1] if last else 1)
    except (ValueError, calendar.IllegalMonthError):
        raise Unreadable("date.unreadable") from None


def _in_digits(text: str) -> str:
    """二〇一八年六月一日 becomes 2018年6月1日."""
    if not _CHINESE_DATE.fullmatch(text):
        return text
    year, _, rest = text.partition("年")
    month, _, day = rest.partition("月")
    spelled = "".join(_CHINESE_DIGITS[digit] for digit in year) + "年" + _small(month) + "月"
    return spelled + (_small(day.removesuffix("日")) + "日" if day else "")


def _small(text: str) -> str:
    """A number below one hundred in Chinese digits. Raises Unreadable for digits that make none."""
    if not _SMALL_NUMBER.fullmatch(text):
        raise Unreadable("date.unreadable")
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return "".join(_CHINESE_DIGITS[digit] for digit in text)
    return str(int(_CHINESE_DIGITS[tens] if tens else 1) * _TEN + int(_CHINESE_DIGITS[ones] if ones else 0))
