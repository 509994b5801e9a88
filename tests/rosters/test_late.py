"""A list that comes late, or when others have spoken: it is told, and takes nothing back that they said."""

from tests.rosters.conftest import Office
from tests.rosters.lists import HEADER, listed, roster_csv
from tests.rosters.test_whose import FULL, POOR


async def test_a_list_of_may_after_that_of_june_is_refused_and_overwrites_nothing(office: Office) -> None:
    for number in (1, 2, 3):
        await office.person(number, identities=[POOR] if number < 3 else [])
    await office.imported(roster_csv(listed(1), listed(3)), **FULL)
    june = [await office.identities(number) for number in (1, 2, 3)]

    may = await office.preview(roster_csv(listed(1), listed(2)), as_of="2018-05-01", **FULL)
    assert (await office.apply(may, 409))["code"] == "roster.older"
    await office.apply(may, accept_older=True)

    assert [await office.identities(number) for number in (1, 2, 3)] == june
    assert june[1] == [("registered_poor", "2018-01-01", "2018-05-31")]


async def test_a_list_without_last_days_keeps_a_known_one_and_a_change_opens_it(office: Office) -> None:
    ending = POOR | {"valid_to": "2018-12-31"}
    for number in (1, 2):
        await office.person(number, identities=[ending])

    header = [*HEADER, "变动类型"]
    await office.imported(roster_csv([*listed(1, since="2018-02-01"), ""], [*listed(2), "变更"], header=header))

    assert await office.identities(1) == [("registered_poor", "2018-02-01", "2018-12-31")]
    assert await office.identities(2) == [("registered_poor", "2018-01-01", None)]


async def test_an_end_changes_no_day_that_another_source_holds(office: Office) -> None:
    """Ours ends a month early; the month after it is the other office's, and stays."""
    other = POOR | {"valid_from": "2018-06-01", "source": "民政局"}
    await office.person(1, identities=[POOR | {"valid_to": "2018-05-31"}, other])
    header = [*HEADER, "变动类型", "终止日期"]

    roster = await office.preview(roster_csv([*listed(1), "退出", "2018-04-30"], header=header))
    assert roster["ended"]["items"][0]["days"] == [{"from": "2018-05-01", "to": "2018-05-31"}]
    await office.apply(roster)

    assert await office.identities(1) == [
        ("registered_poor", "2018-01-01", "2018-04-30"),
        ("registered_poor", "2018-06-01", None),
    ]
