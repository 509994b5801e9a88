"""Whom a list may end, and whose list it is: a row that is rejected widens nothing, and an office sees its own only."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from sqlalchemy import text

from service.access.model import Role
from service.db import transaction_on
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


async def test_an_auditor_reads_no_names_and_everybody_who_reads_leaves_a_trace(
    office: Office, office_of: OfficeOf, app: FastAPI
) -> None:
    await office.person(1, identities=[])
    roster = await office.preview(roster_csv(listed(1, "李四")))
    auditor = await office_of(Role.AUDITOR)

    seen = await auditor.ask("GET", f"/v1/rosters/{roster['id']}")
    assert (seen["rejected"]["items"][0]["cells"], seen["rejected"]["items"][0]["faults"][0]["text"]) == ([], None)
    assert "李四" not in str(seen)
    for path in ("/changes", "/settlements-touched"):
        await auditor.ask("GET", f"/v1/rosters/{roster['id']}{path}")
    rows = await office.ask("GET", f"/v1/rosters/{roster['id']}/rows")
    assert rows["items"][0]["cells"][0] == "李四"

    async with transaction_on(app.state.engine) as tx:
        noted = "SELECT count(*) FROM audit_log WHERE action = 'roster.read' AND subject = :id"
        assert await tx.scalar(text(noted), {"id": roster["id"]}) == 4
