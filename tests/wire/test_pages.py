"""Lists in pages: every item once, in order, and a cursor that only we can have made."""

import base64
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from service.config import Settings
from service.main import create_app
from service.wire.pages import Page, PageAsked, Paging, cursor_after
from service.wire.refusals import RequestInvalid
from service.wire.routing import Router

NAMES = [f"n{number:03}" for number in range(7)]
router = Router(prefix="/v1/probe", tags=["Probe"])


@router.get("/names")
async def list_names(paging: PageAsked) -> Page[str]:
    after = paging.after(str)
    rows = [name for name in NAMES if after is None or (name,) > after][: paging.limit + 1]
    items, next_cursor = paging.cut(rows, key=lambda name: (name,))
    return Page(items=items, next_cursor=next_cursor)


@pytest.fixture
def caller() -> httpx.AsyncClient:
    app = create_app(Settings())
    app.include_router(router)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://onestop.test")


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 200])
async def test_following_the_cursor_gives_every_item_once(caller: httpx.AsyncClient, limit: int) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        page = (await caller.get("/v1/probe/names", params=query)).json()
        assert page.keys() == {"items", "next_cursor"}
        assert 0 < len(page["items"]) <= limit
        seen += page["items"]
        cursor = page["next_cursor"]

    assert seen == NAMES


KEY: tuple[Any, ...] = (
    date(2018, 6, 1),
    datetime(2018, 6, 1, 8, 30, tzinfo=UTC),
    UUID("0198c7a4-5c00-7000-8000-000000000001"),
    "张三",
    7,
)


def test_a_cursor_carries_the_key_of_the_last_row() -> None:
    assert Paging(cursor=cursor_after(KEY)).after(date, datetime, UUID, str, int) == KEY


def _cursor(value: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "AAAA",
        _cursor("2018-06-01"),
        _cursor([]),
        _cursor(["2018-06-01", "extra"]),
        _cursor(["soon"]),
        _cursor([20180601]),
        _cursor([None]),
        _cursor({"0": "2018-06-01"}),
    ],
)
def test_a_cursor_that_was_not_made_here_is_refused_at_its_place(cursor: str) -> None:
    with pytest.raises(RequestInvalid) as refused:
        Paging(cursor=cursor).after(date)

    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/cursor", "request.cursor")]


FORGED: dict[type, list[object]] = {
    UUID: [5, None, True, ["x"], {}, "x", ""],
    datetime: [5, None, ["x"], "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
    date: [5, None, {}, "soon"],
    int: [2**31, 2**63, -1, True, "1", 1.5],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in FORGED.items() for value in values])
def test_a_forged_key_of_any_kind_is_refused_as_a_cursor(kind: type, value: object) -> None:
    with pytest.raises(RequestInvalid):
        Paging(cursor=_cursor([value])).after(kind)


@pytest.mark.parametrize("value", ["a\x00b", 5, True, None, ["a"]])
def test_a_cursor_brings_no_value_of_another_kind(value: object) -> None:
    with pytest.raises(RequestInvalid):
        Paging(cursor=_cursor([value])).after(str)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=x", "/limit"),
        ("cursor=%21", "/cursor"),
        ("cursor=", "/cursor"),
    ],
)
async def test_wrong_paging_is_refused_with_its_place(caller: httpx.AsyncClient, query: str, pointer: str) -> None:
    answer = await caller.get(f"/v1/probe/names?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
