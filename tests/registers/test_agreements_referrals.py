"""Agreements and referrals over HTTP."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Role
from tests.registers.conftest import Call
from tests.registers.examples import OTHER_COUNTY, a_hospital, a_person, a_referral, an_agreement

AsRole = Callable[..., Awaitable[Call]]
UNKNOWN = "0198c7a4-5c00-7000-8000-000000000009"


@pytest.fixture(autouse=True)
async def a_county(agency: Call) -> None:
    await agency("POST", "/v1/hospitals", a_hospital())
    await agency("POST", "/v1/persons", a_person())


async def test_an_agreement_comes_back_as_entered(agency: Call) -> None:
    made = await agency("POST", "/v1/agreements", an_agreement())

    assert made.status_code == 201
    assert made.json() == an_agreement() | {"county_code": "459901", "id": made.json()["id"]}
    assert (await agency("GET", f"/v1/agreements/{made.json()['id']}")).json() == made.json()


async def test_an_agreement_is_renewed_and_what_was_believed_is_kept(agency: Call, engine: AsyncEngine) -> None:
    path = f"/v1/agreements/{(await agency('POST', '/v1/agreements', an_agreement())).json()['id']}"

    renewed = await agency("PUT", path, {"valid_to": "2019-12-31", "reason": "续签"})
    opened = await agency("PUT", path, {"valid_to": None})

    assert (renewed.status_code, renewed.json()["valid_to"]) == (200, "2019-12-31")
    assert opened.json()["valid_to"] is None
    async with engine.connect() as connection:
        query = text("SELECT upper(valid) - 1, superseded_reason FROM agreements ORDER BY id")
        kept = [(day and day.isoformat(), reason) for day, reason in (await connection.execute(query)).all()]
    assert kept == [("2018-12-31", "续签"), ("2019-12-31", ""), (None, None)]


async def test_one_insurer_has_one_agreement_with_a_hospital_on_a_day(agency: Call) -> None:
    await agency("POST", "/v1/agreements", an_agreement())

    overlap = await agency("POST", "/v1/agreements", an_agreement(valid_from="2018-12-31", valid_to=None))
    next_day = await agency("POST", "/v1/agreements", an_agreement(valid_from="2019-01-01", valid_to=None))
    other_insurer = await agency("POST", "/v1/agreements", an_agreement(insurer="serious_insurer"))
    stretched = await agency("PUT", f"/v1/agreements/{next_day.json()['id']}", {"valid_from": "2018-06-01"})

    assert [r.status_code for r in (overlap, next_day, other_insurer, stretched)] == [409, 201, 201, 409]
    assert overlap.json()["code"] == stretched.json()["code"] == "agreement.overlap"


async def test_an_agreement_may_not_end_before_it_begins(agency: Call) -> None:
    made = await agency("POST", "/v1/agreements", an_agreement())

    refused = [
        await agency("POST", "/v1/agreements", an_agreement(valid_from="2019-01-02", valid_to="2019-01-01")),
        await agency("PUT", f"/v1/agreements/{made.json()['id']}", {"valid_to": "2017-12-31"}),
    ]

    assert [(each.status_code, each.json()["errors"][0]["code"]) for each in refused] == [(422, "period.order")] * 2


async def test_what_is_unknown_or_foreign_is_not_found(agency: Call, as_role: AsRole) -> None:
    elsewhere = await as_role(Role.AGENCY, "other-agency", county_code=OTHER_COUNTY)
    agreement = (await agency("POST", "/v1/agreements", an_agreement())).json()["id"]
    await agency("POST", "/v1/referrals", a_referral())

    answers = [
        await agency("POST", "/v1/agreements", an_agreement(hospital_code="H0")),
        await agency("GET", f"/v1/agreements/{UNKNOWN}"),
        await elsewhere("GET", f"/v1/agreements/{agreement}"),
        await elsewhere("PUT", f"/v1/agreements/{agreement}", {"policy_no": "X"}),
        await agency("POST", "/v1/referrals", a_referral(referral_no="Z2", person_no="P9")),
        await agency("POST", "/v1/referrals", a_referral(referral_no="Z2", hospital_code="H0")),
        await elsewhere("POST", "/v1/referrals", a_referral(referral_no="Z2")),
        await elsewhere("GET", "/v1/referrals/ZZ001"),
        await elsewhere("PUT", "/v1/referrals/ZZ001", {"valid_to": None}),
    ]

    assert [each.status_code for each in answers] == [404] * len(answers)
    assert [each.json()["code"] for each in answers] == [
        "hospital.unknown",
        *["agreement.unknown"] * 3,
        "person.unknown",
        "hospital.unknown",
        "person.unknown",
        *["referral.unknown"] * 2,
    ]


async def test_agreements_are_listed_in_pages_and_narrowed(agency: Call) -> None:
    for year in (2018, 2019, 2020):
        await agency("POST", "/v1/agreements", an_agreement(valid_from=f"{year}-01-01", valid_to=f"{year}-12-31"))

    first = (await agency("GET", "/v1/agreements?limit=2")).json()
    second = (await agency("GET", f"/v1/agreements?limit=2&cursor={first['next_cursor']}")).json()
    on = (await agency("GET", "/v1/agreements?on=2019-12-31&insurer=top_up_insurer")).json()["items"]

    assert [each["valid_from"][:4] for each in first["items"] + second["items"]] == ["2018", "2019", "2020"]
    assert [each["valid_from"] for each in on] == ["2019-01-01"]
    assert (await agency("GET", "/v1/agreements?hospital_code=H0")).json()["items"] == []


async def test_a_referral_is_entered_once_prolonged_and_read(agency: Call) -> None:
    made = await agency("POST", "/v1/referrals", a_referral())
    twice = await agency("POST", "/v1/referrals", a_referral(approved_on="2019-01-01", valid_to=None))
    prolonged = await agency("PUT", "/v1/referrals/ZZ001", {"valid_to": "2018-07-31"})

    assert (made.status_code, made.json()) == (201, a_referral() | {"county_code": "459901"})
    assert (twice.status_code, twice.json()["code"]) == (409, "referral.exists")
    assert prolonged.json()["valid_to"] == "2018-07-31"
    assert (await agency("GET", "/v1/referrals/ZZ001")).json() == prolonged.json()


async def test_referrals_are_listed_and_narrowed(agency: Call) -> None:
    await agency("POST", "/v1/referrals", a_referral(referral_no="Z1"))
    await agency("POST", "/v1/referrals", a_referral(referral_no="Z2", valid_to="2018-06-10"))

    first = (await agency("GET", "/v1/referrals?limit=1")).json()
    on = (await agency("GET", "/v1/referrals?person_no=P000001&on=2018-06-11")).json()["items"]

    assert ([each["referral_no"] for each in first["items"]], first["next_cursor"] is None) == (["Z1"], False)
    assert [each["referral_no"] for each in on] == ["Z1"]


@pytest.mark.parametrize(
    "path", ["/v1/agreements", "/v1/referrals", "/v1/hospitals", "/v1/catalogue", "/v1/chronic-cards"]
)
async def test_the_auditor_reads_and_nobody_else_enters(as_role: AsRole, path: str) -> None:
    auditor, hospital = await as_role(Role.AUDITOR), await as_role(Role.HOSPITAL)

    assert (await auditor("GET", path)).status_code == 200
    assert (await auditor("POST", path, {})).status_code == 403
    assert (await hospital("GET", path)).status_code == 403
    assert (await hospital("POST", path, {})).status_code == 403
