"""Choices that look like chance and are the same on every machine, in every version of Python."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, TypeVar
from uuid import UUID, uuid5

T = TypeVar("T")

_NAMESPACE: Final = UUID("0198c7a4-5c00-7000-8000-459901459901")


class Dice:
    """
    Throws that depend on nothing but their names.

    Each throw has a name of its own, so that a new one moves none of the others.
    """

    def __init__(self, *about: object) -> None:
        self._about = "/".join(map(str, about))

    def below(self, end: int, what: str) -> int:
        """A number from 0 to `end`, without `end`."""
        digest = blake2b(f"{self._about}/{what}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) % end

    def between(self, first: int, last: int, what: str) -> int:
        """A number from `first` to `last`, both included."""
        return first + self.below(last - first + 1, what)

    def one_of(self, options: Sequence[T], what: str) -> T:
        return options[self.below(len(options), what)]

    def in_a_thousand(self, share: int, what: str) -> bool:
        """True for about `share` names in a thousand."""
        return self.below(1000, what) < share


def fixed_id(what: str) -> UUID:
    """The identifier that this thing has in every demo county."""
    return uuid5(_NAMESPACE, what)
