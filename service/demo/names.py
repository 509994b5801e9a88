"""Names and numbers of nobody: made of syllables, of an area that is not assigned, of a prefix no phone has."""

from datetime import date
from typing import Final

from service.demo.dice import Dice
from service.registers.entries import BankAccount
from service.registers.identity_number import check_character
from service.registers.model import Sex

COUNTY: Final = "459901"
BANK: Final = "示范县农村信用社"

_SURNAMES: Final = "韦黄覃莫蓝陆农梁罗潘蒙石唐廖卢何谢邓周吴"
_MALE: Final = ("建国志明永福家荣海文光德胜朝", "强军华生贵林平才龙山宏杰宁发成")
_FEMALE: Final = ("秀美春玉桂丽小月金彩凤兰爱雪", "英花珍莲芳梅香琴娟燕云妹霞萍青")

# No mobile network has this prefix, so a number with it rings nowhere.
_PHONE_PREFIX: Final = "141"
_ACCOUNT_PREFIX: Final = "620000459901"


def id_no(born_on: date, sequence: int) -> str:
    """The identity number of this birthday and sequence (three digits, odd for men), with its check character."""
    first = f"{COUNTY}{born_on:%Y%m%d}{sequence:03}"
    return first + check_character(first)


def surname(dice: Dice) -> str:
    return dice.one_of(_SURNAMES, "surname")


def given_name(dice: Dice, sex: Sex) -> str:
    first, second = _MALE if sex is Sex.MALE else _FEMALE
    return dice.one_of(first, "first syllable") + dice.one_of(second, "second syllable")


def phone(dice: Dice) -> str:
    return f"{_PHONE_PREFIX}{dice.below(10**8, 'phone'):08}"


def account(holder: str, number: int) -> BankAccount:
    """An account that no bank has, with a right check digit (Luhn)."""
    digits = f"{_ACCOUNT_PREFIX}{number:06}"
    return BankAccount(holder, BANK, digits + luhn_digit(digits))


def luhn_digit(digits: str) -> str:
    """The check digit that belongs behind these digits (ISO/IEC 7812-1)."""
    doubled = (int(digit) * 2 for digit in digits[::-2])
    plain = (int(digit) for digit in digits[-2::-2])
    total = sum(twice // 10 + twice % 10 for twice in doubled) + sum(plain)
    return str(-total % 10)
