"""The fee catalogue over HTTP: terms of an item from a day on."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from service.access.model import Role
from tests.registers.conftest import Call
from tests.registers.examples import OTHER_COUNTY, an_item

AsRole = Callable[..., Awaitable[Call]]


async def ratios(agency: Call) -> list[tuple[str, str | None, str]]:
    items = (await agency("GET", "/v1/catalogue?item_code=XB01")).json()["items"]
    return [(each["valid_from"], each["valid_to"], each["self_pay_ratio"]) for each in items]


async def test_an_item_comes_back_as_entered(agency: Call) -> None:
    made = await agency("POST", "/v1/catalogue", an_item())

    assert made.status_code == 201
    ceilings = {"township": "800.00", "level2": "1000.50", "level3_city": None, "level3_region": None}
    assert made.json() == an_item() | {"valid_to": None, "price_ceiling": ceilings}
    assert (await agency("GET", "/v1/catalogue/XB01")).json() == made.json()


async def test_an_item_without_ceilings_pays_nothing_first(agency: Call) -> None:
    made = await agency(
        "POST", "/v1/catalogue", {k: an_item()[k] for k in ("item_code", "name", "category", "grade", "valid_from")}
    )

    assert (made.json()["self_pay_ratio"], made.json()["price_ceiling"]) == ("0.00", None)


async def test_a_change_leaves_the_days_before(agency: Call) -> None:
    await agency("POST", "/v1/catalogue", an_item())

    changed = await agency("PUT", "/v1/catalogue/XB01", {"self_pay_ratio": "0.2", "as_of": "2018-06-01"})

    assert (changed.status_code, changed.json()["valid_from"], changed.json()["name"]) == (
        200,
        "2018-06-01",
        "人工晶体",
    )
    assert await ratios(agency) == [("2018-01-01", "2018-05-31", "0.30"), ("2018-06-01", None, "0.20")]
    assert (await agency("GET", "/v1/catalogue/XB01?on=2018-05-31")).json()["self_pay_ratio"] == "0.30"


async def test_valid_from_says_from_which_day_too_and_the_end_moves(agency: Call) -> None:
    await agency("POST", "/v1/catalogue", an_item())

    await agency(
        "PUT", "/v1/catalogue/XB01", an_item(self_pay_ratio="0.10", valid_from="2018-03-01", valid_to="2018-12-31")
    )
    await agency("PUT", "/v1/catalogue/XB01", {"valid_to": "2018-06-30"})
    await agency("PUT", "/v1/catalogue/XB01", {"self_pay_ratio": "0.15", "as_of": "2018-02-01", "valid_to": None})

    assert await ratios(agency) == [("2018-01-01", "2018-01-31", "0.30"), ("2018-02-01", None, "0.15")]


async def test_all_ceilings_change_together(agency: Call) -> None:
    await agency("POST", "/v1/catalogue", an_item())

    some = await agency("PUT", "/v1/catalogue/XB01", {"price_ceiling": {"level2": "1200.123456"}})
    none = await agency("PUT", "/v1/catalogue/XB01", {"price_ceiling": None})

    assert some.json()["price_ceiling"] == {
        "township": None,
        "level2": "1200.123456",
        "level3_city": None,
        "level3_region": None,
    }
    assert none.json()["price_ceiling"] is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/v1/catalogue", an_item(valid_from="2019-01-01"), 409, "catalogue.overlap"),
        ("POST", "/v1/catalogue", an_item("X2", grade="D"), 422, "request.invalid"),
        ("POST", "/v1/catalogue", an_item("X2", self_pay_ratio="1.01"), 422, "request.invalid"),
        ("POST", "/v1/catalogue", an_item("X2", self_pay_ratio=0.3), 422, "request.invalid"),
        ("POST", "/v1/catalogue", an_item("X2", price_ceiling={"level9": "1.00"}), 422, "request.invalid"),
        ("POST", "/v1/catalogue", an_item("X2", valid_to="2017-12-31"), 422, "request.invalid"),
        ("PUT", "/v1/catalogue/XB01", {"item_code": "X2"}, 422, "request.invalid"),
        ("PUT", "/v1/catalogue/XB01", {"as_of": "2018-06-01", "valid_to": "2018-05-31"}, 422, "request.invalid"),
        ("PUT", "/v1/catalogue/XB01", {"grade": "A", "as_of": "2017-12-31"}, 404, "catalogue.unknown"),
        ("PUT", "/v1/catalogue/X9", {"grade": "A"}, 404, "catalogue.unknown"),
        ("GET", "/v1/catalogue/XB01?on=2017-12-31", None, 404, "catalogue.unknown"),
    ],
)
async def test_what_may_not_be_is_refused(
    agency: Call, method: str, path: str, body: dict[str, Any] | None, status: int, code: str
) -> None:
    await agency("POST", "/v1/catalogue", an_item())

    refused = await agency(method, path, body)

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert await ratios(agency) == [("2018-01-01", None, "0.30")]


async def test_each_county_has_a_catalogue_of_its_own(agency: Call, as_role: AsRole) -> None:
    elsewhere = await as_role(Role.AGENCY, "other-agency", county_code=OTHER_COUNTY)
    await agency("POST", "/v1/catalogue", an_item())

    assert (await elsewhere("GET", "/v1/catalogue/XB01")).status_code == 404
    assert (await elsewhere("PUT", "/v1/catalogue/XB01", {"grade": "A"})).status_code == 404
    assert (await elsewhere("POST", "/v1/catalogue", an_item(grade="C"))).status_code == 201
    assert (await agency("GET", "/v1/catalogue/XB01")).json()["grade"] == "B"


async def test_the_list_comes_in_pages_and_narrows(agency: Call) -> None:
    for code in ("X1", "X2", "X3"):
        await agency("POST", "/v1/catalogue", an_item(code, grade="A" if code == "X2" else "B"))
    await agency("PUT", "/v1/catalogue/X2", {"name": "新名", "as_of": "2018-02-01"})

    first = (await agency("GET", "/v1/catalogue?limit=2")).json()
    second = (await agency("GET", f"/v1/catalogue?limit=2&cursor={first['next_cursor']}")).json()

    listed = [(each["item_code"], each["valid_from"]) for each in first["items"] + second["items"]]
    assert listed == [("X1", "2018-01-01"), ("X2", "2018-01-01"), ("X2", "2018-02-01"), ("X3", "2018-01-01")]
    assert [each["name"] for each in (await agency("GET", "/v1/catalogue?grade=A&on=2018-03-01")).json()["items"]] == [
        "新名"
    ]
    assert (await agency("GET", "/v1/catalogue?category=none")).json()["items"] == []
