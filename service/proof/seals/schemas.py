"""Heads of the chain on the wire."""

from datetime import date
from typing import Any, Final

from pydantic import Field

from service.wire.types import WireModel


class HeadOut(WireModel):
    """
    The last link of a county's chain on a day. Signed (Ed25519) is `onestop seal head`, a zero byte, and the JSON
    array of county_code, day, seq, hash and made_at without spaces.
    """

    county_code: str
    day: date
    seq: int = Field(description="The number of the link.")
    hash: str = Field(description="SHA-256 of the link and of all before it, in hexadecimal.")
    made_at: str = Field(description="The instant, written as it is signed.")
    kid: str
    public_key: str = Field(description="32 bytes in hexadecimal.")
    signature: str = Field(description="64 bytes in hexadecimal.")


class HeadsOut(WireModel):
    """One head for each county, none where nothing was sealed by then."""

    items: list[HeadOut]


HEADS: Final[dict[str, Any]] = {
    "items": [
        {
            "county_code": "459901",
            "day": "2018-06-30",
            "seq": 1204,
            "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "made_at": "2018-06-30T15:59:30+00:00",
            "kid": "0123456789abcdef0123456789abcdef",
            "public_key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "signature": "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
            "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        }
    ]
}
