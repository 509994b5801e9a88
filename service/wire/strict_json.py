"""
JSON as strict as money deserves: one reading, or none.

Refused as `request.malformed`: duplicate keys (two readers could take different values), NaN and infinities,
numbers too large for a database, NUL characters and lone surrogates (no database can store them), and
anything not UTF-8.
"""

import json
import math
import re
from typing import Any, Final

import orjson

from service.errors import Text
from service.wire.refusals import RequestMalformed

LARGEST_INTEGER_DIGITS: Final = 18
DEEPEST: Final = 64
_SUSPECT: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_LONG_NUMBER: Final = re.compile(rb"[0-9]{%d}" % (LARGEST_INTEGER_DIGITS + 1))


class _NotOneReadingError(ValueError):
    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.detail = Text(zh, en)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NotOneReadingError("同一对象中有重复的键。", "An object has the same key twice.")
    return members


def _integer(digits: str) -> int:
    if len(digits.removeprefix("-")) > LARGEST_INTEGER_DIGITS:
        raise _NotOneReadingError("数字过大。", "A number is too large.")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _NotOneReadingError("数字过大。", "A number is too large.")
    return value


def _constant(_name: str) -> None:
    raise _NotOneReadingError("JSON 不允许 NaN 或 Infinity。", "JSON has no NaN and no Infinity.")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)


def _storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, dict):
        return all(_storable(key) and _storable(item) for key, item in value.items())
    if isinstance(value, list):
        return all(_storable(item) for item in value)
    return True


_NESTING: Final = (dict, list)


def _nests_too_deep(value: Any) -> bool:
    level = [value] if isinstance(value, _NESTING) else []
    for _ in range(DEEPEST):
        level = [
            item
            for outer in level
            for item in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(item, _NESTING)
        ]
        if not level:
            return False
    return True


def _plain(body: bytes) -> Any:
    """
    What most systems send: JSON that is, byte for byte, what its value is written as; None where it is not.

    Then no key stands in it twice and nothing in it has two readings, and a parser that does not look for either
    may read it, in a tenth of the time.
    """
    if _SUSPECT.search(body) or _LONG_NUMBER.search(body):
        return None
    try:
        value = orjson.loads(body)
        return value if orjson.dumps(value) == body else None
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None


def _may_nest_too_deep(body: bytes) -> bool:
    return body.count(b"{") + body.count(b"[") > DEEPEST


def parse(body: bytes) -> Any:
    """Read a JSON body. Raises `request.malformed` saying what is wrong, never repeating what was sent."""
    value = _plain(body)
    if value is None or (_may_nest_too_deep(body) and _nests_too_deep(value)):
        return _parsed(body)
    return value


def _parsed(body: bytes) -> Any:
    try:
        value = _DECODER.decode(body.decode("utf-8"))
        if _nests_too_deep(value):
            raise RecursionError
        if _SUSPECT.search(body) and not _storable(value):
            raise _NotOneReadingError(
                "文字中含有 NUL 字符或不成对的代理码位。", "A text holds a NUL character or a lone surrogate."
            )
    except _NotOneReadingError as error:
        raise RequestMalformed(error.detail) from None
    except json.JSONDecodeError as error:
        raise RequestMalformed(
            Text(
                f"请求内容不是有效的 JSON（第 {error.lineno} 行第 {error.colno} 列）。",
                f"The body is not valid JSON (line {error.lineno}, column {error.colno}).",
            )
        ) from None
    except UnicodeDecodeError:
        raise RequestMalformed(Text("请求内容不是 UTF-8 编码。", "The body is not in UTF-8.")) from None
    except RecursionError:
        raise RequestMalformed(
            Text(f"JSON 嵌套超过 {DEEPEST} 层。", f"The JSON nests deeper than {DEEPEST} levels.")
        ) from None
    return value
