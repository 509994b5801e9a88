"""Chronic cards over HTTP: the certificate's age and origin, one decision, one card per disease and day."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Role
from service.registers.cards.rules import months_before
from tests.registers.conftest import Call
from tests.registers.examples import HOSPITAL, OTHER_COUNTY, a_card, a_hospital, a_person

AsRole = Callable[..., Awaitable[Call]]


@dataclass(frozen=True)
class Rules:
    certificate_months: int = 3
    certificate_levels: frozenset[str] = frozenset({"level2", "level3_city"})
    disease_codes: frozenset[str] = frozenset({"CD01", "CD02"})


class OneRule:
    """A law with chronic diseases in 2018 only."""

    def chronic_rules(self, _county_code: str, day: date) -> Rules | None:
        return Rules() if day.year == 2018 else None

    def on(self, *_asked: object) -> None:
        """No pack to compute with."""

    def deposit_waived(self, *_asked: object) -> frozenset[str]:
        return frozenset({"registered_poor"})


@pytest.fixture(autouse=True)
async def a_county(agency: Call, app: FastAPI) -> None:
    app.state.packs = OneRule()
    await agency("POST", "/v1/hospitals", a_hospital())
    await agency("POST", "/v1/hospitals", a_hospital("H2", level="township"))
    await agency("POST", "/v1/persons", a_person())


async def test_an_application_comes_back_as_entered(agency: Call) -> None:
    made = await agency("POST", "/v1/chronic-cards", a_card())

    assert made.status_code == 201
    assert made.json() == a_card() | {
        "id": made.json()["id"],
        "county_code": "459901",
        "valid_from": "2018-03-01",
        "status": "applied",
        "decision": None,
    }
    assert (await agency("GET", f"/v1/chronic-cards/{made.json()['id']}")).json() == made.json()


@pytest.mark.parametrize(
    ("issued_on", "taken"),
    [("2018-01-31", False), ("2018-02-01", True), ("2018-05-01", True), ("2018-05-02", False)],
)
async def test_the_certificate_is_at_most_so_many_months_old(agency: Call, issued_on: str, taken: bool) -> None:
    """Applied on 1 May: three months before is 1 February; a certificate after the application proves nothing."""
    card = a_card(applied_on="2018-05-01", certificate={"hospital_code": HOSPITAL, "issued_on": issued_on})

    answer = await agency("POST", "/v1/chronic-cards", card)

    if taken:
        assert answer.status_code == 201
    else:
        assert (answer.status_code, answer.json()["code"]) == (422, "chronic.certificate_too_old")
        assert answer.json()["errors"][0]["pointer"] == "/certificate/issued_on"


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2018, 5, 31), 3, date(2018, 2, 28)),
        (date(2020, 5, 31), 3, date(2020, 2, 29)),
        (date(2018, 1, 15), 3, date(2017, 10, 15)),
        (date(2018, 3, 1), 3, date(2017, 12, 1)),
    ],
)
def test_months_are_counted_to_the_same_day_or_the_month_s_last(day: date, months: int, expected: date) -> None:
    assert months_before(day, months) == expected


@pytest.mark.parametrize(
    ("changes", "status", "code", "pointer"),
    [
        (
            {"certificate": {"hospital_code": "H2", "issued_on": "2018-02-20"}},
            422,
            "chronic.certificate_level",
            "/certificate/hospital_code",
        ),
        (
            {"certificate": {"hospital_code": "H0", "issued_on": "2018-02-20"}},
            404,
            "hospital.unknown",
            "/certificate/hospital_code",
        ),
        ({"disease_code": "CD29"}, 422, "chronic.unknown_disease", "/disease_code"),
        ({"disease_code": "CD"}, 422, "request.invalid", "/disease_code"),
        ({"applied_on": "2018-06-16"}, 422, "request.invalid", "/applied_on"),
        ({"applied_on": "2017-12-31"}, 422, "policy.none_in_force", "/applied_on"),
        ({"valid_to": "2018-02-28"}, 422, "request.invalid", ""),
    ],
)
async def test_an_application_that_may_not_be_taken_is_refused(
    agency: Call, changes: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    refused = await agency("POST", "/v1/chronic-cards", a_card() | changes)

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert (await agency("GET", "/v1/chronic-cards")).json()["items"] == []


async def test_a_card_for_nobody_is_refused(agency: Call, as_role: AsRole) -> None:
    elsewhere = await as_role(Role.AGENCY, "other-agency", county_code=OTHER_COUNTY)

    answers = [
        await agency("POST", "/v1/chronic-cards", a_card(person_no="P9")),
        await elsewhere("POST", "/v1/chronic-cards", a_card()),
    ]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(404, "person.unknown")] * 2


async def test_the_hospital_s_level_on_the_day_of_issue_counts(agency: Call) -> None:
    await agency("PUT", "/v1/hospitals/H2", {"level": "level2", "as_of": "2018-02-21"})

    before = await agency(
        "POST", "/v1/chronic-cards", a_card(certificate={"hospital_code": "H2", "issued_on": "2018-02-20"})
    )
    after = await agency(
        "POST", "/v1/chronic-cards", a_card(certificate={"hospital_code": "H2", "issued_on": "2018-02-21"})
    )

    assert (before.json()["code"], after.status_code) == ("chronic.certificate_level", 201)


async def test_an_application_is_decided_once(agency: Call, engine: AsyncEngine) -> None:
    path = f"/v1/chronic-cards/{(await agency('POST', '/v1/chronic-cards', a_card())).json()['id']}"

    approved = await agency("POST", f"{path}/decision", {"decision": "approve", "reason": "材料齐全"})
    again = await agency("POST", f"{path}/decision", {"decision": "refuse", "reason": "看错"})

    assert approved.status_code == 200
    assert approved.json()["status"] == "approved"
    assert approved.json()["decision"]["reason"] == "材料齐全"
    assert approved.json()["decision"]["decided_by"] == "test-agency"
    assert (again.status_code, again.json()["code"]) == (409, "card.decided")
    assert (await agency("GET", path)).json() == approved.json()
    async with engine.connect() as connection:
        states = (await connection.scalars(text("SELECT status FROM chronic_cards ORDER BY id"))).all()
    assert states == ["applied", "approved"]


async def test_a_refusal_needs_a_reason(agency: Call) -> None:
    path = f"/v1/chronic-cards/{(await agency('POST', '/v1/chronic-cards', a_card())).json()['id']}"

    silent = await agency("POST", f"{path}/decision", {"decision": "refuse"})

    assert (silent.status_code, silent.json()["errors"][0]["code"]) == (422, "card.reason_missing")


async def test_one_card_per_disease_and_day_unless_it_was_refused(agency: Call) -> None:
    made = await agency("POST", "/v1/chronic-cards", a_card())
    twice = await agency("POST", "/v1/chronic-cards", a_card(valid_from="2019-02-28", valid_to=None))
    other_disease = await agency("POST", "/v1/chronic-cards", a_card(disease_code="CD01"))
    renewal = await agency("POST", "/v1/chronic-cards", a_card(valid_from="2019-03-01", valid_to="2020-02-29"))
    await agency(
        "POST", f"/v1/chronic-cards/{made.json()['id']}/decision", {"decision": "refuse", "reason": "材料不全"}
    )
    anew = await agency("POST", "/v1/chronic-cards", a_card())

    assert [r.status_code for r in (made, twice, other_disease, renewal, anew)] == [201, 409, 201, 201, 201]
    assert twice.json()["code"] == "card.exists"


async def test_a_decided_card_changes_its_days_only(agency: Call) -> None:
    path = f"/v1/chronic-cards/{(await agency('POST', '/v1/chronic-cards', a_card())).json()['id']}"
    corrected = await agency("PUT", path, {"disease_code": "CD01"})
    too_old = await agency("PUT", path, {"certificate": {"hospital_code": HOSPITAL, "issued_on": "2017-11-30"}})
    await agency("POST", f"{path}/decision", {"decision": "approve"})

    days = await agency("PUT", path, {"valid_to": "2018-12-31", "reason": "注销"})
    disease = await agency("PUT", path, {"disease_code": "CD02"})
    disorder = await agency("PUT", path, {"valid_to": "2018-02-28"})

    assert (corrected.status_code, corrected.json()["disease_code"]) == (200, "CD01")
    assert too_old.json()["code"] == "chronic.certificate_too_old"
    assert (days.status_code, days.json()["valid_to"], days.json()["status"]) == (200, "2018-12-31", "approved")
    assert (disease.status_code, disease.json()["code"]) == (409, "card.decided")
    assert disorder.json()["errors"][0]["code"] == "period.order"


async def test_a_foreign_county_has_no_such_card(agency: Call, as_role: AsRole) -> None:
    elsewhere = await as_role(Role.AGENCY, "other-agency", county_code=OTHER_COUNTY)
    path = f"/v1/chronic-cards/{(await agency('POST', '/v1/chronic-cards', a_card())).json()['id']}"

    answers = [
        await elsewhere("GET", path),
        await elsewhere("PUT", path, {"valid_to": None}),
        await elsewhere("POST", f"{path}/decision", {"decision": "approve"}),
    ]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(404, "card.unknown")] * 3


async def test_cards_are_listed_and_narrowed(agency: Call) -> None:
    made = await agency("POST", "/v1/chronic-cards", a_card())
    await agency("POST", "/v1/chronic-cards", a_card(disease_code="CD01", valid_to="2018-03-31"))
    await agency("POST", f"/v1/chronic-cards/{made.json()['id']}/decision", {"decision": "approve"})

    async def diseases(query: str) -> list[str]:
        return [each["disease_code"] for each in (await agency("GET", f"/v1/chronic-cards?{query}")).json()["items"]]

    assert await diseases("person_no=P000001") == ["CD02", "CD01"]
    assert await diseases("status=approved") == ["CD02"]
    assert await diseases("on=2018-04-01") == ["CD02"]
    assert await diseases("person_no=P9") == []
    assert (await agency("GET", "/v1/chronic-cards?limit=1")).json()["next_cursor"] is not None


async def test_the_admission_desk_learns_what_it_needs(agency: Call, as_role: AsRole) -> None:
    hospital = await as_role(Role.HOSPITAL, county_code=OTHER_COUNTY)
    card = (await agency("POST", "/v1/chronic-cards", a_card())).json()["id"]
    await agency("POST", f"/v1/chronic-cards/{card}/decision", {"decision": "approve"})

    found = [
        await hospital("GET", f"/v1/recognition?{query}")
        for query in ("person_no=P000001", "social_card_no=459901000001", f"id_no={a_person()['id_no'].lower()}")
    ]

    assert [each.json() for each in found] == [
        {
            "person_no": "P000001",
            "county_code": "459901",
            "name": "张*三",
            "id_no": f"4599************{a_person()['id_no'][-2:]}",
            "born_on": "1950-03-07",
            "died_on": None,
            "on": "2018-06-15",
            "insured": True,
            "insured_period": {"from": "2018-01-01", "to": None},
            "barred": None,
            "identities": [
                {"class": "registered_poor", "valid_from": "2018-01-01", "valid_to": None, "source": "扶贫办"}
            ],
            "chronic_cards": [
                {"id": card, "disease_code": "CD02", "valid_from": "2018-03-01", "valid_to": "2019-02-28"}
            ],
            "remaining": None,
            "deposit_waived": True,
        }
    ] * 3


@pytest.mark.parametrize(
    "changes",
    [
        {"insured": [{"from": "2018-01-01", "to": "2018-06-14"}]},
        {"barred": [{"from": "2018-06-15", "reason": "核查"}]},
        {"identities": [{"class": "key_aid", "valid_from": "2018-01-01"}]},
    ],
)
async def test_the_deposit_is_waived_for_the_insured_of_the_right_class_only(
    agency: Call, changes: dict[str, Any]
) -> None:
    await agency("PUT", "/v1/persons/P000001", changes)

    assert (await agency("GET", "/v1/recognition?person_no=P000001")).json()["deposit_waived"] is False


async def test_recognition_takes_one_number_and_knows_nobody_elsewhere(agency: Call, as_role: AsRole) -> None:
    elsewhere = await as_role(Role.AGENCY, "other-agency", county_code=OTHER_COUNTY)
    auditor = await as_role(Role.AUDITOR)

    assert (await agency("GET", "/v1/recognition")).json()["errors"][0]["code"] == "recognition.exactly_one"
    assert (await agency("GET", "/v1/recognition?person_no=P000001&id_no=1")).status_code == 422
    assert (await agency("GET", "/v1/recognition?person_no=P9")).json()["code"] == "person.unknown"
    assert (await elsewhere("GET", "/v1/recognition?person_no=P000001")).json()["code"] == "person.unknown"
    assert (await auditor("GET", "/v1/recognition?person_no=P000001")).status_code == 403
