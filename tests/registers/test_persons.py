"""Persons over HTTP: entered once, seen masked, corrected without losing what was believed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.access.model import Role
from service.db import transaction_on
from tests.registers.conftest import Call
from tests.registers.examples import OTHER_COUNTY, a_person, id_no

AsRole = Callable[..., Awaitable[Call]]


async def test_a_person_comes_back_as_entered(agency: Call) -> None:
    made = await agency(
        "POST",
        "/v1/persons",
        a_person(died_on="2018-06-01", barred=[{"from": "2018-05-01", "to": "2018-05-31", "reason": "核查"}]),
    )

    assert made.status_code == 201
    read = await agency("GET", "/v1/persons/P000001")
    assert read.json() == made.json()
    assert read.json() == a_person() | {
        "county_code": "459901",
        "id_type": "id_card",
        "born_on": "1950-03-07",
        "sex": "male",
        "died_on": "2018-06-01",
        "payee": {"name": "张四", "relation": "监护人", "phone": "13800005678", "id_no": None, "bank_account": None},
        "insured": [{"from": "2018-01-01", "to": None}],
        "identities": [{"class": "registered_poor", "valid_from": "2018-01-01", "valid_to": None, "source": "扶贫办"}],
        "barred": [{"from": "2018-05-01", "to": "2018-05-31", "reason": "核查"}],
    }


async def test_a_person_without_a_number_gets_one(agency: Call) -> None:
    made = await agency("POST", "/v1/persons", {"name": "李四", "id_no": id_no(3)})

    assert made.status_code == 201
    assert made.json()["person_no"].startswith("P459901")
    assert (await agency("GET", f"/v1/persons/{made.json()['person_no']}")).json() == made.json()


async def test_a_newborn_needs_no_identity_card(agency: Call) -> None:
    newborn = {
        "person_no": "P9",
        "name": "王小",
        "id_type": "birth_certificate",
        "id_no": "t450000001",
        "born_on": "2018-06-14",
    }

    made = await agency("POST", "/v1/persons", newborn)

    assert made.status_code == 201
    assert (made.json()["id_type"], made.json()["id_no"]) == ("birth_certificate", "T450000001")


async def test_a_lower_case_x_is_the_same_number(agency: Call) -> None:
    with_x = next(number for number in map(id_no, range(100)) if number.endswith("X"))

    made = await agency("POST", "/v1/persons", a_person(1, id_no=with_x.lower()))
    again = await agency("POST", "/v1/persons", a_person(2, id_no=with_x))

    assert made.json()["id_no"] == with_x
    assert (again.status_code, again.json()["code"]) == (409, "person.exists")


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"id_no": "45990119500307000X"}, "/id_no", "id_no.checksum"),
        ({"id_no": "459901195002300001"}, "/id_no", "id_no.date"),
        ({"id_no": "4599011950030"}, "/id_no", "id_no.format"),
        ({"id_no": None}, "/id_no", "request.missing"),
        ({"born_on": "1950-03-08"}, "/born_on", "person.born_on_differs"),
        ({"sex": "female"}, "/sex", "person.sex_differs"),
        ({"died_on": "2018-06-16"}, "/died_on", "person.died_in_future"),
        ({"died_on": "1949-01-01"}, "/died_on", "person.died_before_born"),
        ({"id_no": id_no(1, "20180616")}, "/born_on", "person.born_in_future"),
        ({"county_code": OTHER_COUNTY}, "/county_code", "register.other_county"),
        ({"insured": [{"from": "2018-02-01", "to": "2018-01-31"}]}, "/insured/0", "period.order"),
        ({"identities": [{"class": "rich", "valid_from": "2018-01-01"}]}, "/identities/0/class", "request.choice"),
        ({"name": "张\u0007三"}, "/name", "request.format"),
        ({"nickname": "小三"}, "/nickname", "request.unknown_field"),
    ],
)
async def test_a_wrong_entry_is_refused_with_its_place(
    agency: Call, engine: AsyncEngine, changes: dict[str, Any], pointer: str, code: str
) -> None:
    refused = await agency("POST", "/v1/persons", a_person() | changes)

    assert refused.status_code == 422
    assert refused.json()["code"] == "request.invalid"
    assert (pointer, code) in [(each["pointer"], each["code"]) for each in refused.json()["errors"]]
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM persons")) == 0


async def test_every_fault_is_told_at_once(agency: Call) -> None:
    refused = await agency("POST", "/v1/persons", a_person(born_on="1960-01-01", sex="female", died_on="2030-01-01"))

    assert [each["pointer"] for each in refused.json()["errors"]] == ["/born_on", "/sex", "/died_on"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"person_no": "P000001"}, "/person_no"),
        ({"id_no": id_no(1)}, "/id_no"),
        ({"social_card_no": "459901000001"}, "/social_card_no"),
    ],
)
async def test_nobody_is_entered_twice(agency: Call, changes: dict[str, Any], pointer: str) -> None:
    await agency("POST", "/v1/persons", a_person(1))

    refused = await agency("POST", "/v1/persons", a_person(2) | changes)

    assert (refused.status_code, refused.json()["code"]) == (409, "person.exists")
    assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]
    assert len((await agency("GET", "/v1/persons")).json()["items"]) == 1


async def test_whoever_moves_is_known_in_both_counties(agency: Call, as_role: AsRole) -> None:
    elsewhere = await as_role(Role.AGENCY, "other-agency", county_code=OTHER_COUNTY)

    here = await agency("POST", "/v1/persons", a_person(1, social_card_no=None))
    there = await elsewhere("POST", "/v1/persons", a_person(2, social_card_no=None, id_no=id_no(1)))
    same_number = await elsewhere("POST", "/v1/persons", a_person(1, social_card_no=None, id_no=id_no(7)))

    assert (here.status_code, there.status_code) == (201, 201)
    assert same_number.json()["errors"][0]["pointer"] == "/person_no"


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        (
            {"insured": [{"from": "2018-01-01", "to": "2018-03-31"}, {"from": "2018-03-31"}]},
            "insured.overlap",
            "/insured/1",
        ),
        (
            {
                "identities": [
                    {"class": "three_no", "valid_from": "2018-01-01"},
                    {"class": "three_no", "valid_from": "2019-01-01"},
                ]
            },
            "identity.overlap",
            "/identities/1",
        ),
        (
            {
                "barred": [
                    {"from": "2018-01-01", "reason": "a"},
                    {"from": "2017-01-01", "to": "2018-01-01", "reason": "b"},
                ]
            },
            "barred.overlap",
            "/barred/1",
        ),
    ],
)
async def test_a_list_that_contradicts_itself_is_refused(
    agency: Call, changes: dict[str, Any], code: str, pointer: str
) -> None:
    refused = await agency("POST", "/v1/persons", a_person() | changes)

    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert refused.json()["errors"][0]["pointer"] == pointer


async def test_two_classes_on_the_same_days_are_no_contradiction(agency: Call) -> None:
    both = [
        {"class": "registered_poor", "valid_from": "2018-01-01", "valid_to": None, "source": None},
        {"class": "low_income_allowance", "valid_from": "2018-02-01", "valid_to": None, "source": None},
    ]

    made = await agency("POST", "/v1/persons", a_person(identities=both))

    assert made.json()["identities"] == both


async def test_plain_fields_change_and_the_earlier_entry_is_kept(agency: Call, engine: AsyncEngine) -> None:
    await agency("POST", "/v1/persons", a_person())

    changed = await agency("PUT", "/v1/persons/P000001", {"phone": "13900009999", "payee": None, "reason": "本人申请"})

    assert changed.status_code == 200
    assert (changed.json()["phone"], changed.json()["payee"], changed.json()["name"]) == ("13900009999", None, "张小三")
    async with engine.connect() as connection:
        kept = (await connection.execute(text("SELECT superseded_by, superseded_reason FROM person_versions"))).all()
    assert kept == [("test-agency", "本人申请")]


async def test_a_corrected_identity_number_finds_the_person_and_the_wrong_one_does_not(agency: Call) -> None:
    await agency("POST", "/v1/persons", a_person(1))

    changed = await agency("PUT", "/v1/persons/P000001", {"id_no": id_no(5)})

    assert changed.status_code == 200
    assert (await agency("GET", f"/v1/recognition?id_no={id_no(5)}")).json()["person_no"] == "P000001"
    assert (await agency("GET", f"/v1/recognition?id_no={id_no(1)}")).status_code == 404
    assert (await agency("GET", "/v1/recognition?person_no=P000001")).status_code == 200


async def test_a_new_identity_number_says_anew_when_somebody_was_born(agency: Call) -> None:
    await agency("POST", "/v1/persons", a_person(1))

    changed = await agency("PUT", "/v1/persons/P000001", {"id_no": id_no(2, "19510408")})
    against = await agency("PUT", "/v1/persons/P000001", {"id_no": id_no(2, "19510408"), "born_on": "1950-03-07"})

    assert (changed.json()["born_on"], changed.json()["sex"]) == ("1951-04-08", "female")
    assert [each["code"] for each in against.json()["errors"]] == ["person.born_on_differs"]


async def test_a_change_to_a_number_of_somebody_else_is_refused(agency: Call) -> None:
    await agency("POST", "/v1/persons", a_person(1))
    await agency("POST", "/v1/persons", a_person(3))

    refused = await agency("PUT", "/v1/persons/P000001", {"id_no": id_no(3)})

    assert (refused.status_code, refused.json()["code"]) == (409, "person.exists")
    assert (await agency("GET", "/v1/persons/P000001")).json()["id_no"] == id_no(1)


async def test_a_list_replaces_what_was_believed(agency: Call) -> None:
    await agency("POST", "/v1/persons", a_person())
    now = [{"class": "three_no", "valid_from": "2018-03-01", "valid_to": None, "source": "民政局"}]

    changed = await agency("PUT", "/v1/persons/P000001", {"identities": now})

    assert changed.json()["identities"] == now
    assert changed.json()["insured"] == [{"from": "2018-01-01", "to": None}]


async def test_a_list_as_of_a_day_leaves_the_days_before(agency: Call) -> None:
    await agency("POST", "/v1/persons", a_person())

    changed = await agency(
        "PUT",
        "/v1/persons/P000001",
        {"identities": [{"class": "lifted_but_covered", "valid_from": "2018-06-01"}], "as_of": "2018-06-01"},
    )

    assert [(each["class"], each["valid_from"], each["valid_to"]) for each in changed.json()["identities"]] == [
        ("registered_poor", "2018-01-01", "2018-05-31"),
        ("lifted_but_covered", "2018-06-01", None),
    ]


async def test_corrections_at_once_end_as_one_after_the_other(agency: Call) -> None:
    await agency("POST", "/v1/persons", a_person())
    days = [f"2018-06-{day:02}" for day in range(1, 7)]

    def from_day(day: str) -> dict[str, Any]:
        identity = {"class": "registered_poor", "valid_from": day, "source": f"名单 {day}"}
        return {"identities": [identity], "as_of": day}

    answers = await asyncio.gather(*(agency("PUT", "/v1/persons/P000001", from_day(day)) for day in days))

    assert [each.status_code for each in answers] == [200] * len(days)
    held = (await agency("GET", "/v1/persons/P000001")).json()["identities"]
    assert (held[0]["valid_from"], held[-1]["valid_to"]) == ("2018-01-01", None)


async def test_the_number_in_the_address_cannot_be_changed(agency: Call) -> None:
    await agency("POST", "/v1/persons", a_person())

    refused = await agency("PUT", "/v1/persons/P000001", {"person_no": "P000002"})

    assert refused.status_code == 422
    assert refused.json()["errors"][0] | {"detail": ""} == {
        "pointer": "/person_no",
        "code": "register.key_fixed",
        "detail": "",
    }


async def test_civil_affairs_changes_aid_identities_and_nothing_else(agency: Call, as_role: AsRole) -> None:
    civil_affairs = await as_role(Role.PAYER)
    await agency("POST", "/v1/persons", a_person())
    aid = [{"class": "low_income_allowance", "valid_from": "2018-05-01"}]

    changed = await civil_affairs("PUT", "/v1/persons/P000001", {"identities": aid})
    poor = await civil_affairs(
        "PUT", "/v1/persons/P000001", {"identities": [{"class": "registered_poor", "valid_from": "2018-05-01"}]}
    )
    phone = await civil_affairs("PUT", "/v1/persons/P000001", {"identities": aid, "phone": "13900009999"})

    assert [each["class"] for each in changed.json()["identities"]] == ["registered_poor", "low_income_allowance"]
    assert changed.json()["name"] == "张*三"
    assert [(r.status_code, r.json()["code"]) for r in (poor, phone)] == [(403, "access.only_aid_identities")] * 2
    assert (await agency("GET", "/v1/persons/P000001")).json()["phone"] == "13800001234"


async def test_other_payers_and_hospitals_have_no_business_here(agency: Call, as_role: AsRole) -> None:
    insurer = await as_role(Role.PAYER, "insurer", payers=frozenset({"top_up_insurer"}))
    hospital = await as_role(Role.HOSPITAL)
    await agency("POST", "/v1/persons", a_person())

    answers = [
        await insurer("GET", "/v1/persons/P000001"),
        await insurer("GET", "/v1/persons"),
        await insurer("PUT", "/v1/persons/P000001", {"identities": []}),
        await hospital("GET", "/v1/persons/P000001"),
        await hospital("POST", "/v1/persons", a_person(2)),
    ]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(403, "access.forbidden")] * 5


async def test_only_the_agency_sees_numbers_in_full_and_only_one_person_at_a_time(
    agency: Call, as_role: AsRole
) -> None:
    auditor = await as_role(Role.AUDITOR)
    await agency("POST", "/v1/persons", a_person())

    seen = [
        (await auditor("GET", "/v1/persons/P000001")).json(),
        (await agency("GET", "/v1/persons")).json()["items"][0],
    ]

    for person in seen:
        assert person["name"] == "张*三"
        assert person["id_no"].startswith("4599*")
        assert person["phone"] == "138****1234"
        assert person["bank_account"] == {"holder": "张*三", "bank": "县农村信用社", "number": "***************1111"}
        assert person["payee"]["name"] == "张*"
        assert person["payee"]["phone"] == "138****5678"


async def test_a_township_sees_its_own_people(agency: Call, as_role: AsRole) -> None:
    township = await as_role(Role.TOWNSHIP)
    await agency("POST", "/v1/persons", a_person(1))
    await agency("POST", "/v1/persons", a_person(2, township_code="459901002"))

    listed = await township("GET", "/v1/persons?township_code=459901002")

    assert [each["person_no"] for each in listed.json()["items"]] == ["P000001"]
    assert (await township("GET", "/v1/persons/P000001")).status_code == 200
    assert (await township("GET", "/v1/persons/P000002")).json()["code"] == "person.unknown"


async def test_a_foreign_county_has_no_such_person(agency: Call, as_role: AsRole) -> None:
    elsewhere = await as_role(Role.AGENCY, "other-agency", county_code=OTHER_COUNTY)
    await agency("POST", "/v1/persons", a_person())

    answers = [
        await elsewhere("GET", "/v1/persons/P000001"),
        await elsewhere("PUT", "/v1/persons/P000001", {"phone": "13900009999"}),
    ]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(404, "person.unknown")] * 2
    assert (await elsewhere("GET", "/v1/persons")).json()["items"] == []


async def test_the_list_comes_in_pages_and_narrows(agency: Call) -> None:
    for number in range(1, 6):
        await agency("POST", "/v1/persons", a_person(number, household_no=f"H{number % 2}"))
    await agency("PUT", "/v1/persons/P000003", {"identities": [{"class": "key_aid", "valid_from": "2018-01-01"}]})

    first = (await agency("GET", "/v1/persons?limit=3")).json()
    second = (await agency("GET", f"/v1/persons?limit=3&cursor={first['next_cursor']}")).json()
    of_household = (await agency("GET", "/v1/persons?household_no=H0")).json()["items"]
    key_aid = (await agency("GET", "/v1/persons?identity=key_aid")).json()["items"]

    assert [p["person_no"] for p in first["items"] + second["items"]] == [f"P{number:06}" for number in range(1, 6)]
    assert second["next_cursor"] is None
    assert [p["person_no"] for p in of_household] == ["P000002", "P000004"]
    assert [p["person_no"] for p in key_aid] == ["P000003"]


async def test_every_look_and_every_change_leaves_a_trace(agency: Call, app: FastAPI) -> None:
    await agency("POST", "/v1/persons", a_person())
    await agency("GET", "/v1/persons/P000001")
    await agency("PUT", "/v1/persons/P000001", {"phone": "13900009999"})
    await agency("GET", "/v1/persons")
    await agency("GET", "/v1/recognition?person_no=P000001")

    async with transaction_on(app.state.engine) as tx:
        trail = (await tx.execute(text("SELECT action, person_no, client_id FROM audit_log ORDER BY id"))).all()
    assert trail == [
        ("person.register", "P000001", "test-agency"),
        ("person.read", "P000001", "test-agency"),
        ("person.change", "P000001", "test-agency"),
        ("person.list", "P000001", "test-agency"),
        ("person.recognise", "P000001", "test-agency"),
    ]


async def test_nothing_personal_lies_in_the_database_in_plain(agency: Call, engine: AsyncEngine) -> None:
    await agency("POST", "/v1/persons", a_person())
    await agency("PUT", "/v1/persons/P000001", {"phone": "13900009999"})

    async with engine.connect() as connection:
        kept = ""
        for table in ("persons", "person_versions", "person_keys", "audit_log", "insured_periods", "identities"):
            rows = (await connection.execute(text(f"SELECT * FROM {table}"))).all()  # noqa: S608 (names of ours)
            kept += repr(
                [[bytes(v).decode("utf-8", "replace") if isinstance(v, bytes) else v for v in row] for row in rows]
            )
    for secret in ("张小三", "张四", id_no(1), "459901000001", "13800001234", "13900009999", "6222000000000001111"):
        assert secret not in kept
