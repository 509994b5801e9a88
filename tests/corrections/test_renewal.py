"""Agreements and cards that run out: found in time, renewed, and what a renewal of the past would change."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.claims.bills import stay
from tests.corrections.conftest import done
from tests.registers.conftest import Call
from tests.registers.examples import HOSPITAL, a_card, a_hospital, a_person, an_agreement, id_no

Settle = Callable[[dict[str, Any]], Awaitable[Any]]


@pytest.fixture
async def agreement(agency: Call) -> Any:
    """An agreement that ended two weeks before today, 2018-06-15."""
    await done(agency, "POST", "/v1/hospitals", a_hospital(), 201)
    await done(agency, "POST", "/v1/persons", a_person(1), 201)
    return await done(agency, "POST", "/v1/agreements", an_agreement(valid_to="2018-05-31"), 201)


async def test_agreements_that_end_soon_are_listed_by_days_or_by_what_the_policy_says(
    agency: Call, agreement: Any
) -> None:
    for hospital, last in (("H2", "2018-08-14"), ("H3", "2018-08-15"), ("H4", None)):
        await done(agency, "POST", "/v1/hospitals", a_hospital(hospital), 201)
        await done(agency, "POST", "/v1/agreements", an_agreement(hospital_code=hospital, valid_to=last), 201)

    async def listed(query: str) -> list[str]:
        return [each["hospital_code"] for each in (await done(agency, "GET", f"/v1/agreements?{query}"))["items"]]

    assert await listed("ending=true") == await listed("ends_within_days=60") == ["H2"]
    assert await listed("ends_within_days=61") == ["H2", "H3"]


async def test_a_renewal_in_the_past_lists_whose_top_up_would_have_been_advanced(
    agency: Call, agreement: Any, settled: Settle
) -> None:
    without = await settled(stay(HOSPITAL, id_no(1)))
    assert {layer["layer"]: layer["pay_to"] for layer in without["layers"]}["top_up"] == "patient"
    body = {"policy_no": "FP2018-002", "valid_from": "2018-06-01", "valid_to": "2019-05-31"}
    path = f"/v1/agreements/{agreement['id']}/renewal"

    preview = await done(agency, "POST", path, body | {"dry_run": True}, 201)
    assert len((await done(agency, "GET", "/v1/agreements"))["items"]) == 1
    renewed = await done(agency, "POST", path, body, 201)

    assert renewed["settlements_affected"] == preview["settlements_affected"]
    affected = renewed["settlements_affected"][0]
    assert affected["settlement_id"] == without["id"]
    paid = next(layer["paid"] for layer in without["layers"] if layer["layer"] == "top_up")
    assert {(each["way"], each["before"], each["after"]) for each in affected["expected_difference"]} == {
        ("patient", paid, "0.00"),
        ("hospital", "0.00", paid),
    }
    assert renewed["before"]["valid_to"] == "2018-05-31"
    assert (await done(agency, "GET", f"/v1/settlements/{without['id']}"))["layers"] == without["layers"]


async def test_a_shorter_renewal_lists_whose_top_up_is_not_advanced_any_more(
    agency: Call, agreement: Any, settled: Settle
) -> None:
    """The old agreement ran to the end of May; the one that follows it from May on ends in the middle of that month."""
    days = {"admitted_on": "2018-05-18", "discharged_on": "2018-05-20"}
    lost = await settled(stay(HOSPITAL, id_no(1), **days))
    assert {layer["layer"]: layer["pay_to"] for layer in lost["layers"]}["top_up"] == "hospital"
    body = {"policy_no": "N1", "valid_from": "2018-05-01", "valid_to": "2018-05-15"}

    renewed = await done(agency, "POST", f"/v1/agreements/{agreement['id']}/renewal", body, 201)

    affected = renewed["settlements_affected"]
    assert [(each["settlement_id"], each["insurers_before"], each["insurers_after"]) for each in affected] == [
        (lost["id"], ["top_up_insurer"], [])
    ]
    assert {(each["way"], each["after"] == "0.00") for each in affected[0]["expected_difference"]} == {
        ("hospital", True),
        ("patient", False),
    }


async def test_a_change_of_insurer_lists_the_settlements_that_change_hands(
    agency: Call, agreement: Any, settled: Settle
) -> None:
    days = {"admitted_on": "2018-05-18", "discharged_on": "2018-05-20"}
    made = await settled(stay(HOSPITAL, id_no(1), **days))
    body = {"insurer": "new_insurer", "policy_no": "N1", "valid_from": "2018-05-01"}

    renewed = await done(agency, "POST", f"/v1/agreements/{agreement['id']}/renewal", body, 201)

    each = renewed["settlements_affected"][0]
    assert (each["settlement_id"], each["insurers_before"], each["insurers_after"]) == (
        made["id"],
        ["top_up_insurer"],
        ["new_insurer"],
    )
    assert each["expected_difference"] == []


async def test_a_dry_run_sees_the_overlap_that_the_renewal_would_meet(agency: Call, agreement: Any) -> None:
    await done(agency, "POST", "/v1/agreements", an_agreement(valid_from="2018-09-01", valid_to=None), 201)
    body = {"policy_no": "N1", "valid_from": "2018-06-01", "valid_to": "2018-12-31"}

    for dry_run in (True, False):
        refused = await done(
            agency, "POST", f"/v1/agreements/{agreement['id']}/renewal", body | {"dry_run": dry_run}, 409
        )
        assert refused["code"] == "agreement.overlap"
    assert len((await done(agency, "GET", "/v1/agreements"))["items"]) == 2


async def test_another_insurer_takes_over_from_one_day_to_the_next(agency: Call, agreement: Any) -> None:
    body = {"insurer": "new_insurer", "policy_no": "N1", "valid_from": "2018-05-01"}

    renewed = await done(agency, "POST", f"/v1/agreements/{agreement['id']}/renewal", body, 201)

    assert (renewed["before"]["valid_to"], renewed["agreement"]["insurer"]) == ("2018-04-30", "new_insurer")
    for day, insurer in (("2018-04-30", "top_up_insurer"), ("2018-05-01", "new_insurer")):
        items = (await done(agency, "GET", f"/v1/agreements?on={day}"))["items"]
        assert [each["insurer"] for each in items] == [insurer]
    early = {"policy_no": "N2", "valid_from": "2017-12-01"}
    assert (await done(agency, "POST", f"/v1/agreements/{agreement['id']}/renewal", early, 422))["errors"]


async def test_cards_that_run_out_are_listed_and_renewed(agency: Call, agreement: Any) -> None:
    card = await done(agency, "POST", "/v1/chronic-cards", a_card(valid_to="2018-07-31"), 201)
    path = f"/v1/chronic-cards/{card['id']}"
    certificate = {"hospital_code": HOSPITAL, "issued_on": "2018-06-01"}
    renewal = {"certificate": certificate, "valid_to": "2019-07-31"}
    assert (await done(agency, "POST", f"{path}/renewal", renewal, 409))["code"] == "card.not_renewable"
    await done(agency, "POST", f"{path}/decision", {"decision": "approve"})

    soon = "/v1/chronic-cards?status=approved&ends_within_days="
    assert [len((await done(agency, "GET", f"{soon}{days}"))["items"]) for days in (45, 46)] == [0, 1]
    old = certificate | {"issued_on": "2018-03-14"}
    refused = await done(agency, "POST", f"{path}/renewal", renewal | {"certificate": old}, 422)
    assert refused["code"] == "chronic.certificate_too_old"
    renewed = await done(agency, "POST", f"{path}/renewal", renewal, 201)

    assert (renewed["status"], renewed["valid_from"], renewed["valid_to"]) == ("applied", "2018-08-01", "2019-07-31")
    assert (await done(agency, "POST", f"{path}/renewal", renewal, 409))["code"] == "card.exists"
