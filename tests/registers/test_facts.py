"""What a visit is told by the registers, branch by branch; and that it is told quickly."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from service.access.model import Role
from service.db import transaction_on
from service.money import Ppm
from service.registers.facts import find_person, visit_facts
from service.registers.keys import person_key
from service.registers.model import (
    AgreementFacts,
    CardFacts,
    CatalogueItem,
    FactsAsked,
    HospitalFacts,
    PersonFacts,
    ReferralFacts,
    VisitFacts,
)
from tests.registers.conftest import Call
from tests.registers.examples import (
    HOSPITAL,
    OTHER_COUNTY,
    a_card,
    a_hospital,
    a_person,
    a_referral,
    an_agreement,
    an_item,
    id_no,
)

Ask = Callable[..., Awaitable[VisitFacts]]
AsRole = Callable[..., Awaitable[Call]]
DAY = date(2018, 6, 9)


@pytest.fixture
def ask(app: FastAPI) -> Ask:
    """The facts of a visit of P000001 at the county hospital that ended on 9 June 2018, but for what is given."""

    async def told(person: tuple[str, str] = ("person_no", "P000001"), **changes: Any) -> VisitFacts:
        asked: dict[str, Any] = {
            "hospital_code": HOSPITAL,
            "last_day": DAY,
            "charged_from": date(2018, 6, 1),
            "charged_to": DAY,
            **changes,
        }
        async with transaction_on(app.state.engine) as tx:
            return await visit_facts(tx, FactsAsked(person_key=person_key(app.state.vault, *person), **asked))

    return told


@pytest.fixture(autouse=True)
async def a_county(agency: Call) -> None:
    await agency("POST", "/v1/hospitals", a_hospital())
    await agency("POST", "/v1/persons", a_person())


async def test_nobody_and_nowhere(ask: Ask) -> None:
    found = await ask(("id_no", id_no(99)), hospital_code="H0", referral_no="Z", disease_code="CD01", item_codes=["X"])

    assert found == VisitFacts(None, None, (), False, None, None, ())


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("person_no", "P000001"),
        ("id_no", id_no(1)),
        ("id_no", f" {id_no(1).lower()}"),
        ("social_card_no", "459901000001"),
    ],
)
async def test_a_person_is_found_by_any_number(ask: Ask, kind: str, number: str) -> None:
    assert (await ask((kind, number))).person == PersonFacts(
        county_code="459901",
        person_no="P000001",
        insured=True,
        barred=None,
        identities=("registered_poor",),
        born_on=date(1950, 3, 7),
        died_on=None,
    )


async def test_a_person_is_what_they_were_on_the_last_day(agency: Call, ask: Ask) -> None:
    await agency(
        "PUT",
        "/v1/persons/P000001",
        {
            "insured": [{"from": "2018-01-01", "to": "2018-06-09"}],
            "identities": [
                {"class": "registered_poor", "valid_from": "2018-01-01", "valid_to": "2018-06-09"},
                {"class": "low_income_allowance", "valid_from": "2018-06-09"},
            ],
            "barred": [{"from": "2018-06-10", "to": "2018-06-10", "reason": "核查"}],
            "died_on": "2018-06-11",
        },
    )

    on = {day: (await ask(last_day=date(2018, 6, day))).person for day in (8, 9, 10, 11)}

    assert [(each.insured, each.barred, each.identities) for each in on.values() if each] == [
        (True, None, ("registered_poor",)),
        (True, None, ("low_income_allowance", "registered_poor")),
        (False, "核查", ("low_income_allowance",)),
        (False, None, ("low_income_allowance",)),
    ]
    assert on[8]
    assert on[8].died_on == date(2018, 6, 11)


async def test_of_two_counties_the_one_that_insures_on_the_day_answers(agency: Call, ask: Ask, as_role: AsRole) -> None:
    """Here until the end of May, there from June on: whoever asks of May gets the old county."""
    elsewhere = await as_role(Role.AGENCY, "other-agency", county_code=OTHER_COUNTY)
    await agency("PUT", "/v1/persons/P000001", {"insured": [{"from": "2018-01-01", "to": "2018-05-31"}]})
    await elsewhere(
        "POST", "/v1/persons", a_person(2, id_no=id_no(1), insured=[{"from": "2018-06-01", "to": "2018-06-30"}])
    )

    async def county_on(day: date) -> str | None:
        person = (await ask(("id_no", id_no(1)), last_day=day)).person
        return person.county_code if person else None

    assert await county_on(date(2018, 5, 31)) == "459901"
    assert await county_on(date(2018, 6, 1)) == OTHER_COUNTY
    assert await county_on(date(2018, 7, 1)) == OTHER_COUNTY


async def test_find_person_prefers_the_county_that_insured_last(agency: Call, as_role: AsRole, app: FastAPI) -> None:
    elsewhere = await as_role(Role.AGENCY, "other-agency", county_code=OTHER_COUNTY)
    await elsewhere("POST", "/v1/persons", a_person(2, id_no=id_no(1), insured=[{"from": "2018-06-01"}]))
    key = person_key(app.state.vault, "id_no", id_no(1))

    async with transaction_on(app.state.engine) as tx:
        assert await find_person(tx, *key) == (OTHER_COUNTY, "P000002")
        assert await find_person(tx, *key, county_code="459901") == ("459901", "P000001")
        assert await find_person(tx, "id_no", b"nobody") is None


async def test_a_hospital_is_what_it_was_on_the_last_day(agency: Call, ask: Ask) -> None:
    await agency(
        "PUT",
        f"/v1/hospitals/{HOSPITAL}",
        {
            "level": "level3_city",
            "specialist": True,
            "connected": False,
            "aid": "on_application",
            "suspended": [{"from": "2018-06-09", "to": "2018-06-09", "reason": "整改"}],
            "as_of": "2018-06-09",
        },
    )

    assert (await ask(last_day=date(2018, 6, 8))).hospital == HospitalFacts(
        HOSPITAL, "459901", "level2", "county", specialist=False, connected=True, suspended=None, aid="on_the_spot"
    )
    assert (await ask()).hospital == HospitalFacts(
        HOSPITAL,
        "459901",
        "level3_city",
        "county",
        specialist=True,
        connected=False,
        suspended="整改",
        aid="on_application",
    )
    after = (await ask(last_day=date(2018, 6, 10))).hospital
    assert after
    assert after.suspended is None


@pytest.mark.parametrize(
    ("persons_county", "locations", "seen"),
    [
        ("459901", [], "region"),
        ("459901", [{"county_code": "459901", "location": "city"}], "region"),
        ("459902", [], "city"),
        ("451234", [], "region"),
        ("440101", [], "outside"),
        ("440101", [{"county_code": "440101", "location": "region"}], "region"),
    ],
)
async def test_where_a_hospital_lies_depends_on_who_asks(
    agency: Call, ask: Ask, as_role: AsRole, persons_county: str, locations: list[dict[str, str]], seen: str
) -> None:
    """Its own county says where it lies; others have an entry, or the division codes tell."""
    await agency("POST", "/v1/hospitals", a_hospital("H2", location="region", locations=locations))
    if persons_county != "459901":
        there = await as_role(Role.AGENCY, "other-agency", county_code=persons_county)
        await there("POST", "/v1/persons", a_person(2))

    number = "P000001" if persons_county == "459901" else "P000002"
    hospital = (await ask(("person_no", number), hospital_code="H2")).hospital

    assert hospital
    assert hospital.location == seen


async def test_agreements_in_force_and_one_that_expired(agency: Call, ask: Ask) -> None:
    await agency("POST", "/v1/agreements", an_agreement(valid_to="2018-06-08", policy_no="OLD"))

    expired = await ask()
    await agency(
        "POST", "/v1/agreements", an_agreement(valid_from="2018-06-09", valid_to="2018-06-09", policy_no="NEW")
    )
    await agency("POST", "/v1/agreements", an_agreement(insurer="serious_insurer", policy_no="S"))
    renewed = await ask()
    long_before = await ask(last_day=date(2017, 12, 31))

    assert (expired.agreements, expired.agreement_expired) == ((), True)
    assert renewed.agreements == (AgreementFacts("serious_insurer", "S"), AgreementFacts("top_up_insurer", "NEW"))
    assert renewed.agreement_expired
    assert (long_before.agreements, long_before.agreement_expired) == ((), False)


async def test_an_agreement_of_another_county_is_none(ask: Ask, as_role: AsRole) -> None:
    elsewhere = await as_role(Role.AGENCY, "other-agency", county_code=OTHER_COUNTY)
    await elsewhere("POST", "/v1/agreements", an_agreement())

    assert (await ask()).agreements == ()


async def test_a_referral_is_told_whoever_s_it_is(agency: Call, ask: Ask) -> None:
    await agency("POST", "/v1/persons", a_person(3))
    await agency(
        "POST", "/v1/referrals", a_referral(person_no="P000003", approved_on="2018-06-02", valid_to="2018-06-05")
    )

    expected = ReferralFacts("ZZ001", "P000003", HOSPITAL, date(2018, 6, 2), date(2018, 6, 5))
    assert (await ask(referral_no="ZZ001")).referral == expected
    assert (await ask(referral_no="ZZ002")).referral is None


async def test_only_an_approved_card_of_the_day_counts(agency: Call, ask: Ask) -> None:
    card = (await agency("POST", "/v1/chronic-cards", a_card(valid_to="2018-06-09"))).json()["id"]

    applied = (await ask(disease_code="CD02")).card
    await agency("POST", f"/v1/chronic-cards/{card}/decision", {"decision": "approve"})

    assert applied is None
    assert (await ask(disease_code="CD02")).card == CardFacts(UUID(card), date(2018, 3, 1), date(2018, 6, 9))
    assert (await ask(disease_code="CD01")).card is None
    assert (await ask(disease_code="CD02", last_day=date(2018, 6, 10))).card is None


async def test_every_version_of_an_item_that_the_bill_may_touch(agency: Call, ask: Ask) -> None:
    await agency("POST", "/v1/catalogue", an_item("X1"))
    await agency("POST", "/v1/catalogue", an_item("X2", grade="A", self_pay_ratio="0", price_ceiling=None))
    for day, ratio in (("2018-06-01", "0.20"), ("2018-06-09", "0.10"), ("2018-06-10", "0.05")):
        await agency("PUT", "/v1/catalogue/X1", {"self_pay_ratio": ratio, "as_of": day})

    found = await ask(item_codes=["X1", "X2", "X3", "X1"])

    assert set(found.catalogue) == {
        CatalogueItem("X1", "B", Ppm(200_000), 1_000_500_000, date(2018, 6, 1), date(2018, 6, 8)),
        CatalogueItem("X1", "B", Ppm(100_000), 1_000_500_000, date(2018, 6, 9), date(2018, 6, 9)),
        CatalogueItem("X2", "A", Ppm(0), None, date(2018, 1, 1), None),
    }
    assert len(found.catalogue) == 3
    early = await ask(item_codes=["X1"], charged_from=date(2018, 5, 31))
    assert len(early.catalogue) == 3


@pytest.mark.parametrize(
    ("level", "ceiling"), [("township", 800_000_000), ("level2", 1_000_500_000), ("level3_city", None)]
)
async def test_the_ceiling_is_the_one_of_the_hospital_s_level(
    agency: Call, ask: Ask, level: str, ceiling: int | None
) -> None:
    await agency("POST", "/v1/catalogue", an_item())
    await agency("POST", "/v1/hospitals", a_hospital("H2", level=level))

    assert [each.price_ceiling for each in (await ask(hospital_code="H2", item_codes=["XB01"])).catalogue] == [ceiling]


async def test_what_was_superseded_is_not_told(agency: Call, ask: Ask) -> None:
    await agency("POST", "/v1/catalogue", an_item())
    await agency("POST", "/v1/agreements", an_agreement())
    await agency("PUT", "/v1/persons/P000001", {"insured": [], "identities": []})
    await agency("PUT", "/v1/catalogue/XB01", {"grade": "C", "as_of": "2018-01-01"})

    found = await ask(item_codes=["XB01"])

    assert found.person
    assert (found.person.insured, found.person.identities) == (False, ())
    assert [each.grade for each in found.catalogue] == ["C"]


async def test_everything_comes_in_one_statement(ask: Ask, app: FastAPI) -> None:
    sent: list[str] = []

    def listen(connection: Any, *_: Any) -> None:
        connection.driver_connection.add_query_logger(lambda one: sent.append(one.query.split()[0].rstrip(";")))

    event.listen(app.state.engine.sync_engine.pool, "checkout", listen)
    await ask(referral_no="Z", disease_code="CD01", item_codes=[f"X{number}" for number in range(1000)])
    event.remove(app.state.engine.sync_engine.pool, "checkout", listen)

    assert [one for one in sent if one not in {"BEGIN", "COMMIT", "ROLLBACK"}] == ["WITH"]
