"""Is an input what the interface says? Brings dates, numbers and codes to one spelling; ignores what is unknown."""

import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any, Final

from service.errors import Text
from service.nhsa.model import LONGEST_MSGID, Envelope, Input
from service.nhsa.profiles import Profile
from service.nhsa.reference import Field, Node, Transaction, fits
from service.nhsa.refusals import InputInvalid

_log = logging.getLogger("onestop.nhsa")

_MOST_TOLD: Final = 3
# Where a profile checks no length, numbers must still fit the keys that they are found by.
_LONGEST_KEY: Final = 100
_LENIENCE: Final = 4
_MOST_KNOWN: Final = 10_000
_LARGEST_EXPONENT: Final = 20
_DECIMAL: Final = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?", re.ASCII)
_DAY: Final = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:[ T]?(\d{2}):?(\d{2}):?(\d{2})(?:\.\d+)?)?", re.ASCII)
_MSGID: Final = re.compile(rf"[!-~]{{1,{LONGEST_MSGID}}}", re.ASCII)
_UNKNOWN: Counter[tuple[str, str]] = Counter()


def check_envelope(envelope: Envelope) -> None:
    """Raises InputInvalid where the header cannot name a message."""
    if not _MSGID.fullmatch(envelope.msgid):
        raise InputInvalid(
            Text(
                f"msgid 缺失或不符：应为 1 至 {LONGEST_MSGID} 位字母、数字或符号，每次交易唯一。",
                f"msgid must be 1 to {LONGEST_MSGID} visible characters, one of its own for each message.",
            )
        )


def checked(transaction: Transaction, given: Input, profile: Profile) -> Input:
    """
    The input in one spelling: every node of the reference, mappings as lists where the reference has rows.

    Unknown fields and nodes are ignored and counted. Raises InputInvalid naming the first few faults.
    """
    wrong: list[str] = []
    unknown = [name for name in given if name not in transaction.request]
    clean: Input = {}
    for node in transaction.request.values():
        rows = _rows(node, given.get(node.name), wrong)
        clean[node.name] = [_row(node, row, at, profile, wrong, unknown) for at, row in _numbered(node, rows)]
    if unknown:
        _count(transaction.infno, unknown)
    if wrong:
        more = f"（另有 {len(wrong) - _MOST_TOLD} 处）" if len(wrong) > _MOST_TOLD else ""
        told = "；".join(wrong[:_MOST_TOLD])
        raise InputInvalid(Text(f"请更正后重发：{told}{more}。", f"Correct and send again: {told}."))
    return {name: rows if transaction.request[name].rows else (rows[0] if rows else {}) for name, rows in clean.items()}


def _rows(node: Node, found: Any, wrong: list[str]) -> list[dict[str, Any]]:
    # One object where rows are meant, and rows of one where an object is, are both seen.
    rows = found if isinstance(found, list) and found else [found or {}]
    if node.rows and not found:
        return []
    if any(not isinstance(row, dict) for row in rows) or (not node.rows and len(rows) > 1):
        wrong.append(f"{node.name} 应为{'对象数组' if node.rows else '一个对象'}")
        return []
    return rows


def _numbered(node: Node, rows: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, row in enumerate(rows, 1):
        yield (f"{node.name} 第 {number} 行 " if node.rows else f"{node.name}."), row


def _row(
    node: Node, row: dict[str, Any], at: str, profile: Profile, wrong: list[str], unknown: list[str]
) -> dict[str, Any]:
    unknown += [f"{node.name}.{name}" for name in row if name not in node.fields]
    clean: dict[str, Any] = {}
    for name, field in node.fields.items():
        value = row.get(name)
        if value is None:
            if field.is_required(profile.required):
                wrong.append(f"缺少 {at}{name}（{field.label}）")
            continue
        if name == "exp_content" or field.kind == "bytes":
            clean[name] = value
            continue
        spelled = _spelled(field, value, profile) if isinstance(value, str) else None
        if spelled is None:
            wrong.append(f"{at}{name}（{field.label}）{_meant(field)}")
        else:
            clean[name] = spelled
    return clean


def _spelled(field: Field, text: str, profile: Profile) -> str | None:
    """The value in one spelling; None where it is not one."""
    if field.kind == "num":
        number = plain(text)
        return number if number is not None and fits(field, number) else None
    if field.kind in ("date", "datetime"):
        return moment(text, whole=field.kind == "datetime")
    codes = profile.dictionaries.get("psn_cert_type" if field.name == "cert_type" else field.name)
    if field.coded and codes and text not in codes:
        if f"0{text}" in codes:
            return f"0{text}"
        if profile.codes:
            return None
    if profile.lengths:
        return text if fits(field, text) else None
    return text if len(text) <= _LENIENCE * max(_LONGEST_KEY, field.length or 0) else None


def _meant(field: Field) -> str:
    if field.kind == "num":
        return "应为数字" + (f"，最多 {field.places} 位小数" if field.places else "")
    if field.kind in ("date", "datetime"):
        return "应为日期，如 2018-06-01" + (" 08:00:00" if field.kind == "datetime" else "")
    if field.coded:
        return "不在代码表内或超长"
    return f"应为文字，最多 {field.length} 个字符" if field.length else "应为文字"


def plain(text: str) -> str | None:
    """A number as plain decimal text without needless zeros; None where the text is no number."""
    if not _DECIMAL.fullmatch(text):
        return None
    number = Decimal(text)
    if abs(number.adjusted()) > _LARGEST_EXPONENT:
        return None
    written = format(number, "f")
    written = written.rstrip("0").rstrip(".") if "." in written else written
    return "0" if written in ("-0", "") else written


def moment(text: str, *, whole: bool) -> str | None:
    """A day, or with `whole` an instant of the county, in one spelling; None where the text is none."""
    found = _DAY.fullmatch(text)
    if found is None or not found[1].startswith(("19", "20", "21")):
        return None
    with suppress(ValueError):
        day = date(int(found[1]), int(found[2]), int(found[3])).isoformat()
        hours, minutes, seconds = (found[group] or "00" for group in (4, 5, 6))
        if hours < "24" and minutes < "60" and seconds < "60":
            return f"{day} {hours}:{minutes}:{seconds}" if whole else day
    return None


def _count(infno: str, names: list[str]) -> None:
    for name in names:
        if len(_UNKNOWN) < _MOST_KNOWN or (infno, name) in _UNKNOWN:
            _UNKNOWN[infno, name[:100]] += 1
    told = {name[:100]: _UNKNOWN[infno, name[:100]] for name in names[:_MOST_TOLD]}
    _log.info("fields not in the reference", extra={"onestop_fields": {"infno": infno, "unknown": told}})
