"""
What a value looks like on the wire, and what it becomes inside.

A type without suffix reads a request: text in, whole numbers out (fen, parts per million, ...). Its `...Out`
twin writes an answer from those whole numbers. They are apart so that a JSON number is never taken for an
amount.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, Strict
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from service import money
from service.errors import Text
from service.money import Fen, Ppm
from service.wire.spelling import as_text, fen_of, matched_by_validator, matched_here, scaled_to, unscaled_from


class WireModel(BaseModel):
    """A request or answer body. Unknown fields are an error: they are usually a misspelling (api.md)."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def invalid(code: str, detail: Text) -> PydanticCustomError:
    """
    What a validator raises: it becomes one entry of the `errors` of a 422 `request.invalid`, in both
    languages.
    """
    return PydanticCustomError("onestop", "{en}", {"code": code, "zh": detail.zh, "en": detail.en})


@dataclass(frozen=True)
class Spelled:
    """
    A JSON string with one spelling. Use as `Annotated[T, Spelled(...)]`.

    `read` makes the value (its ValueError means the text is not one); `write` is its inverse. `read_by_path` is the
    type that a path convertor (`{id:uuid}`) has made of the text already. `on_every_line` of a bill such texts stand:
    their pattern, short and without look-around, is matched by the validator itself.
    """

    pattern: str
    zh: str
    en: str
    examples: tuple[str, ...]
    read: Callable[[str], Any] = str
    write: Callable[[Any], str] = str
    format: str | None = None
    max_length: int | None = None
    read_by_path: type | None = None
    on_every_line: bool = False

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        no = partial(invalid, "request.format", Text(self.zh, self.en))
        if self.on_every_line:
            return matched_by_validator(self.pattern, self.read, self.write, no().type, no().context or {})
        return matched_here(self.pattern, self.read, self.write, no, self.read_by_path)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string", "pattern": f"^{self.pattern}$"}
        schema["examples"] = list(self.examples)
        if self.format is not None:
            schema["format"] = self.format
        if self.max_length is not None:
            schema |= {"minLength": 1, "maxLength": self.max_length}
        return schema


@dataclass(frozen=True)
class Written:
    """The answer's side of `Spelled`: a whole number inside, the same text on the wire."""

    spelled: Spelled

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.int_schema(strict=True, serialization=as_text(self.spelled.write))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.spelled.__get_pydantic_json_schema__(schema, handler)


LARGEST_AMOUNT: Final = 99_999_999_999_999
"""The largest amount that can be written, in fen: twelve digits before the point."""

_YUAN: Final = Spelled(
    r"-?(0|[1-9][0-9]{0,11})\.[0-9]{2}",
    '金额应为以元为单位、带两位小数的字符串，例如 "1234.50"',
    'must be an amount in yuan with two decimals, as a string such as "1234.50"',
    ("1234.50",),
    fen_of,
    money.yuan,
    on_every_line=True,
)
_YUAN_NOT_NEGATIVE: Final = Spelled(
    r"(0|[1-9][0-9]{0,11})\.[0-9]{2}",
    '金额应为不小于零、以元为单位、带两位小数的字符串，例如 "1234.50"',
    'must be an amount in yuan, not negative, with two decimals, as a string such as "1234.50"',
    ("1234.50",),
    fen_of,
    money.yuan,
    on_every_line=True,
)
_UNIT_PRICE: Final = Spelled(
    r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?",
    '单价应为以元为单位、最多六位小数的字符串，例如 "20.00"',
    'must be a price in yuan with up to six decimals, as a string such as "20.00"',
    ("20.00", "0.123456"),
    scaled_to(money.PRICE_PLACES),
    lambda value: money.unscaled(value, money.PRICE_PLACES, keep=2),
    on_every_line=True,
)
_QUANTITY: Final = Spelled(
    r"-?(0|[1-9][0-9]{0,7})(\.[0-9]{1,4})?",
    '数量应为最多四位小数的字符串，退费为负，例如 "300" 或 "-1.5"',
    'must be a quantity with up to four decimals, negative on returns, as a string such as "300" or "-1.5"',
    ("300", "-1.5"),
    scaled_to(money.QUANTITY_PLACES),
    unscaled_from(money.QUANTITY_PLACES),
    on_every_line=True,
)
_RATIO: Final = Spelled(
    r"(0(\.[0-9]{1,6})?|1(\.0{1,6})?)",
    '比例应为 0 到 1 之间的字符串，例如 "0.90"',
    'must be a ratio between 0 and 1, as a string such as "0.90"',
    ("0.90",),
    money.ppm,
    money.ratio,
    on_every_line=True,
)

Yuan = Annotated[Fen, _YUAN]
"""An amount in yuan, "1234.50", up to twelve digits before the point: fen inside. Negative on returns."""
YuanNotNegative = Annotated[Fen, _YUAN_NOT_NEGATIVE]
UnitPrice = Annotated[int, _UNIT_PRICE]
"""A price in yuan with up to six decimals: millionths of a yuan inside (`money.PRICE_SCALE`)."""
Quantity = Annotated[int, _QUANTITY]
"""
A quantity with up to four decimals, negative on returns: ten-thousandths inside (`money.QUANTITY_SCALE`).
"""
RatioText = Annotated[Ppm, _RATIO]
"""A ratio from "0" to "1": parts per million inside."""

YuanOut = Annotated[Fen, Written(_YUAN)]
UnitPriceOut = Annotated[int, Written(_UNIT_PRICE)]
QuantityOut = Annotated[int, Written(_QUANTITY)]
RatioOut = Annotated[Ppm, Written(_RATIO)]

Day = Annotated[
    date,
    Spelled(
        r"(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
        "日期应写作 YYYY-MM-DD，年份在 1900 至 2999 之间，且为历法中存在的一天",
        "must be a day of the calendar from 1900 to 2999, as YYYY-MM-DD",
        ("2018-06-01",),
        date.fromisoformat,
        date.isoformat,
        format="date",
        on_every_line=True,
    ),
]
"""A calendar day. Bounded, so that the day after it always exists."""

_SEPARATORS: Final = r"\s\u0000-\u001F\u007F-\u009F\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF"
_INNER: Final = _SEPARATORS.removeprefix(r"\s")


def _line(longest: int, examples: tuple[str, ...]) -> Spelled:
    return Spelled(
        rf"[^{_SEPARATORS}]([^{_INNER}]{{0,{longest - 2}}}[^{_SEPARATORS}])?",
        f"应为一行 1 至 {longest} 个字符的文字，首尾无空格，不含控制字符",
        f"must be one line of 1 to {longest} characters, with no space at either end and no control characters",
        examples,
        max_length=longest,
        on_every_line=True,
    )


def code_of(longest: int, *examples: str) -> Spelled:
    """
    A code: visible ASCII, no spaces. For codes with their own length or examples: `Annotated[str,
    code_of(32)]`.
    """
    return Spelled(
        rf"[!-~]{{1,{longest}}}",
        f"应为 1 至 {longest} 个可见 ASCII 字符的代码，不含空格",
        f"must be a code of 1 to {longest} visible ASCII characters without spaces",
        examples,
        max_length=longest,
        on_every_line=True,
    )


Code = Annotated[str, code_of(64, "H45990100101")]
"""A code that another system made: hospital, visit, item, diagnosis, document number."""
Name = Annotated[str, _line(200, ("氯化钠注射液",))]
"""A name, of a person, a hospital or an item: one line."""
Line = Annotated[str, _line(500, ("转诊至上级医院",))]
"""One line of free text, such as a reason."""
Note = Annotated[
    str,
    Spelled(
        r"[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]{0,4000}",
        "应为不超过 4000 个字符的文字，不含控制字符",
        "must be text of at most 4000 characters without control characters",
        ("第三方责任尚未确定",),
    ),
]
"""Free text of several lines, possibly empty."""

CountyCode = Annotated[
    str, Spelled(r"[0-9]{6}", "应为六位行政区划代码", "must be a division code of six digits", ("459901",))
]
Id = Annotated[
    UUID,
    Spelled(
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "应为小写 UUID",
        "must be a UUID in lower case",
        ("0198c7a4-5c00-7000-8000-000000000001",),
        UUID,
        format="uuid",
        read_by_path=UUID,
    ),
]
Count = Annotated[int, Strict(), Field(ge=0, le=1_000_000)]
"""A whole number, as a JSON number, not a string: line and interim numbers."""
Flag = Annotated[bool, Strict()]
