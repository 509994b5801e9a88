"""
Pydantic's findings, said for the people who read them: where, what, and what to do, in Chinese and English.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from service.errors import InputError, Text

_FORMAT: Final = "request.format"
_RANGE: Final = "request.range"
_LENGTH: Final = "request.length"
_TYPE: Final = "request.type"
_CHOICE: Final = "request.choice"

_SAID: Final[Mapping[str, tuple[str, str, str]]] = {
    "missing": ("request.missing", "缺少必填项", "is required"),
    "extra_forbidden": (
        "request.unknown_field",
        "未知的字段，请核对拼写",
        "is not a known field: check the spelling",
    ),
    "string_type": (_TYPE, "应为字符串", "must be a string"),
    "int_type": (_TYPE, "应为整数", "must be a whole number"),
    "int_parsing": (_TYPE, "应为整数", "must be a whole number"),
    "int_from_float": (_TYPE, "应为整数", "must be a whole number"),
    "bool_type": (_TYPE, "应为 true 或 false", "must be true or false"),
    "list_type": (_TYPE, "应为数组", "must be an array"),
    "dict_type": (_TYPE, "应为对象", "must be an object"),
    "model_type": (_TYPE, "应为对象", "must be an object"),
    "model_attributes_type": (_TYPE, "应为对象", "must be an object"),
    "none_required": (_TYPE, "应为 null", "must be null"),
    "enum": (_CHOICE, "应为下列之一：{expected}", "must be one of {expected}"),
    "literal_error": (_CHOICE, "应为下列之一：{expected}", "must be one of {expected}"),
    "union_tag_invalid": (_CHOICE, "应为下列之一：{expected_tags}", "must be one of {expected_tags}"),
    "union_tag_not_found": ("request.missing", "缺少必填项", "is required"),
    "greater_than": (_RANGE, "应大于 {gt}", "must be greater than {gt}"),
    "greater_than_equal": (_RANGE, "应不小于 {ge}", "must be at least {ge}"),
    "less_than": (_RANGE, "应小于 {lt}", "must be less than {lt}"),
    "less_than_equal": (_RANGE, "应不大于 {le}", "must be at most {le}"),
    "too_short": (_LENGTH, "至少应有 {min_length} 项", "must have at least {min_length} items"),
    "too_long": (_LENGTH, "至多可有 {max_length} 项", "must have at most {max_length} items"),
    "string_too_short": (
        _LENGTH,
        "至少应有 {min_length} 个字符",
        "must have at least {min_length} characters",
    ),
    "string_too_long": (_LENGTH, "至多可有 {max_length} 个字符", "must have at most {max_length} characters"),
    "string_pattern_mismatch": (_FORMAT, "格式不符", "does not have the right format"),
}
_ANYTHING_ELSE: Final = (
    _FORMAT,
    "内容有误，请对照接口文档",
    "is not valid: compare it with the API document",
)
_ABOUT_SOMETHING_ABSENT: Final = frozenset({"missing", "union_tag_not_found"})


def pointer_of(location: Sequence[str | int]) -> str:
    """
    A JSON Pointer (RFC 6901) to what a finding is about.

    Into the body, or, for a parameter or header, '/' and its name: '/fee_lines/0/amount', '/cursor',
    '/X-Operator'.
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _location(finding: Mapping[str, Any], body: Any) -> list[str | int]:
    """
    Where the finding stands in the request. Pydantic also names the member of a union it tried: not a place.
    """
    place, *inside = finding["loc"] or ("body",)
    if place != "body":
        return inside
    here, real = body, []
    for part in inside:
        if (isinstance(here, dict) and part in here) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        ):
            here = here[part]
        elif finding["type"] not in _ABOUT_SOMETHING_ABSENT or part != inside[-1]:
            continue
        real.append(part)
    return real


def input_errors(findings: Iterable[Mapping[str, Any]], body: Any = None) -> list[InputError]:
    """Every finding as an input error, without repeating what was sent: it may be personal."""
    errors: dict[tuple[str, str], InputError] = {}
    for finding in findings:
        context = finding.get("ctx") or {}
        if "zh" in context:
            code, zh, en = context["code"], context["zh"], context["en"]
        else:
            code, zh, en = _SAID.get(finding["type"], _ANYTHING_ELSE)
            zh, en = zh.format_map(context), en.format_map(context)
        pointer = pointer_of(_location(finding, body))
        errors.setdefault((pointer, code), InputError(pointer, code, Text(zh, en)))
    return list(errors.values())
