"""
Money is a whole number of fen, ratios are whole parts per million, and there is one way to round (domain §3).

Nothing here knows a number of the law; nothing else in the service rounds.
"""

from typing import Final, NewType

Fen = NewType("Fen", int)
"""An amount in fen, hundredths of a yuan. Negative on returns and reversals."""

Ppm = NewType("Ppm", int)
"""A ratio in parts per million: 850_000 is 85 %."""

ZERO: Final = Fen(0)
WHOLE: Final = Ppm(1_000_000)

PRICE_PLACES: Final = 6
QUANTITY_PLACES: Final = 4
PRICE_SCALE: Final = 10**PRICE_PLACES
"""Unit prices are kept in millionths of a yuan (six decimals)."""
QUANTITY_SCALE: Final = 10**QUANTITY_PLACES
"""Quantities are kept in ten-thousandths (four decimals)."""

_FEN_PER_YUAN: Final = 100
_FOUR_PLACES: Final = 10_000
_PRICE_TIMES_QUANTITY_PER_FEN: Final = PRICE_SCALE * QUANTITY_SCALE // _FEN_PER_YUAN


def round_half_up(numerator: int, denominator: int) -> int:
    """
    Divide and round to a whole number, halves away from zero (domain §3).

    Away from zero on both sides, so that a return or a reversal cancels its original exactly.
    """
    if numerator >= 0:
        return (2 * numerator + denominator) // (2 * denominator)
    return -((-2 * numerator + denominator) // (2 * denominator))


def share_of(amount: int, ratio: int) -> Fen:
    """A ratio (parts per million) of an amount (fen), rounded once to the fen."""
    return Fen(round_half_up(amount * ratio, WHOLE))


def price_times_quantity(price: int, quantity: int) -> Fen:
    """A unit price (millionths of a yuan) times a quantity (ten-thousandths), rounded to the fen."""
    return Fen(round_half_up(price * quantity, _PRICE_TIMES_QUANTITY_PER_FEN))


def scaled(text: str, places: int) -> int:
    """
    Read a decimal string as a whole number of its last allowed place: scaled("1.5", 4) is 15000.

    Raises ValueError when the text is not a plain decimal or has more places than allowed; nothing is cut off.
    """
    whole, point, fraction = text.partition(".")
    digits = whole.removeprefix("-") + fraction
    # A discharge of 20 lines reads some hundred of these: no pattern is matched twice.
    if not (text.isascii() and digits.isdigit()) or whole in ("", "-") or (point and not fraction):
        raise ValueError(f"'{text}' is not a plain decimal number")
    if len(fraction) > places:
        raise ValueError(f"'{text}' has more than {places} decimals")
    return int(whole + fraction.ljust(places, "0"))


def unscaled(value: int, places: int, keep: int = 0) -> str:
    """Write a scaled whole number as a decimal string, trailing zeros cut down to `keep` places."""
    sign, digits = ("-" if value < 0 else ""), str(abs(value)).rjust(places + 1, "0")
    whole, fraction = digits[:-places], digits[-places:]
    fraction = fraction[:keep] + fraction[keep:].rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def fen(text: str) -> Fen:
    """Read yuan ("1234.50") as fen. Raises ValueError on anything but a decimal of at most two places."""
    return Fen(scaled(text, 2))


def yuan(amount: int) -> str:
    """Write fen as yuan with two decimals, as every amount on the wire: 123450 is "1234.50"."""
    sign, rest = ("-", -amount) if amount < 0 else ("", amount)
    return f"{sign}{rest // _FEN_PER_YUAN}.{rest % _FEN_PER_YUAN:02d}"


def ppm(text: str) -> Ppm:
    """Read a ratio ("0.85") as parts per million. Raises ValueError beyond six decimals."""
    return Ppm(scaled(text, 6))


def ratio(value: int, keep: int = 2) -> str:
    """Write parts per million as a decimal ratio: 850000 is "0.85"."""
    return unscaled(value, 6, keep)


def ratio_of(part: int, whole: int) -> Ppm:
    """What share of the whole a part is, to four decimals (parts per million); 0 of nothing."""
    return Ppm(round_half_up(part * _FOUR_PLACES, whole) * (WHOLE // _FOUR_PLACES)) if whole else Ppm(0)
