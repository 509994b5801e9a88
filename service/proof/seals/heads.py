"""The head of a county's chain on a day, signed: published outside, it shows later whether the chain was rewritten."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.signatures import is_signed
from service.access.store import public_key
from service.access.tokens import Tokens
from service.clock import COUNTY_ZONE
from service.proof.model import Wrong, wrong
from service.proof.seals import store

PURPOSE: Final = "onestop seal head"
_DAY: Final = timedelta(days=1)


class Head(NamedTuple):
    """The last link of a county's chain on a day, and who says so; hashes, key and signature in hexadecimal."""

    county_code: str
    day: str
    seq: int
    hash: str
    made_at: str
    kid: str
    public_key: str
    signature: str

    def said(self) -> bytes:
        """What is signed."""
        return _said(self.county_code, self.day, self.seq, self.hash, self.made_at)


def _said(*values: Any) -> bytes:
    return orjson.dumps(values)


async def heads(tx: AsyncConnection, tokens: Tokens, county_codes: Sequence[str], day: date) -> list[Head]:
    """The heads of some counties at the end of a day, signed now; a county without seals by then is left out."""
    after = datetime.combine(day + _DAY, time(), COUNTY_ZONE)
    found = []
    for county_code in county_codes:
        link = await store.last(tx, county_code, after)
        if link is not None:
            made_at = link.made_at.astimezone(UTC).isoformat()
            values = (county_code, day.isoformat(), link.seq, link.hash.hex(), made_at)
            signed = await tokens.sign(PURPOSE, _said(*values))
            found.append(Head(*values, signed.kid, signed.public_key.hex(), signed.signature.hex()))
    return found


def read_heads(content: bytes) -> list[Head]:
    """The heads of a published file. Raises ValueError where it is none."""
    try:
        found = [Head(**{name: one[name] for name in Head._fields}) for one in orjson.loads(content)["items"]]
        for head in found:
            if not isinstance(head.seq, int) or not all(bytes.fromhex(text) for text in head[-2:]):
                raise ValueError("a head without number, key or signature")
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"this is no file of heads ({type(error).__name__}: {error})") from None
    return found


async def heads_wrong(tx: AsyncConnection, county_code: str, published: Sequence[Head]) -> list[Wrong]:
    """
    Heads of a county that no key of this service has signed as they say, or that the chain does not lead through.

    `published`: those of this county. A key that signs no more still has signed what it signed.
    """
    found = []
    for head in published:
        key = f"{county_code}/{head.seq}"
        known = await public_key(tx, head.kid)
        if known is None or known.hex() != head.public_key:
            found.append(wrong("the published heads", key, "public_key", head.public_key, "a key of this service"))
            continue
        if not is_signed(PURPOSE, head.said(), known, bytes.fromhex(head.signature)):
            found.append(wrong("the published heads", key, "signature", head.signature, "a signature of this head"))
            continue
        link = await store.hash_of(tx, county_code, head.seq)
        kept = link.hex() if link is not None else "missing"
        if kept != head.hash:
            found.append(wrong("seals", key, "hash", kept, f"{head.hash}, published for {head.day}"))
    return found
