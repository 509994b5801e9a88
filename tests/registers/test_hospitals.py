"""Hospitals over HTTP: one register per county, terms that change from a day on."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Role
from tests.registers.conftest import Call
from tests.registers.examples import HOSPITAL, OTHER_COUNTY, a_hospital

AsRole = Callable[..., Awaitable[Call]]
PATH = f"/v1/hospitals/{HOSPITAL}"


def spans(hospital: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    return [(each["valid_from"], each["valid_to"], *(each[name] for name in names)) for each in hospital["history"]]


async def test_a_hospital_comes_back_as_entered(agency: Call) -> None:
    body = a_hospital(
        specialist=True,
        aid="on_application",
        locations=[{"county_code": OTHER_COUNTY, "location": "city"}],
        suspended=[{"from": "2018-05-01", "to": "2018-05-31", "reason": "整改"}],
        bank_account={"holder": "县人民医院", "bank": "工行", "number": "6222000000000002222"},
    )

    made = await agency("POST", "/v1/hospitals", body)

    assert made.status_code == 201
    assert (await agency("GET", PATH)).json() == made.json()
    terms = {"name": "县人民医院", "level": "level2", "location": "county", "specialist": True, "connected": True}
    assert made.json() == body | {
        "county_code": "459901",
        "connected": True,
        "locations": [{"county_code": OTHER_COUNTY, "location": "city", "valid_from": None, "valid_to": None}],
        "history": [terms | {"aid": "on_application", "valid_from": None, "valid_to": None}],
    }


async def test_a_change_holds_from_its_day_on(agency: Call) -> None:
    await agency("POST", "/v1/hospitals", a_hospital())

    changed = await agency("PUT", PATH, {"connected": False, "as_of": "2018-07-01", "reason": "接口改造"})
    today = await agency("PUT", PATH, {"aid": "on_application"})

    assert changed.json()["connected"] is True
    assert spans(today.json(), "connected", "aid") == [
        (None, "2018-06-14", True, "on_the_spot"),
        ("2018-06-15", "2018-06-30", True, "on_application"),
        ("2018-07-01", None, False, "on_application"),
    ]


async def test_what_was_believed_of_a_hospital_is_kept(agency: Call, engine: AsyncEngine) -> None:
    await agency("POST", "/v1/hospitals", a_hospital())
    await agency("PUT", PATH, {"level": "level3_city", "as_of": "2018-01-01", "reason": "升级"})

    async with engine.connect() as connection:
        query = text("SELECT level, superseded_reason FROM hospital_terms ORDER BY id")
        kept = (await connection.execute(query)).all()
    assert kept == [("level2", "升级"), ("level2", None), ("level3_city", None)]


async def test_a_change_that_changes_nothing_adds_nothing(agency: Call, engine: AsyncEngine) -> None:
    await agency("POST", "/v1/hospitals", a_hospital())
    await agency("PUT", PATH, a_hospital(as_of="2018-01-01"))

    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM hospital_terms")) == 1


async def test_suspensions_and_places_are_replaced_from_a_day_on(agency: Call) -> None:
    await agency(
        "POST",
        "/v1/hospitals",
        a_hospital(
            locations=[{"county_code": OTHER_COUNTY, "location": "region"}],
            suspended=[{"from": "2018-01-01", "reason": "整改"}],
        ),
    )

    changed = await agency(
        "PUT",
        PATH,
        {"locations": [{"county_code": OTHER_COUNTY, "location": "city"}], "suspended": [], "as_of": "2018-03-01"},
    )

    assert changed.json()["suspended"] == [{"from": "2018-01-01", "to": "2018-02-28", "reason": "整改"}]
    assert [(each["location"], each["valid_from"], each["valid_to"]) for each in changed.json()["locations"]] == [
        ("region", None, "2018-02-28"),
        ("city", "2018-03-01", None),
    ]


async def test_a_hospital_code_is_registered_once_over_all_counties(agency: Call, as_role: AsRole) -> None:
    elsewhere = await as_role(Role.AGENCY, "other-agency", county_code=OTHER_COUNTY)
    await agency("POST", "/v1/hospitals", a_hospital())

    answers = [
        await agency("POST", "/v1/hospitals", a_hospital()),
        await elsewhere("POST", "/v1/hospitals", a_hospital()),
    ]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(409, "hospital.exists")] * 2


async def test_a_foreign_county_has_no_such_hospital(agency: Call, as_role: AsRole) -> None:
    elsewhere = await as_role(Role.AGENCY, "other-agency", county_code=OTHER_COUNTY)
    await agency("POST", "/v1/hospitals", a_hospital())

    answers = [await elsewhere("GET", PATH), await elsewhere("PUT", PATH, {"connected": False})]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(404, "hospital.unknown")] * 2
    assert (await elsewhere("GET", "/v1/hospitals")).json()["items"] == []


@pytest.mark.parametrize(
    ("changes", "status", "code", "pointer"),
    [
        ({"locations": [{"county_code": OTHER_COUNTY, "location": "city"}] * 2}, 409, "location.overlap", "/locations"),
        (
            {"suspended": [{"from": "2018-01-01", "reason": "a"}, {"from": "2018-02-01", "reason": "b"}]},
            409,
            "suspension.overlap",
            "/suspended/1",
        ),
        ({"level": "level4"}, 422, "request.invalid", "/level"),
        ({"connected": "yes"}, 422, "request.invalid", "/connected"),
        ({"county_code": OTHER_COUNTY}, 422, "request.invalid", "/county_code"),
    ],
)
async def test_a_wrong_hospital_is_refused(
    agency: Call, changes: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    refused = await agency("POST", "/v1/hospitals", a_hospital() | changes)

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert (await agency("GET", PATH)).status_code == 404


async def test_the_list_comes_in_pages_narrows_and_masks(agency: Call) -> None:
    account = {"holder": "县人民医院", "bank": "工行", "number": "6222000000000002222"}
    for number, level in enumerate(["township", "level2", "level2"]):
        await agency("POST", "/v1/hospitals", a_hospital(f"H{number}", level=level, bank_account=account))

    first = (await agency("GET", "/v1/hospitals?limit=2")).json()
    second = (await agency("GET", f"/v1/hospitals?limit=2&cursor={first['next_cursor']}")).json()
    of_level = (await agency("GET", "/v1/hospitals?level=level2")).json()["items"]

    assert [each["hospital_code"] for each in first["items"] + second["items"]] == ["H0", "H1", "H2"]
    assert [each["hospital_code"] for each in of_level] == ["H1", "H2"]
    assert first["items"][0]["bank_account"]["number"] == "***************2222"
