"""Every reference visit over HTTP, its persons and hospitals made through the registers, to the fen."""

from typing import Any

import pytest

from tests.cases.claims import cases
from tests.cases.county import Call, County, done, visit_body, wire_figures


def identities_of(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The identities of a case as dated entries: for always, or for the day of each visit that names its own."""
    if not any("identities" in step["visit"] for step in case["visits"]):
        return [{"class": one, "valid_from": "2015-01-01"} for one in case["identities"]]
    return [
        {"class": one, "valid_from": day, "valid_to": day}
        for step in case["visits"]
        for day in [step["visit"].get("discharged_on") or step["visit"]["service_on"]]
        for one in step["visit"].get("identities", case["identities"])
    ]


@pytest.mark.parametrize("case", cases("reference.yaml"), ids=lambda case: case["id"])
async def test_reference_case_over_http(case: dict[str, Any], county: County, agency: Call) -> None:
    person_no, id_number = await county.person(identities_of(case))
    diseases = {step["visit"]["disease"] for step in case["visits"] if "disease" in step["visit"]}
    for disease in sorted(diseases):
        await county.card(person_no, disease)
    first_days: dict[str, str] = {}
    referrals: dict[str, str] = {}

    for step in case["visits"]:
        visit = step["visit"]
        hospital = await county.hospital(
            visit["hospital_level"], visit["hospital_location"], specialist=visit.get("specialist_hospital", False)
        )
        if visit.get("referral"):
            admitted = first_days.setdefault(visit["visit_no"], visit["admitted_on"])
            if visit["visit_no"] not in referrals:
                referrals[visit["visit_no"]] = await county.referral(person_no, hospital, admitted)
        body = visit_body(
            visit,
            step["fee_lines"],
            hospital=hospital,
            id_number=id_number,
            referral=referrals.get(visit["visit_no"]),
        )

        preview = await done(await agency("POST", "/v1/settlements/preview", body), 200)
        settled = await done(await agency("POST", "/v1/settlements", body))
        read = await done(await agency("GET", f"/v1/settlements/{settled['id']}"), 200)

        assert wire_figures(settled) == step["expect"], visit["visit_no"]
        assert wire_figures(preview) == step["expect"]
        assert read == settled
