"""Whole fen, whole parts per million, one way to round."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.money import (
    PRICE_PLACES,
    QUANTITY_PLACES,
    WHOLE,
    fen,
    ppm,
    price_times_quantity,
    ratio,
    ratio_of,
    round_half_up,
    scaled,
    share_of,
    unscaled,
    yuan,
)

numbers = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [
        (0, 2, 0),
        (1, 2, 1),
        (-1, 2, -1),
        (3, 2, 2),
        (-3, 2, -2),
        (5, 2, 3),
        (-5, 2, -3),
        (1, 3, 0),
        (2, 3, 1),
        (-1, 3, 0),
        (-2, 3, -1),
        (49, 100, 0),
        (50, 100, 1),
        (-50, 100, -1),
        (7, 1, 7),
        (-7, 1, -7),
        (5, 10, 1),
    ],
)
def test_halves_go_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_up(numerator, denominator) == rounded


@given(numbers, st.integers(1, 10**9))
@settings(deadline=None)
def test_rounding_agrees_with_exact_fractions_on_both_sides(numerator: int, denominator: int) -> None:
    exact = floor(Fraction(abs(numerator), denominator) + Fraction(1, 2))

    assert round_half_up(numerator, denominator) == (exact if numerator >= 0 else -exact)


@given(numbers, st.integers(1, 10**9))
@settings(deadline=None)
def test_a_reversal_cancels_its_original_exactly(numerator: int, denominator: int) -> None:
    assert round_half_up(numerator, denominator) + round_half_up(-numerator, denominator) == 0


@pytest.mark.parametrize(
    ("amount", "share", "rounded"),
    [
        ("4575950", "0.65", "29743.68"),  # 45 759.50 x 65 % = 29 743.675, a published half fen
        ("35", "0.10", "0.04"),
        ("-35", "0.10", "-0.04"),
        ("100", "0", "0.00"),
        ("100", "1", "1.00"),
        ("1", "0.499999", "0.00"),
        ("1", "0.5", "0.01"),
    ],
)
def test_a_share_is_rounded_once_to_the_fen(amount: str, share: str, rounded: str) -> None:
    assert yuan(share_of(int(amount), ppm(share))) == rounded


@pytest.mark.parametrize(
    ("price", "quantity", "amount"),
    [
        ("3.333333", "1.5", "5.00"),  # 4.9999995
        ("0.35", "-1", "-0.35"),
        ("0.005", "1", "0.01"),
        ("0.005", "-1", "-0.01"),
        ("0.004999", "1", "0.00"),
        ("0.000001", "5000", "0.01"),
        ("12.34", "57", "703.38"),
        ("999999.999999", "9999.9999", "9999999899.99"),
    ],
)
def test_a_price_times_a_quantity_is_rounded_once_to_the_fen(price: str, quantity: str, amount: str) -> None:
    assert yuan(price_times_quantity(scaled(price, PRICE_PLACES), scaled(quantity, QUANTITY_PLACES))) == amount


@pytest.mark.parametrize(
    ("text", "places", "value"),
    [("1.5", 4, 15000), ("-1.5", 4, -15000), ("0", 2, 0), ("-0", 2, 0), ("007", 2, 700), ("0.01", 2, 1), ("3", 0, 3)],
)
def test_a_decimal_is_read_as_a_whole_number_of_its_last_place(text: str, places: int, value: int) -> None:
    assert scaled(text, places) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1.",
        ".5",
        "+1",
        "--1",
        "1e3",
        "1E-3",
        "1,000",
        "1 000",
        " 1",
        "1\n",
        "0x1",
        "NaN",
        "Infinity",
        "１.５",
        "٣",
        "1.2.3",
        "1_000",
        "½",
        "-",
        "1.٣",
    ],
)
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a plain decimal"):
        scaled(text, 6)


@pytest.mark.parametrize(("text", "places"), [("0.001", 2), ("0.000", 2), ("1.0", 0), ("0.1234567", 6)])
def test_places_beyond_what_is_allowed_are_refused_and_never_cut_off(text: str, places: int) -> None:
    with pytest.raises(ValueError, match=f"more than {places} decimals"):
        scaled(text, places)


def test_yuan_have_two_places_and_ratios_six() -> None:
    with pytest.raises(ValueError, match="2 decimals"):
        fen("1.234")
    with pytest.raises(ValueError, match="6 decimals"):
        ppm("0.1234567")
    assert (fen("1234.5"), fen("-0.01"), ppm("0.85"), ppm("1")) == (123450, -1, 850_000, WHOLE)


@given(numbers)
@example(-1)
@example(0)
@example(-99)
@settings(deadline=None)
def test_yuan_written_and_read_again_are_the_same_fen(amount: int) -> None:
    text = yuan(amount)

    assert fen(text) == amount
    assert text[-3] == "."


@given(numbers, st.integers(1, 6))
@settings(deadline=None)
def test_a_number_written_and_read_again_is_the_same_number(value: int, places: int) -> None:
    assert scaled(unscaled(value, places), places) == value
    assert scaled(unscaled(value, places, keep=places), places) == value


@pytest.mark.parametrize(
    ("value", "places", "keep", "text"),
    [
        (1500000, 6, 0, "1.5"),
        (1500000, 6, 2, "1.50"),
        (-1500000, 6, 2, "-1.50"),
        (1000000, 6, 0, "1"),
        (1, 6, 2, "0.000001"),
        (-1, 4, 0, "-0.0001"),
        (0, 6, 0, "0"),
        (0, 6, 2, "0.00"),
    ],
)
def test_trailing_zeros_are_cut_down_to_the_places_kept(value: int, places: int, keep: int, text: str) -> None:
    assert unscaled(value, places, keep) == text


@pytest.mark.parametrize(
    ("value", "text"), [(850_000, "0.85"), (1_000_000, "1.00"), (333_333, "0.333333"), (0, "0.00")]
)
def test_a_ratio_is_written_with_the_places_it_needs(value: int, text: str) -> None:
    assert ratio(value) == text


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [(1, 3, "0.3333"), (2, 3, "0.6667"), (9, 10, "0.90"), (1, 20_000, "0.0001"), (0, 5, "0.00"), (5, 0, "0.00")],
)
def test_the_share_that_a_part_is_has_four_places_and_nothing_of_nothing(part: int, whole: int, share: str) -> None:
    assert ratio(ratio_of(part, whole)) == share
