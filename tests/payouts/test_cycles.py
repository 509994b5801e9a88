"""The yearly top-up of chronic visits: the reference cases to the fen, once, and again only what has changed."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from tests.cases.claims import cases
from tests.cases.county import done, visit_body
from tests.cases.parties import on_day
from tests.claims.test_reference_http import identities_of
from tests.payouts.office import Office, account, bank

CASES = [case for case in cases("reference.yaml") if "cycle_top_up" in case]


@pytest.fixture
def turn_to(app: FastAPI) -> Callable[[str], None]:
    def turn(day: str) -> None:
        app.state.clock = on_day(day)

    return turn


async def run(office: Office, start: str, *, dry_run: bool = False, status: int = 200) -> Any:
    return await done(await office.agency("POST", f"/v1/cycles/{start}/run", {"dry_run": dry_run}), status)


async def visit(office: Office, id_number: str, price: str, day: str, *, disease: str = "CD03", **more: Any) -> str:
    hospital = await office.county.hospital("township", "county")
    serial = await office.rows("SELECT count(*) FROM settlements")
    shape = {"visit_no": f"C{serial[0][0]}", "visit_type": "chronic_outpatient", "service_on": day, "disease": disease}
    lines = [{"grade": "A", "unit_price": price, "quantity": "1"}]
    body = visit_body(shape, lines, hospital=hospital, id_number=id_number, referral=None) | more
    return str((await done(await office.agency("POST", "/v1/settlements", body)))["id"])


async def patient(office: Office, **more: Any) -> tuple[str, str]:
    person: dict[str, Any] = {"bank_account": account()} | more
    person_no, id_number = await office.county.person(
        [{"class": "registered_poor", "valid_from": "2015-01-01"}], **person
    )
    await office.county.card(person_no, "CD03")
    return person_no, id_number


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
async def test_the_reference_cycles_to_the_fen(office: Office, turn_to: Callable[[str], None], case: Any) -> None:
    turn_to("2023-01-01")
    person_no, id_number = await office.county.person(identities_of(case), bank_account=account())
    for disease in sorted({step["visit"]["disease"] for step in case["visits"] if "disease" in step["visit"]}):
        await office.county.card(person_no, disease)
    for step in case["visits"]:
        shape = step["visit"]
        hospital = await office.county.hospital(shape["hospital_level"], shape["hospital_location"])
        number = (
            await office.county.referral(person_no, hospital, shape["admitted_on"]) if shape.get("referral") else None
        )
        body = visit_body(shape, step["fee_lines"], hospital=hospital, id_number=id_number, referral=number)
        await done(await office.agency("POST", "/v1/settlements", body))

    for cycle in case["cycle_top_up"]:
        looked = await run(office, cycle["cycle_start"], dry_run=True)
        ran = await run(office, cycle["cycle_start"])
        again = await run(office, cycle["cycle_start"])

        assert (ran["cycle_end"], ran["pay_by"]) == (cycle["cycle_end"], cycle["pay_by"])
        [item] = ran["items"]
        assert item["amount"] == looked["items"][0]["amount"] == looked["totals"]["amount"] == cycle["expect"]
        assert item["status"] == "open"
        assert (ran["run"]["changed"], again["run"]["changed"]) == (1, 0)

    owed = await office.rows("""SELECT sum(p.amount)::bigint FROM postings p JOIN ledger_entries e
        ON e.county_code = p.county_code AND e.id = p.entry_id WHERE e.cause = 'cycle'""")
    assert owed == [(sum(round(100 * float(cycle["expect"])) for cycle in case["cycle_top_up"]),)]


async def test_a_cycle_is_not_run_before_it_ends_and_none_is_made_up(
    office: Office, turn_to: Callable[[str], None]
) -> None:
    _, id_number = await patient(office)
    await visit(office, id_number, "500.00", "2018-03-05")
    turn_to("2018-11-30")
    assert (await run(office, "2018-01-01", status=409))["code"] == "cycle.open"
    assert (await run(office, "2018-01-01", dry_run=True))["items"][0]["status"] == "not_run"
    assert await office.rows("SELECT count(*) FROM cycle_runs") == [(0,)]
    assert (await run(office, "2018-02-01", status=404))["code"] == "cycle.unknown"
    assert (await run(office, "2022-12-01", status=404))["code"] == "cycle.unknown"


async def test_the_last_cycle_counts_visits_to_the_end_of_the_law_and_is_paid_by_december(
    office: Office, turn_to: Callable[[str], None]
) -> None:
    turn_to("2022-12-02")
    _, id_number = await patient(office)
    await visit(office, id_number, "500.00", "2022-02-28")
    await visit(office, id_number, "900.00", "2022-03-01")
    ran = await run(office, "2021-12-01")
    assert (ran["counts_to"], ran["pay_by"], ran["totals"]["total"]) == ("2022-02-28", "2022-12-15", "500.00")


async def test_what_changes_later_is_paid_or_taken_from_the_next_batch(
    office: Office, turn_to: Callable[[str], None]
) -> None:
    _, id_number = await patient(office)
    first = await visit(office, id_number, "2000.00", "2018-03-05")
    await visit(office, id_number, "1000.00", "2018-04-05")
    paid = (await run(office, "2018-01-01"))["items"][0]["amount"]
    batch = await office.released(filter={"kinds": ["cycle"]})
    assert batch["total"] == paid
    await office.answer(batch["id"], bank(await office.file(batch["id"])))
    assert (await run(office, "2018-01-01"))["items"][0]["status"] == "paid"

    body = {"reason": "误结算", "chain": True}
    await done(await office.agency("POST", f"/v1/settlements/{first}/reversal", body))
    later = await run(office, "2018-01-01")
    [item] = later["items"]
    assert cents(item["amount"]) < cents(paid)
    left = (await office.batch(status=409))["left_out"]
    assert [(one["code"], cents(one["amount"])) for one in left] == [("recovery", cents(item["amount"]) - cents(paid))]

    await office.stay(id_number, "30000.00")
    owed = sum(
        row[0] for row in await office.rows("SELECT owed_to_patient FROM settlements WHERE visit_type = 'inpatient'")
    )
    batch = await office.released()
    assert cents(batch["total"]) == owed + cents(item["amount"]) - cents(paid)
    await office.answer(batch["id"], bank(await office.file(batch["id"])))
    assert set(await office.states()) == {"fund", "paid"}


async def test_who_has_no_account_is_counted_and_named(office: Office) -> None:
    _, id_number = await patient(office, bank_account=None, township_code="459901102")
    await visit(office, id_number, "4000.00", "2018-03-05")
    ran = await run(office, "2018-01-01")
    assert ran["totals"]["without_account"] == 1
    assert [item["account"] for item in ran["items"]] == ["account.none"]
    assert [one["township_code"] for one in ran["totals"]["by_township"]] == ["459901102"]
    assert [one["disease_code"] for one in ran["totals"]["by_disease"]] == ["CD03"]
    assert ran["totals"]["by_disease"][0]["amount"] == ran["totals"]["amount"]


def cents(amount: str) -> int:
    return int(amount.replace(".", ""))


async def test_what_is_due_stands_in_the_list_of_deadlines(office: Office, turn_to: Callable[[str], None]) -> None:
    _, id_number = await patient(office)
    await visit(office, id_number, "4000.00", "2018-03-05")

    async def kinds() -> list[tuple[str, str, bool]]:
        found = await done(await office.insurer("GET", "/v1/deadlines"), 200)
        ours = ("cycle.run", "payout.pay", "payout.answer")
        return [(one["kind"], one["due_on"], one["overdue"]) for one in found["items"] if one["kind"] in ours]

    assert await kinds() == [("cycle.run", "2018-12-15", False)]
    await run(office, "2018-01-01")
    assert await kinds() == [("payout.pay", "2018-12-15", False)]
    batch = await office.released()
    assert await kinds() == [("payout.answer", "2018-12-14", False), ("payout.pay", "2018-12-15", False)]
    turn_to("2018-12-16")
    assert [overdue for _, _, overdue in await kinds()] == [True, True]
    await office.answer(batch["id"], bank(await office.file(batch["id"])))
    assert await kinds() == []


async def test_a_cycle_is_to_be_run_again_when_its_visits_have_changed_since(office: Office) -> None:
    person_no, id_number = await patient(office)
    first = await visit(office, id_number, "4000.00", "2018-03-05")
    other = await visit(office, id_number, "4000.00", "2018-05-05")
    await run(office, "2018-01-01")

    async def again() -> list[str]:
        found = await done(await office.insurer("GET", "/v1/deadlines"), 200)
        return [one["subject"] for one in found["items"] if one["kind"] == "cycle.again"]

    assert await again() == []
    await done(await office.agency("POST", f"/v1/settlements/{other}/reversal", {"reason": "误结算", "chain": True}))
    assert await again() == ["2018-01-01"]
    await run(office, "2018-01-01")
    assert await again() == []

    # Not poor any more on the day: what was raised is to be taken back.
    await done(await office.agency("PUT", f"/v1/persons/{person_no}", {"identities": [], "reason": "更正"}), 200)
    body = {"cause": "identity", "note": "更正", "chain": True}
    await done(await office.agency("POST", f"/v1/settlements/{first}/readjudication", body))
    assert await again() == ["2018-01-01"]
