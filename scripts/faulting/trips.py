"""What passes the proxy, round trip by round trip, and what is ordered to happen to one of them."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Side(StrEnum):
    """Where a connection is cut: the server never gets the round trip, or has done it and is not heard any more."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Trip:
    """
    One round trip: its place in its transaction (BEGIN is 1, outside of one 0), whose rows the transaction sees, the
    statement, and the very bytes, in which what is bound can be found.
    """

    number: int
    county: str
    statement: str
    content: bytes

    @property
    def name(self) -> str:
        """The statement in a few words, for a reader."""
        words = " ".join(re.sub(r"SET LOCAL.*|--.*", "", self.statement).split())
        return words[:60].rstrip("; ")


@dataclass(frozen=True, slots=True)
class Cut:
    """
    A place where the connection can be cut: a round trip of a transaction, by number and name, and the side of it;
    `fresh`: on a connection that knows none of the statements yet.
    """

    fresh: bool
    number: int
    name: str
    side: Side

    def __str__(self) -> str:
        return f"{'fresh' if self.fresh else 'known'} {self.number:2} {self.side} {self.name}"


@dataclass
class Order:
    """Something to happen to the first round trip that matches; `met` says when, `trip` which it was."""

    matches: Callable[[Trip], bool]
    side: Side | None = None
    met: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    trip: Trip | None = None
