"""The envelope that goes back (interface §2), written once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from service.errors import Refusal
from service.ids import new_id
from service.nhsa.model import Institution
from service.nhsa.profiles import Profile
from service.nhsa.reference import Transaction, shaped

LONGEST_MESSAGE: Final = 200
_SERIAL_DIGITS: Final = 10
_REFUSED: Final = -1


@dataclass(frozen=True, slots=True)
class Manner:
    """How one institution is answered: the JSON types of infcode and of numbers."""

    infcode: str = "number"
    amounts: str = "number"
    division: str = "000000"

    @classmethod
    def of(cls, institution: Institution, profile: Profile) -> "Manner":
        return cls(
            institution.infcode or profile.infcode,
            institution.amounts or profile.amounts,
            institution.county_code,
        )


def accepted(transaction: Transaction, output: Mapping[str, Any], manner: Manner, at: datetime) -> bytes:
    """A success: infcode 0 and every field of the reference."""
    body = shaped(transaction, dict(output), manner.amounts)
    return _envelope(0, "", body or {}, manner, at)


def refused(message: str, manner: Manner, at: datetime) -> bytes:
    """A refusal: infcode -1 and what to do, in at most 200 characters."""
    told = message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…"
    return _envelope(_REFUSED, told, None, manner, at)


def told_of(refusal: Refusal) -> str:
    """What a refusal of any room says, in Chinese: the first thing wrong with the input, else the whole."""
    return refusal.errors[0].detail.zh if refusal.errors else refusal.detail.zh


def _envelope(infcode: int, message: str, output: Any, manner: Manner, at: datetime) -> bytes:
    stamp = f"{at:%Y%m%d%H%M%S}{at.microsecond // 1000:03d}"
    serial = f"{new_id(at).int % 10**_SERIAL_DIGITS:010d}"
    return orjson.dumps(
        {
            "infcode": str(infcode) if manner.infcode == "string" else infcode,
            "inf_refmsgid": f"{manner.division}{at:%Y%m%d%H%M%S}{serial}",
            "refmsg_time": stamp,
            "respond_time": stamp,
            "err_msg": message,
            "warn_msg": None,
            "cainfo": None,
            "signtype": None,
            "enctype": None,
            "output": output,
        }
    )
