"""
The 18-digit citizen identity number (GB 11643): birthday, sex and a check character (ISO 7064 MOD 11-2).

The area in front is not checked: areas are renamed and merged, people keep their numbers.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from service.errors import InputError, Text
from service.registers.model import Sex

_SHAPE: Final = re.compile(r"\d{6}(\d{8})\d{2}(\d)[\dX]", re.ASCII)
_MODULUS: Final = 11
_RADIX: Final = 2
_CHECKS: Final = "10X98765432"

_FORMAT = Text(
    "身份证号码应为 18 位：17 位数字加一位校验码（数字或 X）。没有身份证的人请填 id_type。",
    "An identity number has 18 characters: 17 digits and a check character, a digit or X. For a person without "
    "an identity card give another id_type.",
)
_DATE = Text("身份证号码中的出生日期不存在。", "The birthday in the identity number is not a day of the calendar.")
_CHECK = Text(
    "身份证号码的校验码不符，请核对是否有误写。",
    "The check character of the identity number does not fit: look for a wrong digit.",
)


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """What a right number says of its holder."""

    born_on: date
    sex: Sex


def check_character(first_17: str) -> str:
    """The check character that belongs to the first 17 digits."""
    weighted = 0
    for digit in first_17:
        weighted = (weighted + int(digit)) * _RADIX % _MODULUS
    return _CHECKS[weighted]


def read(id_no: str, pointer: str = "/id_no") -> IdentityNumber | InputError:
    """What the number (in its normal spelling, `keys.normal_number`) says, or what is wrong with it."""
    shape = _SHAPE.fullmatch(id_no)
    if shape is None:
        return InputError(pointer, "id_no.format", _FORMAT)
    try:
        born_on = date.fromisoformat(shape[1])
    except ValueError:
        return InputError(pointer, "id_no.date", _DATE)
    if check_character(id_no[:-1]) != id_no[-1]:
        return InputError(pointer, "id_no.checksum", _CHECK)
    return IdentityNumber(born_on, Sex.MALE if int(shape[2]) % 2 else Sex.FEMALE)
