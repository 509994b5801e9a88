"""Where people live by a list: shown before it is applied, kept as a change, and nobody who moved away is ended."""

from collections.abc import Awaitable, Callable
from typing import Any

from service.access.model import Role
from tests.rosters.conftest import Office
from tests.rosters.lists import HEADER, listed, roster_csv
from tests.rosters.test_whose import AIDED, FULL, POOR

PLACES = [*HEADER, "乡镇代码", "户号"]
HERE, THERE = "459901001", "459901002"


async def place(office: Office, number: int) -> tuple[str, str]:
    person = await office.ask("GET", f"/v1/persons/P{number:06}")
    return person["township_code"], person["household_no"]


async def test_who_moved_by_an_earlier_list_is_not_ended_by_that_of_the_old_township(office: Office) -> None:
    for number in (1, 2):
        await office.person(number, identities=[POOR])
    there = await office.preview(roster_csv([*listed(1), THERE, "H9"], header=PLACES))
    assert there["counts"]["moved"] == 1
    assert there["moved"]["items"] == [
        {
            "person_no": "P000001",
            "row": 2,
            "township_before": HERE,
            "township_after": THERE,
            "household_before": "H0001",
            "household_after": "H9",
        }
    ]
    assert await place(office, 1) == (HERE, "H0001")
    await office.apply(there)

    here = await office.imported(roster_csv(listed(3, "新来的")), township_code=HERE, **FULL)

    assert await place(office, 1) == (THERE, "H9")
    assert here["counts"]["ended"] == 1
    assert await office.identities(1) == [("registered_poor", "2018-01-01", None)]
    assert await office.identities(2) == [("registered_poor", "2018-01-01", "2018-05-31")]


async def test_where_a_person_lived_before_a_list_moved_them_stays_on_record(office: Office) -> None:
    await office.person(1, identities=[POOR])
    then = (await office.ask("GET", "/v1/persons/P000001/as-of"))["known_at"].replace("+", "%2B")

    await office.imported(roster_csv(listed(1)), township_code=THERE, **FULL)

    assert (await office.ask("GET", "/v1/persons/P000001/as-of"))["township_code"] == THERE
    assert (await office.ask("GET", f"/v1/persons/P000001/as-of?known_at={then}"))["township_code"] == HERE
    roster = await office.ask("GET", "/v1/rosters")
    moves = await office.ask("GET", f"/v1/rosters/{roster['items'][0]['id']}/moves")
    assert [(each["township_before"], each["township_after"]) for each in moves["items"]] == [(HERE, THERE)]


async def test_a_village_of_the_known_township_is_no_move(office: Office) -> None:
    for number in (1, 2):
        await office.person(number, identities=[POOR])

    rows = [[*listed(1), HERE + "003", ""], [*listed(2), THERE + "001", ""]]
    await office.imported(roster_csv(*rows, header=PLACES))

    assert await place(office, 1) == (HERE, "H0001")
    assert await place(office, 2) == (THERE, "H0002")


async def test_rows_that_let_one_person_live_in_two_places_are_rejected(office: Office) -> None:
    await office.person(1, identities=[POOR])
    rows = [[*listed(1), HERE, ""], [*listed(1, word="低保"), THERE, ""]]

    roster = await office.preview(roster_csv(*rows, header=PLACES))

    assert [row["faults"][0]["code"] for row in roster["rejected"]["items"]] == ["row.place_differs"] * 2
    assert roster["counts"]["moved"] == 0


async def test_civil_affairs_and_lists_that_come_late_move_nobody(
    office: Office, office_of: Callable[..., Awaitable[Office]]
) -> None:
    await office.person(1, identities=[POOR, AIDED | {"source": "民政局"}])
    civil = await office_of(Role.PAYER)
    aided: list[Any] = [*listed(1, word="低保"), THERE, ""]
    assert (await civil.preview(roster_csv(aided, header=PLACES), source="民政局"))["counts"]["moved"] == 0

    await office.imported(roster_csv([*listed(1), HERE, "H5"], header=PLACES))
    late = await office.preview(roster_csv([*listed(1), THERE, "H5"], header=PLACES), as_of="2018-05-01")
    await office.apply(late, accept_older=True)

    assert await place(office, 1) == (HERE, "H5")


async def test_a_move_that_somebody_else_made_meanwhile_makes_the_preview_stale(office: Office) -> None:
    await office.person(1, identities=[POOR])
    content = roster_csv([*listed(1), THERE, "H9"], header=PLACES)
    roster = await office.preview(content)
    await office.ask("PUT", "/v1/persons/P000001", {"household_no": "H9", "township_code": THERE})

    assert (await office.apply(roster, 409))["code"] == "roster.stale"
    assert (await office.preview(content))["counts"]["moved"] == 0
