"""The words of the national interface: who calls, how they prove it, and what one message asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BITS: Final = 5
SHORT_LENGTH: Final = 26
LONGEST_MSGID: Final = 30

Input = dict[str, Any]
"""What a message asks: nodes by name, each a mapping or a list of mappings; every scalar is text."""
Output = Mapping[str, Any]
"""What is answered: nodes by name; amounts and numbers are decimal text."""


class Auth(StrEnum):
    """How an institution proves who it is (interface §1)."""

    NONE = "none"
    HMAC = "a"
    TIF = "b"
    SM2 = "d"


@dataclass(frozen=True, slots=True)
class Institution:
    """
    A designated institution that calls: which client of ours it is, and how it wants to be spoken to.

    `open`: it need not prove who it is. `infcode` and `amounts` ("number" or "string") go before its profile's.
    `recorded`: its envelopes are kept, masked, for support.
    """

    fixmedins_code: str
    county_code: str
    hospital_code: str
    client_id: str
    profile: str
    open: bool = False
    infcode: str | None = None
    amounts: str | None = None
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """
    A message as read: its header by field, and its input. `file` is what came beside it in a form.

    `sent`: the header's fields as they came, empty ones too: what a client may have signed.
    """

    header: Mapping[str, str]
    input: Input
    file: bytes | None = None
    sent: Mapping[str, str] = field(default_factory=dict)

    @property
    def infno(self) -> str:
        return self.header.get("infno", "")

    @property
    def msgid(self) -> str:
        return self.header.get("msgid", "")

    @property
    def fixmedins_code(self) -> str:
        return self.header.get("fixmedins_code", "")


def short(number: UUID) -> str:
    """An id of ours in the 30 characters that the interface has room for: 26 letters and digits."""
    value, letters = number.int, []
    for _ in range(SHORT_LENGTH):
        value, digit = divmod(value, 1 << _BITS)
        letters.append(_ALPHABET[digit])
    return "".join(reversed(letters))


def long(text: str) -> UUID | None:
    """The id behind its short form; None where it is none of ours."""
    if len(text) != SHORT_LENGTH:
        return None
    value = 0
    for letter in text.upper():
        digit = _ALPHABET.find(letter)
        if digit < 0:
            return None
        value = value << _BITS | digit
    return UUID(int=value) if value >> 128 == 0 else None
