"""A first day before an interruption fills nothing in silence; the same list again; who is not insured."""

from typing import Any

import pytest

from tests.rosters.conftest import Office
from tests.rosters.lists import HEADER, listed, roster_csv
from tests.rosters.test_whose import FULL, POOR

ACTIONS = [*HEADER, "变动类型"]
ENDED = ("registered_poor", "2016-01-01", "2016-12-31")
SINCE = ("registered_poor", "2018-01-01", None)


def period(first: str, last: str | None) -> dict[str, Any]:
    return POOR | {"valid_from": first, "valid_to": last}


@pytest.mark.parametrize(
    ("held", "since", "days", "after"),
    [
        ([period("2016-01-01", "2016-12-31"), POOR], "2016-01-01", [], [ENDED, SINCE]),
        ([period("2016-01-01", "2016-12-31"), POOR], "2015-05-01", [], [ENDED, SINCE]),
        (
            [period("2016-01-01", "2016-12-31")],
            "2016-01-01",
            [{"from": "2018-06-01", "to": None}],
            [ENDED, ("registered_poor", "2018-06-01", None)],
        ),
    ],
)
async def test_an_interruption_stays_and_the_row_is_shown(
    office: Office, held: list[Any], since: str, days: list[Any], after: list[Any]
) -> None:
    await office.person(1, identities=held)

    roster = await office.preview(roster_csv(listed(1, since=since)), **FULL)
    assert roster["counts"]["interrupted"] == 1
    assert [each["days"] for each in roster["interrupted"]["items"]] == [days]
    assert "identity.interrupted" in {each["code"] for each in roster["findings"]}
    await office.apply(roster)

    assert await office.identities(1) == after


async def test_a_row_that_says_change_fills_the_interruption(office: Office) -> None:
    await office.person(1, identities=[period("2016-01-01", "2016-12-31"), POOR])

    roster = await office.imported(roster_csv([*listed(1, since="2016-01-01"), "变更"], header=ACTIONS))

    assert (roster["counts"]["changed"], roster["counts"]["interrupted"]) == (1, 0)
    assert await office.identities(1) == [("registered_poor", "2016-01-01", None)]


@pytest.mark.parametrize("since", ["2018-03-01", "2017-01-01"])
async def test_a_first_day_after_the_interruption_began_is_no_interruption(office: Office, since: str) -> None:
    await office.person(1, identities=[period("2016-01-01", "2016-12-31")])

    roster = await office.imported(roster_csv(listed(1, since=since)))

    assert (roster["counts"]["added"], roster["counts"]["interrupted"]) == (1, 0)
    assert await office.identities(1) == [ENDED, ("registered_poor", since, None)]


async def test_the_same_list_applies_once_more_after_a_wrong_one_when_asked_to(office: Office) -> None:
    """The right list, then a wrong one that ended person 1; the right file must be able to restore them."""
    for number in (1, 2):
        await office.person(number, identities=[POOR])
    right, wrong = roster_csv(listed(1), listed(2)), roster_csv(listed(2))
    first = await office.imported(right, **FULL)
    await office.imported(wrong, **FULL)
    assert await office.identities(1) == [("registered_poor", "2018-01-01", "2018-05-31")]

    told = await office.preview(right, **FULL)
    assert (told["id"], told["state"]) == (first["id"], "applied")
    again = await office.preview(right, again="true", **FULL)
    assert (again["id"] != first["id"], again["round"], again["counts"]["added"]) == (True, 1, 1)
    assert (await office.preview(right, **FULL))["id"] == again["id"]
    await office.apply(again)

    assert await office.identities(1) == [
        ("registered_poor", "2018-01-01", "2018-05-31"),
        ("registered_poor", "2018-06-01", None),
    ]


async def test_without_another_list_since_the_same_is_the_same_even_when_sent_again(office: Office) -> None:
    await office.person(1, identities=[])
    content = roster_csv(listed(1))
    first = await office.imported(content)
    await office.imported(roster_csv(listed(1)), source="民政局")

    assert (await office.preview(content, again="true"))["id"] == first["id"]


async def test_people_without_insurance_are_counted_and_said(office: Office) -> None:
    await office.person(1, identities=[])
    await office.person(2, identities=[], insured=[{"from": "2017-01-01", "to": "2017-12-31"}])

    roster = await office.preview(roster_csv(listed(1), listed(2), listed(3, "新来的")))

    assert (roster["counts"]["new_persons"], roster["counts"]["uninsured"]) == (1, 2)
    assert [(each["code"], each["count"]) for each in roster["findings"]] == [("person.not_insured", 2)]
