"""A whole catalogue in a file: previewed, applied once, and old bills keep their terms."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.access.model import Role
from service.registers.catalogue.imports import download
from tests.access.callers import headers_of
from tests.registers.conftest import Call
from tests.registers.examples import an_item
from tests.sheets.files import csv_file, xls_file, xlsx_file

HEADER = ["项目编码", "项目名称", "费用类别", "等级", "先行自付比例", "二级限价", "生效日期"]


class Desk:
    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.client, self.headers = client, headers | {"Accept-Language": "en"}

    async def preview(self, content: bytes, status: int = 201, **said: str) -> Any:
        said = {"kind": "changes", "as_of": "2019-01-01", **said}
        files = {"file": ("目录.csv", content)}
        answer = await self.client.post("/v1/catalogue-imports", data=said, files=files, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def ask(self, method: str, path: str, status: int = 200) -> Any:
        answer = await self.client.request(method, path, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json() if "json" in answer.headers["content-type"] else answer.content

    async def apply(self, made: Any, status: int = 200, **said: bool) -> Any:
        path = f"/v1/catalogue-imports/{made['id']}/apply"
        answer = await self.client.post(path, json=said or None, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
async def desk(app: FastAPI, client: httpx.AsyncClient) -> Desk:
    return Desk(client, await headers_of(app, Role.AGENCY, "importer"))


def row(code: str, grade: str = "乙", ratio: str = "10%", ceiling: str = "", first: str = "") -> list[str]:
    return [code, "人工晶体", "材料", grade, ratio, ceiling, first]


@pytest.mark.parametrize("file", [csv_file, xlsx_file, xls_file])
async def test_terms_change_from_their_day_on_and_the_days_before_keep_theirs(
    desk: Desk, agency: Call, file: Any
) -> None:
    await agency("POST", "/v1/catalogue", an_item("XB01"))
    content = file([["某县目录"], HEADER, row("XB01", ratio="0.2", ceiling="900.5"), row("XB02", first="2019年3月1日")])

    made = await desk.preview(content)
    counts = {"rows": 2, "added": 1, "changed": 1}
    assert {name: count for name, count in made["counts"].items() if count} == counts
    assert (await desk.ask("GET", "/v1/catalogue/XB01?on=2019-01-01"))["self_pay_ratio"] == "0.30"
    applied = await desk.apply(made)

    assert applied["applied_at"] is not None
    assert await desk.apply(made) == applied
    assert (await desk.preview(content))["id"] == made["id"]
    old, new = [await desk.ask("GET", f"/v1/catalogue/XB01?on={day}") for day in ("2018-12-31", "2019-01-01")]
    assert (old["self_pay_ratio"], old["price_ceiling"]["level2"]) == ("0.30", "1000.50")
    assert (new["self_pay_ratio"], new["price_ceiling"]["level2"]) == ("0.20", "900.50")
    assert new["category"] == "material"
    await desk.ask("GET", "/v1/catalogue/XB02?on=2019-02-28", 404)
    assert (await desk.ask("GET", "/v1/catalogue/XB02?on=2019-03-01"))["grade"] == "B"


async def test_a_full_catalogue_ends_what_it_does_not_name(desk: Desk, agency: Call) -> None:
    for code in ("XB01", "XB02", "XB03"):
        await agency("POST", "/v1/catalogue", an_item(code))
    content = csv_file([HEADER, row("XB01"), row("XB03", grade="丁")])

    made = await desk.preview(content, kind="full")
    await desk.apply(made)

    assert {each["item_code"]: each["kind"] for each in made["changes"]["items"]} == {
        "XB01": "changed",
        "XB02": "ended",
    }
    await desk.ask("GET", "/v1/catalogue/XB02?on=2018-12-31")
    await desk.ask("GET", "/v1/catalogue/XB02?on=2019-01-01", 404)
    await desk.ask("GET", "/v1/catalogue/XB03?on=2019-01-01")


async def test_terms_of_some_days_leave_the_later_ones_alone(desk: Desk) -> None:
    header = [*HEADER, "失效日期"]
    for first, last, ratio in (("2018-01-01", "", "10%"), ("2018-07-01", "", "20%"), ("2018-03-01", "2018-03-31", "0")):
        made = await desk.preview(csv_file([header, [*row("XB01", ratio=ratio, first=first), last]]))
        await desk.apply(made)

    replaced = [each for change in made["changes"]["items"] for each in change["replaces"]]
    assert [(each["valid_from"], each["valid_to"]) for each in replaced] == [("2018-01-01", "2018-06-30")]
    items = (await desk.ask("GET", "/v1/catalogue"))["items"]
    assert [(each["valid_from"], each["valid_to"], each["self_pay_ratio"]) for each in items] == [
        ("2018-01-01", "2018-02-28", "0.10"),
        ("2018-03-01", "2018-03-31", "0.00"),
        ("2018-04-01", "2018-06-30", "0.10"),
        ("2018-07-01", None, "0.20"),
    ]


async def test_a_full_catalogue_ends_nothing_unasked_while_rows_cannot_be_read(desk: Desk, agency: Call) -> None:
    for code in ("00123", "XB02"):
        await agency("POST", "/v1/catalogue", an_item(code))
    number: list[Any] = [123, *row("")[1:]]

    made = await desk.preview(xlsx_file([HEADER, number, row("XB02")]), kind="full")

    assert [each["faults"][0]["code"] for each in made["rejected"]["items"]] == ["item_code.number"]
    assert (made["counts"]["unidentified"], made["counts"]["ended"]) == (1, 1)
    assert (await desk.apply(made, 409))["code"] == "catalogue_import.rejected_rows"
    assert (await desk.apply(made, accept_rejected=True))["applied_at"] is not None


async def test_of_rows_that_contradict_each_other_none_is_taken(desk: Desk) -> None:
    same = row("XB02")
    content = csv_file([HEADER, row("XB01", ratio="10%"), row("XB01", ratio="90%"), same, same])

    made = await desk.preview(content)

    assert [(each["row"], each["faults"][0]["code"]) for each in made["rejected"]["items"]] == [
        (2, "row.twice"),
        (3, "row.twice"),
        (5, "row.twice"),
    ]
    assert [each["item_code"] for each in made["changes"]["items"]] == ["XB02"]


async def test_every_fault_is_told_with_its_row_and_comes_back_as_a_file(desk: Desk) -> None:
    wrong = [
        (row(""), "item_code.missing"),
        (["X1", "", "材料", "甲", "", "", ""], "item_name.missing"),
        (["X2", "x", "", "甲", "", "", ""], "category.missing"),
        (row("X3", grade="丁"), "grade.unknown"),
        (row("X4", ratio="200%"), "ratio.unreadable"),
        (row("X5", ceiling="约百元"), "price.unreadable"),
        (row("X6", first="昨天"), "date.unreadable"),
        (row("X6"), "row.twice"),
    ]
    made = await desk.preview(csv_file([HEADER, *(cells for cells, _ in wrong), row("OK")]))

    assert made["counts"]["added"] == 1
    found = {each["row"]: each["faults"][0]["code"] for each in made["rejected"]["items"]}
    assert found == {at: code for at, (_, code) in enumerate(wrong, 2)}
    content = await desk.ask("GET", f"/v1/catalogue-imports/{made['id']}/rejected.csv")
    again = await desk.preview(content.replace("丁".encode(), "甲".encode()))
    assert (again["counts"]["added"], again["counts"]["rejected"]) == (1, 7)


async def test_a_preview_that_the_catalogue_has_overtaken_is_not_applied(desk: Desk, agency: Call) -> None:
    await agency("POST", "/v1/catalogue", an_item("XB01"))
    made = await desk.preview(csv_file([HEADER, row("XB01")]))
    await agency("PUT", "/v1/catalogue/XB01", {"self_pay_ratio": "0.10", "as_of": "2018-06-01"})

    assert (await desk.apply(made, 409))["code"] == "catalogue_import.stale"
    assert (await desk.preview(csv_file([["甲"], ["乙"]]), 422))["code"] == "sheet.headings"


async def test_rejected_rows_come_back_however_many_they_are(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_AT_ONCE", 2)
    made = await desk.preview(csv_file([HEADER, *(row(f"X{at}", grade="丁") for at in range(5))]))

    content = await desk.ask("GET", f"/v1/catalogue-imports/{made['id']}/rejected.csv")

    assert [line.split(",")[0] for line in content.decode("utf-8-sig").split()[1:]] == [f"X{at}" for at in range(5)]
