"""Authentication A: the HMAC-SHA1 gateway of Hunan (interface §1 A)."""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from service.errors import Text
from service.nhsa.refusals import NotLetIn

WINDOW: Final = timedelta(minutes=30)
_SIGNED: Final = ("_api_access_key", "_api_name", "_api_timestamp", "_api_version")
_NEEDED: Final = (*_SIGNED, "_api_signature")

MISSING: Final = Text("网关请求头缺失", "Gateway headers are missing")
EXPIRED: Final = Text("请求时间戳已过期", "The timestamp has expired")
UNKNOWN: Final = Text("访问密钥(AK)不存在", "The access key is unknown")
DIFFERS: Final = Text("签名不一致", "The signature differs")


def is_tried(headers: Mapping[str, str]) -> bool:
    """Whether a request comes through this gateway."""
    return any(name in headers for name in _NEEDED)


def account_of(headers: Mapping[str, str], now: datetime) -> str:
    """The access key of a request. Raises NotLetIn: headers missing, or not in time."""
    missing = [name for name in _NEEDED if not headers.get(name)]
    if missing:
        raise NotLetIn(Text(f"{MISSING.zh}：{'、'.join(missing)}", f"{MISSING.en}: {', '.join(missing)}"))
    stamp = headers["_api_timestamp"]
    sent_ms = int(stamp) if stamp.isascii() and stamp.isdigit() and len(stamp) == len("1530000000000") else 0
    if abs(now.timestamp() * 1000 - sent_ms) > WINDOW.total_seconds() * 1000:
        raise NotLetIn(
            Text(
                f"{EXPIRED.zh}：应为 13 位毫秒数，与标准时间相差不超过 30 分钟，请校准时钟",
                f"{EXPIRED.en}: set the clock",
            )
        )
    return headers["_api_access_key"]


def unknown() -> NotLetIn:
    return NotLetIn(Text(f"{UNKNOWN.zh}，请核对 _api_access_key", f"{UNKNOWN.en}: check _api_access_key"))


def signature(headers: Mapping[str, str], secret: str) -> str:
    """What a caller with this secret would have signed; `_api_name` is whatever it sent."""
    text = "&".join(f"{name}={headers[name]}" for name in _SIGNED)
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()


def check(headers: Mapping[str, str], secret: str) -> None:
    """Raises NotLetIn where the signature is another's."""
    if not hmac.compare_digest(signature(headers, secret).encode(), headers["_api_signature"].encode()):
        raise NotLetIn(Text(f"{DIFFERS.zh}，请核对密钥与待签名串", f"{DIFFERS.en}: check the secret"))
