"""Facts in time, purely: properties over all short histories, and the identity number."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InputError
from service.registers.identity_number import IdentityNumber, check_character, read
from service.registers.model import Sex
from service.registers.periods import Dated, amended, changed_from, correction, first_overlap, joined

START = date(2018, 1, 1)
DAYS = [START + timedelta(days=number) for number in range(12)]


@st.composite
def histories(draw: st.DrawFn) -> list[Dated[str]]:
    """Facts of two kinds; of each kind, at most one holds on a day."""
    facts: list[Dated[str]] = []
    for what in "ab":
        bounds = sorted(draw(st.sets(st.integers(0, 11), max_size=6)))
        for first, last in zip(bounds[::2], bounds[1::2], strict=False):
            facts.append(Dated(what, DAYS[first], DAYS[last]))
    if draw(st.booleans()):
        facts.append(Dated("c", None, draw(st.sampled_from([None, *DAYS]))))
    return draw(st.permutations(facts))


def truth(facts: list[Dated[str]], day: date) -> set[str]:
    return {fact.what for fact in facts if fact.holds_on(day)}


@given(histories(), histories(), st.sampled_from(DAYS))
def test_a_change_from_a_day_on_leaves_every_day_before(
    known: list[Dated[str]], wanted: list[Dated[str]], as_of: date
) -> None:
    after = changed_from(known, wanted, as_of)

    for day in DAYS:
        assert truth(after, day) == truth(known if day < as_of else wanted, day)
    assert first_overlap(after, [fact.what for fact in after]) is None


@given(histories(), st.sampled_from(DAYS))
def test_an_amendment_changes_what_holds_from_its_day_on_and_not_when(known: list[Dated[str]], as_of: date) -> None:
    after = amended(known, as_of, str.upper)

    for day in DAYS:
        before = truth(known, day)
        assert truth(after, day) == (before if day < as_of else {what.upper() for what in before})


@given(histories())
def test_joining_changes_no_day(known: list[Dated[str]]) -> None:
    after = joined(known)

    assert all(truth(after, day) == truth(known, day) for day in DAYS)
    assert len(after) <= len(known)


@given(histories(), histories())
def test_a_correction_turns_the_known_into_the_wanted(known: list[Dated[str]], wanted: list[Dated[str]]) -> None:
    rows = dict(enumerate(known))

    change = correction(rows, wanted)

    kept = [fact for row, fact in rows.items() if row not in change.superseded]
    assert sorted([*kept, *change.added], key=repr) == sorted(wanted, key=repr)


def test_neighbouring_periods_of_one_thing_become_one() -> None:
    assert joined([Dated("a", DAYS[3], DAYS[4]), Dated("a", DAYS[0], DAYS[2]), Dated("a", DAYS[6], None)]) == [
        Dated("a", DAYS[0], DAYS[4]),
        Dated("a", DAYS[6], None),
    ]


def test_one_shared_day_is_an_overlap_and_the_next_day_is_none() -> None:
    facts = [Dated("a", DAYS[0], DAYS[2]), Dated("a", DAYS[2], DAYS[3])]
    follows = [Dated("a", DAYS[0], DAYS[2]), Dated("a", DAYS[3], None)]

    assert first_overlap(facts, [0, 0]) == 1
    assert first_overlap(facts, [0, 1]) is None
    assert first_overlap(follows, [0, 0]) is None


def test_the_standard_s_own_number_is_right() -> None:
    """GB 11643, annex: 11010519491231002X belongs to a woman born on 31 December 1949."""
    assert read("11010519491231002X") == IdentityNumber(date(1949, 12, 31), Sex.FEMALE)


@given(st.integers(0, 10**6 - 1), st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.integers(0, 999))
def test_every_right_number_is_read_and_one_wrong_digit_is_noticed(area: int, born: date, sequence: int) -> None:
    first = f"{area:06}{born:%Y%m%d}{sequence:03}"
    number = first + check_character(first)

    assert read(number) == IdentityNumber(born, Sex.MALE if sequence % 2 else Sex.FEMALE)
    for place in (0, 5, 15, 16):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert isinstance(read(wrong), InputError)


@pytest.mark.parametrize(
    "text",
    ["", "4599011950030700", "45990119500307000x", "４５９９０１１９５００３０７０００５", "459901195003070005 "],
)
def test_what_does_not_look_like_a_number_is_refused(text: str) -> None:
    refused = read(text)

    assert isinstance(refused, InputError)
    assert refused.code == "id_no.format"
