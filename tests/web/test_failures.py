"""What goes wrong below /p is a page in both languages, never a problem document."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from service.db import create_engine
from service.inquiry import session
from tests.claims.world import World
from tests.inquiry.patients import settled
from tests.web.test_pages import cookie_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


def is_a_page(answer: httpx.Response, status: int) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), answer.text
    assert "没有办成" in answer.text
    assert "That did not work" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@contextmanager
def away(world: World) -> Iterator[None]:
    """As long as it lasts, the database is not there."""
    usual = world.app.state.engine
    world.app.state.engine = create_engine("postgresql://nobody@127.0.0.1:1/none", world.app.state.settings)
    yield
    world.app.state.engine = usual


async def test_an_unknown_page_and_a_wrong_method_are_pages(world: World) -> None:
    is_a_page(await world.client.get("/p/nothing"), 404)
    wrong = await world.client.put("/p")
    is_a_page(wrong, 405)
    assert "GET" in wrong.headers["allow"]
    elsewhere = await world.client.get("/pnothing")
    assert elsewhere.headers["content-type"] == "application/problem+json"


async def test_what_cannot_be_read_is_a_page(world: World) -> None:
    cookie = await cookie_of(await settled(world))

    is_a_page(await world.client.get("/p?code=x%00"), 400)
    is_a_page(await world.client.post("/p", content=b"x", headers={"content-type": "multipart/form-data"}), 415)
    is_a_page(await world.client.get("/p/accesses?cursor=nonsense", headers=cookie), 422)
    is_a_page(await world.client.get("/p/year?year=last", headers=cookie), 422)
    huge = {"content-length": "999999999999", "content-type": "application/x-www-form-urlencoded"}
    is_a_page(await world.client.post("/p", content=b"x", headers=huge), 413)


async def test_what_failed_here_is_a_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = await cookie_of(await settled(world))

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    with away(world):
        unreached = await world.client.get("/p/claims", headers=cookie)
    monkeypatch.setattr(session, "read", fails)
    failed = await world.client.get("/p/claims", headers=cookie)

    is_a_page(unreached, 503)
    assert unreached.headers["retry-after"] == "1"
    is_a_page(failed, 500)


async def test_a_stroke_at_the_end_leads_to_the_entrance_with_the_code(world: World) -> None:
    bare = await world.client.get("/p/")
    with_code = await world.client.get("/p/?code=482910573316&lang=en")

    assert (bare.status_code, bare.headers["location"]) == (303, "/p")
    assert with_code.headers["location"] == "/p?code=482910573316&lang=en"


async def test_the_other_language_keeps_the_code_and_the_year(world: World) -> None:
    cookie = await cookie_of(await settled(world))

    entrance = (await world.client.get("/p?code=482910573316")).text
    year = (await world.client.get("/p/year?year=2018&lang=en", headers=cookie)).text

    assert 'href="?code=482910573316&amp;lang=en"' in entrance
    assert 'href="?year=2018"' in year
    injected = (await world.client.get('/p?code="><b>')).text
    assert "<b>" not in injected
