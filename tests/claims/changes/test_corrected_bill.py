"""A hospital corrects its own bill, and an invoice stands for one visit: worked by hand."""

import pytest

from tests.cases.county import done
from tests.claims.bills import Body, fee_line
from tests.claims.changes.people import POOR, anew, identify, month_stay, moved, refused, reversed_, settled
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


async def test_a_corrected_bill_brings_its_invoice_and_none_that_is_taken(world: World) -> None:
    _, patient = await world.county.person(POOR)
    _, other = await world.county.person(POOR)
    body = month_stay(world.hospital_code, patient, 6, invoice_no="PJ-11")
    first = await settled(world.hospital, body)
    await settled(world.hospital, month_stay(world.hospital_code, other, 6, invoice_no="PJ-12"))

    taken = await refused(world.hospital, first["id"], "hospital_correction", request=body | {"invoice_no": "PJ-12"})
    second = await anew(world.hospital, first["id"], "hospital_correction", request=body | {"invoice_no": "PJ-13"})
    read = await done(await world.hospital("GET", f"/v1/settlements/{second['id']}"), 200)
    again = month_stay(world.hospital_code, other, 7)
    reused = await world.hospital("POST", "/v1/settlements", again | {"invoice_no": "PJ-13"})
    await done(await world.hospital("POST", "/v1/settlements", again | {"invoice_no": "PJ-11"}))

    assert (taken[0], taken[1]["code"]) == (409, "invoice.used")
    assert [error["pointer"] for error in taken[1]["errors"]] == ["/request/invoice_no"]
    assert (second["invoice_no"], read["invoice_no"]) == ("PJ-13", "PJ-13")
    assert reused.json()["code"] == "invoice.used"
    told = "SELECT data ->> 'before' FROM events WHERE kind = 'settlement.invoice' AND subject = :id"
    assert [row[0] for row in await world.rows(told, id=second["id"])] == ["PJ-11"]


async def test_a_corrected_bill_without_invoice_keeps_the_one_attached(world: World) -> None:
    _, patient = await world.county.person(POOR)
    body = month_stay(world.hospital_code, patient, 6)
    first = await settled(world.hospital, body)
    await done(await world.hospital("PUT", f"/v1/settlements/{first['id']}/invoice", {"invoice_no": "PJ-21"}), 200)
    line = fee_line(2, "T-B", price="1000.00", quantity="1")
    corrected = body | {"fee_lines": [*body["fee_lines"], line]}

    second = await anew(world.hospital, first["id"], "hospital_correction", request=corrected)

    assert second["invoice_no"] == "PJ-21"


async def test_the_same_bill_again_is_no_correction_though_the_registers_have_changed(world: World) -> None:
    person_no, patient = await world.county.person()
    body = month_stay(world.hospital_code, patient, 6)
    first = await settled(world.hospital, body)
    await identify(world, person_no, "registered_poor")

    status, problem = await refused(world.hospital, first["id"], "hospital_correction", request=body)

    assert (status, problem["code"]) == (409, "settlement.unchanged")
    assert (await anew(world.agency, first["id"]))["version"] == 2


async def test_another_diagnosis_alone_is_a_correction(world: World) -> None:
    _, patient = await world.county.person(POOR)
    body = month_stay(world.hospital_code, patient, 6)
    first = await settled(world.hospital, body)
    corrected = body | {"diagnoses": [{"code": "J18.900", "name": "肺炎"}]}

    second = await anew(world.hospital, first["id"], "hospital_correction", request=corrected)

    assert (second["version"], moved(second)) == (2, {})
    assert (await refused(world.hospital, second["id"], "hospital_correction", request=corrected))[0] == 409


async def test_an_answer_names_the_query_code_that_opens_today(world: World) -> None:
    person_no, patient = await world.county.person()
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))
    issued = await done(await world.hospital("POST", f"/v1/settlements/{first['id']}/query-code", {}))
    await identify(world, person_no, "registered_poor")

    second = await anew(world.agency, first["id"])
    third = await reversed_(world.agency, second["id"])

    assert first["query_code"] != issued["query_code"]
    assert second["query_code"] == third["query_code"] == issued["query_code"]


async def test_a_cause_nobody_asks_for_is_refused_in_plain_words(world: World) -> None:
    _, patient = await world.county.person()
    first = await settled(world.hospital, month_stay(world.hospital_code, patient, 6))

    status, problem = await refused(world.agency, first["id"], "chain")

    assert status == 422
    assert "<Cause" not in str(problem)
    assert "hospital_correction" in str(problem)
