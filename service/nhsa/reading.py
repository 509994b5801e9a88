"""
From the bytes of a request to an envelope, whatever the client's library makes of them (interface §1, §2 and §4).

Accepted: any Content-Type, UTF-8 with or without BOM or else GB18030, the envelope as the body, as a form field or as
the text part of a multipart form; `input` as an object or as a JSON string; keys in any case. The string "null" and
empty strings are as if they were not there. Every scalar becomes text, so that no amount is ever a float.
"""

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from service.errors import Text
from service.nhsa.model import Envelope
from service.nhsa.refusals import NotUnderstood

_DEEPEST: Final = 12
_MOST_FIELDS: Final = 50
_ALIASES: Final = {
    "expcontent": "exp_content",
    "dscg_time": "dscgtime",
    "medins_code": "fixmedins_code",
}
_NOTHING: Final = frozenset({"", "null", "NULL", "Null"})
_CONTROLS: Final = {code: " " for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r"}


@dataclass(frozen=True, slots=True)
class Body:
    """The text of an envelope and the file beside it."""

    text: str
    file: bytes | None = None


async def body_of(request: Request) -> Body:
    """The envelope's text. Raises NotUnderstood."""
    kind = request.headers.get("content-type", "").lower()
    # A client that says multipart and sends the bare envelope names no boundary.
    if kind.startswith("multipart/") and "boundary=" in kind:
        try:
            return await _of_form(request)
        except HTTPException:
            raise _unreadable("表单(multipart)不完整", "the form is not whole") from None
    text = decoded(await request.body())
    if not text.lstrip().startswith("{") and ("urlencoded" in kind or "=" in text[: _MOST_FIELDS * 2]):
        try:
            fields = parse_qsl(text, max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise _unreadable(f"表单超过 {_MOST_FIELDS} 个字段", "the form has too many fields") from None
        text = next((value for _, value in fields if value.lstrip().startswith("{")), text)
    return Body(text)


async def _of_form(request: Request) -> Body:
    text, file = "", None
    async with request.form(max_fields=_MOST_FIELDS, max_part_size=request.app.state.settings.max_body_bytes) as form:
        for _, value in form.multi_items():
            if isinstance(value, UploadFile):
                content = await value.read()
                # Some clients send the envelope itself as a part with a file name.
                if not text and content.lstrip().startswith(b"{"):
                    text = decoded(content)
                else:
                    file = content
            elif value.lstrip().startswith("{"):
                text = value
    return Body(text, file)


def decoded(body: bytes) -> str:
    """Text of unknown encoding: UTF-8, else GB18030. Raises NotUnderstood."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError as error:
            last = error
    raise _unreadable("编码既非 UTF-8 也非 GBK", "neither UTF-8 nor GBK") from last


def envelope_of(body: Body, infno_of_path: str | None) -> Envelope:
    """The envelope in a text. Raises NotUnderstood saying what cannot be read, never repeating what was sent."""
    sent = _decoded(body.text)
    found = _storable(sent)
    if not isinstance(found, dict):
        raise _unreadable("最外层不是 JSON 对象", "the outermost value is not an object")
    asked = found.pop("input", None)
    if isinstance(asked, str):
        asked = _parsed(asked)
    if asked is None or asked == []:
        asked = {}
    if not isinstance(asked, dict):
        raise _unreadable("input 不是 JSON 对象", "input is not an object")
    header = {key: value for key, value in found.items() if isinstance(value, str)}
    if infno_of_path is not None and header.setdefault("infno", infno_of_path) != infno_of_path:
        raise _unreadable(f"地址中的交易编号 {infno_of_path} 与报文 infno 不一致", "infno differs from the address")
    signed = {key: value for key, value in sent.items() if isinstance(value, str)}
    return Envelope(header, asked, body.file, signed)


def _parsed(text: str) -> Any:
    return _storable(_decoded(text))


def _decoded(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _unreadable(
            f"不是有效的 JSON（第 {error.lineno} 行第 {error.colno} 列）",
            f"not valid JSON (line {error.lineno}, column {error.colno})",
        ) from None
    except RecursionError:
        raise _too_deep() from None


def _storable(value: Any) -> Any:
    try:
        return _normal(value, 0)
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> NotUnderstood:
    return _unreadable("嵌套过深", "nested too deeply")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        name = _ALIASES.get(key.lower(), key.lower())
        known = members.get(name)
        if name not in members or _is_nothing(known):
            members[name] = value
        elif not _is_nothing(value) and value != known:
            raise _unreadable(f"字段 {name[:_MOST_FIELDS]} 重复且内容不同", "a field stands twice with two values")
    return members


def _constant(name: str) -> str:
    raise _unreadable(f"JSON 不允许 {name}", f"JSON has no {name}")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=_constant, strict=False
)


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.strip() in _NOTHING)


def _normal(value: Any, depth: int) -> Any:
    """The value without what is empty, its texts stripped and storable."""
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(value, dict):
        return {_text(key): _normal(item, depth + 1) for key, item in value.items() if not _is_nothing(item)}
    if isinstance(value, list):
        return [_normal(item, depth + 1) for item in value if not _is_nothing(item)]
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return _text(value)
    return value


def _text(value: str) -> str:
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _unreadable("文字中含有 NUL 或不成对的代理码位", "a text holds NUL or a lone surrogate")
    return value.translate(_CONTROLS).strip()


def _unreadable(zh: str, en: str) -> NotUnderstood:
    return NotUnderstood(Text(f"报文无法解析：{zh}。请检查后重新发送。", f"The message cannot be read: {en}."))


def extension(data: dict[str, Any]) -> dict[str, Any]:
    """The exp_content of a node as a mapping, empty where there is none. Raises NotUnderstood where it is not JSON."""
    value = data.get("exp_content")
    if isinstance(value, str):
        value = _parsed(value)
    return value if isinstance(value, dict) else {}
