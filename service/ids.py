"""Identifiers: UUID version 7 (RFC 9562), so that rows made later sort later and indexes grow at their end."""

import secrets
from datetime import datetime
from uuid import UUID

_RANDOM_BITS = 74
_VERSION = 7
_VARIANT = 0b10


def new_id(now: datetime) -> UUID:
    """A new identifier whose first 48 bits are the given instant in milliseconds; the rest cannot be guessed."""
    milliseconds = int(now.timestamp() * 1000)
    random = secrets.randbits(_RANDOM_BITS)
    high, low = random >> 62, random & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | _VERSION << 76 | high << 64 | _VARIANT << 62 | low)


def first_id(at: datetime) -> UUID:
    """The smallest identifier that can be made at an instant."""
    return UUID(int=max(0, int(at.timestamp() * 1000)) << 80)
