"""A hospital corrects its own bill, and an invoice stands for one visit: worked by hand."""

import pytest

from tests.cases.county import done
from tests.claims.bills import Body, fee_line
from tests.claims.changes.people import POOR, anew, month_stay, moved, refused, reversed_, settled
from tests.claims.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_hospital_corrects_its_own_bill_and_nothing_else(world: World) -> None:
    # 10 000 + 1 000 forgotten: basic 8 800, top-up 1 100; the patient's 100 of it was never asked for.
    _, patient = await world.county.person(POOR)
    body = month_stay(world.hospital_code, patient, 6)
    first = await settled(world.hospital, body)
    line = fee_line(2, "T-B", price="1000.00", quantity="1")
    corrected = body | {"fee_lines": [*body["fee_lines"], line]}

    second = await anew(world.hospital, first["id"], "hospital_correction", request=corrected)

    assert moved(second) == {("basic", "hospital"): 800_00, ("top_up", "hospital"): 100_00}
    assert (second["amounts"]["total"], second["due_at_discharge"]) == ("11000.00", "1100.00")
    assert second["to_collect"] == "100.00"
    assert (await refused(world.hospital, second["id"]))[1]["errors"][0]["pointer"] == "/cause"
    missing = await refused(world.hospital, second["id"], "hospital_correction")
    assert missing[1]["errors"][0]["pointer"] == "/request"
    another = corrected | {"visit_no": "ANOTHER"}
    status, problem = await refused(world.hospital, second["id"], "hospital_correction", request=another)
    assert (status, problem["code"]) == (422, "settlement.other_visit")


async def test_a_line_too_many_gives_the_patient_back_what_was_paid_for_it(world: World) -> None:
    # 11 000: 8 800 + 1 100, 1 100 at the counter. Of 10 000 the patient owes 1 000: 100 goes to the account, so that
    # the hospital has its 10 000: 1 100 from the counter and 8 900 from the payers.
    _, patient = await world.county.person(POOR)
    body = month_stay(world.hospital_code, patient, 6)
    line = fee_line(2, "T-B", price="1000.00", quantity="1")
    first = await settled(world.hospital, body | {"fee_lines": [*body["fee_lines"], line]})

    second = await anew(world.hospital, first["id"], "hospital_correction", request=body)

    assert moved(second) == {
        ("basic", "hospital"): -800_00,
        ("top_up", "hospital"): -200_00,
        ("top_up", "patient"): 100_00,
    }
    assert (second["due_at_discharge"], second["owed_to_patient"]) == ("1100.00", "100.00")


async def test_an_invoice_stands_for_one_live_visit(world: World) -> None:
    _, patient = await world.county.person(POOR)
    one = await settled(world.hospital, month_stay(world.hospital_code, patient, 6, invoice_no="PJ-1"))
    two = await settled(world.hospital, month_stay(world.hospital_code, patient, 7))

    taken = await world.hospital("PUT", f"/v1/settlements/{two['id']}/invoice", {"invoice_no": "PJ-1"})
    attached = await done(
        await world.hospital("PUT", f"/v1/settlements/{two['id']}/invoice", {"invoice_no": "PJ-2"}), 200
    )
    again = await world.hospital(
        "POST", "/v1/settlements", month_stay(world.hospital_code, patient, 8, invoice_no="PJ-2")
    )

    assert (taken.status_code, taken.json()["code"]) == (409, "invoice.used")
    assert attached["invoice_no"] == "PJ-2"
    assert (again.status_code, again.json()["code"]) == (409, "invoice.used")
    found = await done(await world.hospital("GET", "/v1/settlements?invoice_no=PJ-2"), 200)
    assert [item["id"] for item in found["items"]] == [two["id"]]
    await reversed_(world.hospital, two["id"])
    await settled(world.hospital, month_stay(world.hospital_code, patient, 7, invoice_no="PJ-2"))
    assert one["invoice_no"] == "PJ-1"


async def test_a_corrected_bill_that_is_wrong_is_refused_where_it_is_wrong_and_leaves_nothing(world: World) -> None:
    _, patient = await world.county.person(POOR)
    body = month_stay(world.hospital_code, patient, 6)
    first = await settled(world.hospital, body)
    counts = await world.counts()
    wrong: list[tuple[Body, str, str]] = [
        ({"fee_lines": []}, "fee_lines.empty", "/request/fee_lines"),
        ({"discharged_on": "2018-05-01"}, "visit.dates", "/request/discharged_on"),
        ({"person": {"id_no": "459901195003070005"}}, "person.unknown", "/request/person"),
        (
            {"fee_lines": [body["fee_lines"][0] | {"amount": "1.00"}]},
            "fee_lines.amount_mismatch",
            "/request/fee_lines/0/amount",
        ),
        ({"referral_no": "NONE"}, "referral.invalid", "/request/referral_no"),
        ({"admitted_on": None}, "request.invalid", "/request/admitted_on"),
        ({"interim_no": 1}, "settlement.other_visit", "/request"),
        ({"surprise": 1}, "request.invalid", "/request/surprise"),
    ]

    for change, code, pointer in wrong:
        status, problem = await refused(world.hospital, first["id"], "hospital_correction", request=body | change)
        assert (problem["code"], problem["errors"][0]["pointer"]) == (code, pointer), problem
        assert status == 422
    assert await world.counts() == counts
