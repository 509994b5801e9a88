"""A number leads to one person: a list never gives somebody's number, and with it their history, to another."""

import pytest

from service.registers.identity_number import check_character
from tests.registers.examples import id_no
from tests.rosters.conftest import Office
from tests.rosters.lists import HEADER, listed, roster_csv
from tests.rosters.test_whose import FULL, POOR
from tests.sheets.files import csv_file

WITH_NUMBER = [*HEADER, "个人编号"]
WITH_CARD = [*HEADER, "社保卡号"]


def codes(roster: dict[str, dict[str, list[dict[str, list[dict[str, str]]]]]]) -> list[tuple[str, ...]]:
    return [tuple(fault["code"] for fault in row["faults"]) for row in roster["rejected"]["items"]]


async def test_an_unknown_person_cannot_bring_the_number_of_a_known_one(office: Office) -> None:
    await office.person(1, identities=[POOR])

    roster = await office.preview(
        roster_csv([*listed(2, "乙", since="2018-03-01"), "P000001"], [*listed(3, "丙"), ""], header=WITH_NUMBER)
    )
    await office.apply(roster)

    assert codes(roster) == [("person_no.taken",)]
    assert (roster["counts"]["changed"], roster["counts"]["new_persons"]) == (0, 1)
    assert await office.identities(1) == [("registered_poor", "2018-01-01", None)]


@pytest.mark.parametrize(("header", "code"), [(WITH_NUMBER, "person_no.twice"), (WITH_CARD, "social_card_no.twice")])
async def test_two_unknown_people_with_one_number_are_both_rejected_and_the_rest_applies(
    office: Office, header: list[str], code: str
) -> None:
    rows = [[*listed(1, "甲"), "A9"], [*listed(2, "乙", word="低保"), "A9"], [*listed(3, "丙"), "A3"]]

    roster = await office.preview(roster_csv(*rows, header=header))
    await office.apply(roster)

    assert codes(roster) == [(code,), (code,)]
    assert roster["counts"]["new_persons"] == 1


async def test_a_birthday_in_the_future_is_told_with_its_row_before_anything_is_applied(office: Office) -> None:
    number = "45990120300101" + "001"
    rows = [["未来", number + check_character(number), "建档立卡", ""], listed(2, "乙")]

    roster = await office.preview(roster_csv(*rows))
    await office.apply(roster)

    assert codes(roster) == [("person.born_in_future",)]
    assert roster["counts"]["new_persons"] == 1


async def test_a_full_list_does_not_end_whom_a_row_with_another_number_may_mean_unless_told_so(office: Office) -> None:
    """The row says 张小三, the number is 乙's: person 1 is absent by number, yet may be the one who is meant."""
    await office.person(1, identities=[POOR])
    await office.person(2, name="乙", identities=[POOR])

    roster = await office.preview(roster_csv(["张小三", id_no(2), "建档立卡", ""]), **FULL)

    assert roster["counts"]["unidentified"] == 1
    assert (await office.apply(roster, 409))["code"] == "roster.rejected_rows"
    assert await office.identities(1) == [("registered_poor", "2018-01-01", None)]


async def test_an_unknown_number_in_a_full_list_counts_as_a_person_who_is_not_sure(office: Office) -> None:
    await office.person(1, identities=[POOR])

    roster = await office.preview(csv_file([["姓名", "社保卡号"], ["张小三", "459901000099"]]), **FULL)

    assert codes(roster) == [("person.unknown",)]
    assert (await office.apply(roster, 409))["code"] == "roster.rejected_rows"
