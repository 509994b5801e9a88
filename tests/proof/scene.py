"""A county in which everything has happened that moves money: every kind of visit, change, statement and transfer."""

import random
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from service.access.model import Role
from service.clock import Clock
from service.db import transaction_on
from service.proof.law import Law
from service.proof.model import Wrong
from service.proof.runs import actions, proving
from service.proof.seals.actions import seal
from service.reconciliation.closings import actions as closings
from service.reconciliation.deductions import actions as deductions
from service.reconciliation.deductions.actions import Asked
from service.reconciliation.statements import actions as statements
from service.reconciliation.statements import store
from service.reconciliation.statements.confirmation import confirm
from tests.bulk.county import fill
from tests.cases.claims import cases
from tests.cases.county import COUNTY, done, visit_body
from tests.claims.bills import chronic
from tests.claims.changes.people import POOR, anew, month_stay, reversed_, settled
from tests.claims.test_reference_http import identities_of
from tests.claims.world import World
from tests.reconciliation.year import Year

BULK = 60
IN_DECEMBER = date(2026, 12, 5)


async def everything(world: World) -> None:
    """Let it all happen, and seal it."""
    url = world.app.state.settings.database_url
    await fill(url, BULK, lines=3, span=85)
    await visits(world)
    await changes(world)
    await statements_and_transfers(world)
    await seal(world.app.state.engine, COUNTY, Clock())


async def visits(world: World) -> None:
    """The reference cases: stays in parts, chronic visits, decided layers, other compensation, the pack of 2022."""
    for case in cases("reference.yaml")[::3]:
        person_no, id_number = await world.county.person(identities_of(case))
        for disease in sorted({step["visit"]["disease"] for step in case["visits"] if "disease" in step["visit"]}):
            await world.county.card(person_no, disease)
        for step in case["visits"]:
            visit = step["visit"]
            if not visit.get("referral"):
                special = visit.get("specialist_hospital", False)
                hospital = await world.county.hospital(
                    visit["hospital_level"], visit["hospital_location"], specialist=special
                )
                body = visit_body(visit, step["fee_lines"], hospital=hospital, id_number=id_number, referral=None)
                body["visit_no"] = f"{person_no}-{visit['visit_no']}"
                await settled(world.agency, body)


async def changes(world: World) -> None:
    """Reversals alone and with all that rests on them, versions of several causes, a visit on hold."""
    _, patient = await world.county.person(POOR)
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 3))
    second = await settled(world.hospital, month_stay(world.hospital_code, patient, 4, 30_000))
    third = await settled(world.hospital, month_stay(world.hospital_code, patient, 5, 20_000))
    await reversed_(world.hospital, third["id"])
    await reversed_(world.agency, first["id"], chain=True)
    assert second["id"]

    person_no, late = await world.county.person()
    stays = [await settled(world.hospital, month_stay(world.hospital_code, late, month)) for month in (3, 4, 5)]
    identity = {"identities": POOR, "reason": "补录"}
    await done(await world.agency("PUT", f"/v1/persons/{person_no}", identity), 200)
    await anew(world.agency, stays[0]["id"], chain=True)

    corrected = month_stay(world.hospital_code, late, 9, 7_000)
    wrong = await settled(world.hospital, corrected | {"fee_lines": month_stay("", "", 9, 9_000)["fee_lines"]})
    await anew(world.hospital, wrong["id"], "hospital_correction", request=corrected)
    held = {"injury": {"third_party": "unknown", "note": ""}}
    await settled(world.hospital, month_stay(world.hospital_code, late, 10) | held)
    card_of, ill = await world.county.person(POOR)
    await world.county.card(card_of, "CD03")
    visit = await settled(world.hospital, chronic(world.hospital_code, ill))
    await done(await world.agency("POST", "/v1/objections", {"settlement_id": visit["id"], "reason": "金额不对"}))


async def statements_and_transfers(world: World) -> None:
    """Three months billed, matched, paid in every way; then reversals of what was billed, and the next statement."""
    engine, vault = world.app.state.engine, world.app.state.vault
    year = Year(engine, vault, [], 0, random.Random(20))
    for month in (1, 2, 3):
        await bill_and_pay(year, month, date(2018, month + 1, 4))
    await recover_and_close(year, date(2018, 4, 5))
    async with transaction_on(engine) as tx:
        ids = [
            row[0]
            for row in await tx.exec_driver_sql(
                "SELECT v.settlement_id::text FROM live_visits v JOIN settlements s ON s.id = v.settlement_id"
                " WHERE s.order_no = 5 AND s.person_no LIKE 'P000000__' ORDER BY 1 LIMIT 3"
            )
        ]
    for one in ids:
        await reversed_(world.agency, one)
    async with year.desk(IN_DECEMBER) as desk:
        for payer in ("basic_fund", "serious_insurer", "top_up_insurer"):
            run = await statements.run(desk, payer, "2026-11", dry_run=False)
            assert run["failed"] == []


async def bill_and_pay(year: Year, month: int, day: date) -> None:
    """A month billed; some statements matched, all paid in one way or another, some confirmed."""
    for number, statement in enumerate(await year.bill(month, day)):
        fresh = statement["period"].startswith(f"2018-{month:02d}") and statement["total"] > 0
        if fresh and number % 3 == 0:
            await year.match(statement, day)
    async with year.desk(day) as desk:
        owed = await store.statements(desk.tx, desk, {}, limit=1000)
    for number, statement in enumerate(owed):
        await year.clear(statement, day)
        if number % 5 == 0 and statement["outstanding"] > 100:
            await agree_and_retain(year, statement, day)


async def recover_and_close(year: Year, day: date) -> None:
    """An inspection recovers a part of a line, whether or not its statement is paid; then March is closed."""
    async with year.desk(day) as desk:
        march = (await store.statements(desk.tx, desk, {"period": "2018-03", "payer": "top_up_insurer"}, limit=1))[0]
        lines = await store.lines(desk.tx, march, limit=100)
        number = max(lines, key=lambda line: int(line["amount"]))["line_no"]
        asked = Asked("recovery", 50, (number,), "检〔2018〕3号", "检查追回")
        await deductions.deduct(desk, march["id"], asked)
    async with year.desk(day) as desk:
        await closings.close(desk, "top_up_insurer", "2018-03")


async def agree_and_retain(year: Year, statement: dict[str, Any], day: date) -> None:
    """Both sides agree to a statement; where something is open, a retention is taken and given back."""
    async with year.desk(day) as desk:
        now = (await store.statements(desk.tx, desk, {}, ids=[statement["id"]], limit=1))[0]
    if now["hospital_confirmed_at"] is None and now["carried_into"] is None and now["status"] != "closed":
        async with year.desk(day, Role.HOSPITAL, hospital_code=statement["hospital_code"]) as desk:
            await confirm(desk, statement["id"])
        async with year.desk(day) as desk:
            await confirm(desk, statement["id"])
    if now["outstanding"] > 100:
        async with year.desk(day) as desk:
            taken = await deductions.deduct(desk, statement["id"], Asked("retention", 100, (), None, "质保金"))
        async with year.desk(day) as desk:
            await deductions.release(desk, statement["id"], UUID(taken["id"]), "到期")


async def found_wrong(tx: AsyncConnection, size: int = 50) -> list[Wrong]:
    """Everything that a verification finds wrong, as this transaction sees the county."""
    law, found = Law(), list[Wrong]()
    for part in await actions.parts_of(tx, COUNTY, size=size):
        found += (await proving.prove(tx, law, COUNTY, part))[1]
    return found


def named(found: list[Wrong]) -> list[Any]:
    return [(one.table, one.key, one.column) for one in found]
