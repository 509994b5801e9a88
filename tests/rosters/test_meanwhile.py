"""What somebody else writes between a preview and its application, or while it is applied."""

import asyncio
import io
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from service.access.model import Caller, Role
from service.config import Settings
from service.db import create_engine, transaction_on
from service.registers.rosters.model import RosterKind, Statement
from service.rosters import actions
from service.rosters.office import Office as OfficeAtWork
from tests.claims.bills import stay
from tests.registers.examples import HOSPITAL, a_hospital, id_no
from tests.rosters.conftest import Office
from tests.rosters.lists import listed, roster_csv
from tests.rosters.test_together import WAITING, hospital_of, touched, until
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


async def test_a_name_corrected_after_the_preview_makes_it_stale(office: Office) -> None:
    await office.person(1, identities=[])
    content = roster_csv(listed(1))
    roster = await office.preview(content)
    await office.ask("PUT", "/v1/persons/P000001", {"name": "李四"})

    assert (await office.apply(roster, 409))["code"] == "roster.stale"
    again = await office.preview(content)
    assert [row["faults"][0]["code"] for row in again["rejected"]["items"]] == ["name.differs"]


async def test_a_list_waits_for_a_correction_under_way_and_then_notices_it(office: Office, app: FastAPI) -> None:
    """The correction has taken its turn and waits for the person's row; the list waits for the correction."""
    await office.person(1, identities=[])
    roster = await office.preview(roster_csv(listed(1)))

    async with transaction_on(app.state.engine) as tx:
        await tx.execute(text("SELECT FROM persons FOR UPDATE"))
        corrected = asyncio.create_task(office.ask("PUT", "/v1/persons/P000001", {"name": "李四"}))
        await until(app, WAITING)
        applied = asyncio.create_task(office.apply(roster, 409))
        await until(app, WAITING.replace("> 0", "> 1"))
    await corrected

    assert (await applied)["code"] == "roster.stale"
    assert await office.identities(1) == []


async def test_whoever_writes_about_a_person_waits_for_the_list_that_is_applied(office: Office, app: FastAPI) -> None:
    """Registered, corrected, joined: each waits until the list is in, and none is lost."""
    for number in (1, 2, 5):
        await office.person(number, identities=[])
    roster = await office.preview(roster_csv(listed(1), listed(2), listed(3, "新来的")))

    async with transaction_on(app.state.engine) as tx:
        await tx.execute(text("LOCK TABLE identities IN SHARE MODE"))
        applied = asyncio.create_task(office.apply(roster))
        await until(app, WAITING)
        writers = [
            asyncio.create_task(office.person(4, identities=[])),
            asyncio.create_task(office.ask("PUT", "/v1/persons/P000001", {"identities": [POOR]})),
            asyncio.create_task(office.ask("POST", "/v1/persons/P000002/join", {"other": "P000005"})),
        ]
        await until(app, WAITING.replace("> 0", "> 3"))
    assert (await applied)["state"] == "applied"
    await asyncio.gather(*writers)

    assert await office.identities(1) == [("registered_poor", "2018-01-01", None)]
    assert await office.identities(2) == [("registered_poor", "2018-06-01", None)]


async def test_a_settlement_under_way_while_a_list_is_applied_is_on_the_list_afterwards(
    office: Office, app: FastAPI, client: httpx.AsyncClient
) -> None:
    """It has read the register before the list, and is committed after it; one made later knows the list."""
    await office.ask("POST", "/v1/hospitals", a_hospital(), 201)
    await office.person(1, identities=[])
    await office.person(2, identities=[])
    his = await hospital_of(app)
    roster = await office.preview(roster_csv(*(listed(number, since="2018-01-01") for number in (1, 2))))

    def settle(number: int) -> Coroutine[Any, Any, httpx.Response]:
        body = stay(HOSPITAL, id_no(number), visit_no=f"V{number}")
        return client.post("/v1/settlements", json=body, headers=his | {"Idempotency-Key": f"k{number}"})

    async with transaction_on(app.state.engine) as tx:
        await tx.execute(text("LOCK TABLE settlements IN SHARE MODE"))
        settling = asyncio.create_task(settle(1))
        await until(app, WAITING)
        applied = await office.apply(roster)
    early = await settling
    later = await settle(2)
    assert (early.status_code, later.status_code) == (201, 201), (early.text, later.text)
    assert (early.json()["identities"], later.json()["identities"]) == ([], ["registered_poor"])

    assert applied["counts"]["touched"] == 0
    assert list(await touched(office, roster)) == [early.json()["id"]]
    assert (await office.ask("GET", f"/v1/rosters/{roster['id']}"))["counts"]["touched"] == 1


async def test_two_readers_of_a_list_that_is_begun_anew_lose_no_row(
    office: Office, app: FastAPI, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one reads, another takes the rows of a stale preview back: the first must not go on in the middle."""
    monkeypatch.setattr(actions, "_AT_ONCE", 50)
    content = roster_csv(*(listed(number) for number in range(1, 200)))
    taken_back: list[int] = []
    state = app.state
    caller = Caller("x", Role.AGENCY, "459901", None, frozenset(), None, None, "x")
    at_work = OfficeAtWork(state.engine, state.vault, state.clock, state.packs, caller)

    async def take_back() -> None:
        engine = create_engine(settings.database_url or "", settings)
        async with transaction_on(engine) as tx:
            await tx.execute(text("DELETE FROM roster_rows"))
            await tx.execute(text("UPDATE rosters SET rows_read = 0"))
        await engine.dispose()

    def progress(row: int, _position: int) -> None:
        if row > 100 and not taken_back:
            taken_back.append(row)
            with ThreadPoolExecutor() as pool:
                pool.submit(asyncio.run, take_back()).result()

    statement = Statement(RosterKind.CHANGES, "扶贫办", date(2018, 6, 1))
    roster = await actions.preview(at_work, io.BytesIO(content), "名单.csv", statement, progress)

    assert taken_back
    assert (roster.counts.rows, roster.counts.added) == (199, 199)
