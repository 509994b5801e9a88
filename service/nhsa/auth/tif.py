"""Authentication B: the x-tif gateway (interface §1 B). Signatures cover no body, so nonces are tied to one."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from service.errors import Text
from service.nhsa.refusals import NotLetIn

WINDOW: Final = timedelta(minutes=5)
_LONGEST_NONCE: Final = 64
_NEEDED: Final = ("x-tif-paasid", "x-tif-timestamp", "x-tif-nonce", "x-tif-signature")


def is_tried(headers: Mapping[str, str]) -> bool:
    """Whether a request comes through this gateway."""
    return any(name in headers for name in _NEEDED)


def account_of(headers: Mapping[str, str], now: datetime) -> str:
    """The account of a request. Raises NotLetIn: headers missing, or not in time."""
    missing = [name for name in _NEEDED if not headers.get(name)]
    if missing:
        raise NotLetIn(Text(f"请求头缺失：{'、'.join(missing)}", f"Headers are missing: {', '.join(missing)}"))
    stamp = headers["x-tif-timestamp"]
    sent = int(stamp) if stamp.isascii() and stamp.isdigit() and len(stamp) <= len("9999999999") else 0
    if abs(now.timestamp() - sent) > WINDOW.total_seconds():
        raise NotLetIn(
            Text("请求时间戳已过期：应为秒数，与标准时间相差不超过 5 分钟，请校准时钟", "The timestamp has expired")
        )
    if len(headers["x-tif-nonce"]) > _LONGEST_NONCE:
        raise NotLetIn(Text(f"x-tif-nonce 最长 {_LONGEST_NONCE} 位", "x-tif-nonce is too long"))
    return headers["x-tif-paasid"]


def unknown() -> NotLetIn:
    return NotLetIn(Text("x-tif-paasid 不存在，请核对账号", "x-tif-paasid is unknown: check the account"))


def signature(headers: Mapping[str, str], secret: str) -> str:
    """What a caller with this secret would have signed."""
    stamp = headers["x-tif-timestamp"]
    return hashlib.sha256(f"{stamp}{secret}{headers['x-tif-nonce']}{stamp}".encode()).hexdigest()


def check(headers: Mapping[str, str], secret: str) -> None:
    """Raises NotLetIn where the signature is another's."""
    if not hmac.compare_digest(signature(headers, secret).encode(), headers["x-tif-signature"].lower().encode()):
        raise NotLetIn(Text("x-tif-signature 不一致，请核对密钥", "x-tif-signature differs: check the secret"))


def replayed() -> NotLetIn:
    return NotLetIn(Text("x-tif-nonce 已用于另一报文，请每次使用新的随机数", "The nonce was used for another message"))
