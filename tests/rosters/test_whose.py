"""Whom a list may end, and whose list it is: a row that is rejected widens nothing, and an office sees its own only."""

from collections.abc import Awaitable, Callable
from typing import Any

from service.access.model import Role
from tests.rosters.conftest import Office
from tests.rosters.lists import listed, roster_csv

POOR = {"class": "registered_poor", "valid_from": "2018-01-01", "source": "扶贫办"}
AIDED = POOR | {"class": "low_income_allowance"}
FULL: dict[str, Any] = {"kind": "full", "class": "registered_poor"}
OfficeOf = Callable[..., Awaitable[Office]]


async def test_a_row_of_another_class_ends_nobody_of_that_class_nor_its_own_person(office: Office) -> None:
    await office.person(1, identities=[POOR])
    await office.person(2, identities=[AIDED])
    await office.person(3, identities=[POOR])
    await office.person(4, identities=[POOR])

    preview = await office.preview(roster_csv(listed(1), listed(4, word="低保")), **FULL)
    assert [each["person_no"] for each in preview["ended"]["items"]] == ["P000003"]
    await office.apply(preview)

    assert await office.identities(2) == [("low_income_allowance", "2018-01-01", None)]
    assert await office.identities(4) == [("registered_poor", "2018-01-01", None)]


async def test_civil_affairs_ends_no_class_that_it_may_not_list(office: Office, office_of: OfficeOf) -> None:
    for number in (1, 2, 3):
        await office.person(number, identities=[POOR, AIDED])
    civil = await office_of(Role.PAYER)

    preview = await civil.preview(roster_csv(listed(1), listed(2, word="低保")), kind="full")
    await civil.apply(preview)

    assert preview["counts"]["ended"] == 1
    assert [each[2] for each in await office.identities(3)] == ["2018-05-31", None]
    assert await office.identities(1) == [
        (name, "2018-01-01", None) for name in sorted((AIDED["class"], POOR["class"]))
    ]


async def test_civil_affairs_neither_sees_nor_applies_a_list_of_the_agency(office: Office, office_of: OfficeOf) -> None:
    await office.person(1, identities=[POOR])
    civil = await office_of(Role.PAYER)
    roster = await office.preview(roster_csv(listed(1)), **FULL)

    assert (await civil.apply(roster, 404))["code"] == "roster.unknown"
    for path in ("", "/rows", "/changes", "/rejected.csv", "/settlements-touched"):
        await civil.ask("GET", f"/v1/rosters/{roster['id']}{path}", status=404)
    assert (await civil.ask("GET", "/v1/rosters"))["items"] == []
    own = await civil.preview(roster_csv(listed(1, word="低保")))
    assert [each["id"] for each in (await office.ask("GET", "/v1/rosters"))["items"]] == [roster["id"], own["id"]]
