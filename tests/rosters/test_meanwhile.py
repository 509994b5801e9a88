"""What somebody else writes between a preview and its application, or while it is applied."""

import asyncio

from fastapi import FastAPI
from sqlalchemy import text

from service.db import transaction_on
from tests.registers.examples import id_no
from tests.rosters.conftest import Office
from tests.rosters.lists import listed, roster_csv
from tests.rosters.test_together import WAITING, until
from tests.rosters.test_whose import FULL, POOR


async def test_an_identity_superseded_while_a_list_is_applied_makes_the_preview_stale(
    office: Office, app: FastAPI
) -> None:
    """Somebody has superseded the identity and not committed yet; the list has compared and waits for the row."""
    await office.person(1, identities=[POOR])
    await office.person(2, identities=[])
    roster = await office.preview(roster_csv(listed(2)), **FULL)

    async with transaction_on(app.state.engine) as tx:
        await tx.execute(
            text("UPDATE identities SET superseded_at = recorded_at, superseded_by = 'x', superseded_reason = 'x'")
        )
        applied = asyncio.create_task(office.apply(roster, 409))
        await until(app, WAITING)
    assert (await applied)["code"] == "roster.stale"

    assert await office.identities(1) == []
    assert await office.identities(2) == []


async def test_a_person_registered_after_the_preview_under_another_name_is_judged_anew(office: Office) -> None:
    content = roster_csv(listed(1, "王五"))
    roster = await office.preview(content)
    await office.person(1, identities=[])

    assert (await office.apply(roster, 409))["code"] == "roster.stale"
    again = await office.preview(content)

    assert again["id"] == roster["id"]
    assert [row["faults"][0]["code"] for row in again["rejected"]["items"]] == ["name.differs"]
    await office.apply(again)
    assert await office.identities(1) == []


async def test_a_number_that_leads_to_nobody_any_more_is_not_passed_over_in_silence(office: Office) -> None:
    await office.person(1, identities=[])
    content = roster_csv(listed(1))
    await office.preview(content)
    await office.ask("PUT", "/v1/persons/P000001", {"id_no": id_no(7)})

    again = await office.preview(content)

    assert again["counts"]["new_persons"] + again["counts"]["rejected"] == 1
