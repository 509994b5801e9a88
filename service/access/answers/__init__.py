"""
How answers are kept, so that the same request gets the same bytes again: compressed (zlib, RFC 1950).

Answers are alike, so each is told as how it differs from a few others: the dictionary `1.dict`, some answers about
fictional persons. A row says which dictionary it was written with (the DICTID of RFC 1950), or none, as the first
ones were: so a dictionary is never changed. A new one is a new file.
"""

import zlib
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent
_NEWEST: Final = (_FOLDER / "1.dict").read_bytes()
_LEVEL: Final = 3
_WINDOW_BITS: Final = 15
_MEMORY: Final = 9


def compress(body: bytes) -> bytes:
    """The form in which an answer is kept."""
    packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY, zlib.Z_DEFAULT_STRATEGY, _NEWEST)
    return packing.compress(body) + packing.flush()


def decompress(kept: bytes) -> bytes:
    """The answer again, whether it was kept with the dictionary or without one."""
    unpacking = zlib.decompressobj(zdict=_NEWEST)
    body = unpacking.decompress(kept) + unpacking.flush()
    assert unpacking.eof, "a kept answer ends where it was cut off"
    return body
