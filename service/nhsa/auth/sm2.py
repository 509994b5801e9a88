"""Authentication D: SM2 with SM3 over the header of the envelope, in `cainfo` (interface §1 D)."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import gmalg
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from service.clock import COUNTY_ZONE
from service.errors import Text
from service.nhsa.checks import moment
from service.nhsa.model import Envelope
from service.nhsa.refusals import NotLetIn

USER_ID: Final = b"1234567812345678"
WINDOW: Final = timedelta(minutes=30)
_HALF: Final = 32
_UNSIGNED: Final = frozenset({"cainfo", "input"})
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+", re.ASCII)


def signed_text(header: Mapping[str, str]) -> bytes:
    """What is signed: the header's fields but cainfo and input, by key, as k=v joined with &."""
    return "&".join(f"{key}={header[key]}" for key in sorted(header) if key not in _UNSIGNED).encode()


def sign(header: Mapping[str, str], private_key: bytes) -> str:
    """The cainfo of a header, in DER and upper-case hex, as clients make it."""
    r, s = gmalg.SM2(private_key, USER_ID).sign(signed_text(header))
    return encode_dss_signature(int.from_bytes(r), int.from_bytes(s)).hex().upper()


def check(envelope: Envelope, public_key: str, now: datetime) -> None:
    """
    Raises NotLetIn where cainfo is not the signature of the header by this key (hex, 04 and 64 bytes), or is old.

    Both encodings are seen in the field, ASN.1 DER and r||s, and headers signed with their empty fields or without.
    """
    halves = _halves(envelope.header.get("cainfo", ""))
    verifier = gmalg.SM2(uid=USER_ID, pk=bytes.fromhex(public_key))
    if halves is None or not any(
        verifier.verify(signed_text(header), *halves) for header in (envelope.header, envelope.sent)
    ):
        raise NotLetIn(
            Text(
                "cainfo 签名不符：应为除 cainfo、input 外各字段按键名排序后的 SM2 签名（十六进制），请核对密钥。",
                "cainfo is not the SM2 signature of the header: check the key and what is signed.",
            )
        )
    sent = moment(envelope.header.get("inf_time", ""), whole=True)
    if sent is None or abs(now - datetime.fromisoformat(sent).replace(tzinfo=COUNTY_ZONE)) > WINDOW:
        raise NotLetIn(
            Text("inf_time 与标准时间相差超过 30 分钟，请校准时钟。", "inf_time is over 30 minutes off: set the clock.")
        )


def _halves(text: str) -> tuple[bytes, bytes] | None:
    if not _HEX.fullmatch(text):
        return None
    signature = bytes.fromhex(text)
    if len(signature) == 2 * _HALF:
        return signature[:_HALF], signature[_HALF:]
    try:
        r, s = decode_dss_signature(signature)
        return r.to_bytes(_HALF), s.to_bytes(_HALF)
    except (ValueError, OverflowError):
        return None
