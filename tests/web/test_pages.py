"""The pages over HTTP: what a browser is told, and what others cannot make it do."""

import re
from uuid import uuid4

import httpx
import pytest

from service.inquiry import door
from service.web.page import COOKIE
from tests.claims.world import World
from tests.inquiry.patients import Patient, settled

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = "application/x-www-form-urlencoded"


async def come_in(patient: Patient, **headers: str) -> httpx.Response:
    form = {"code": patient.code, "last_six": patient.id_no[-6:]}
    return await patient.world.client.post("/p", data=form, headers=headers)


async def cookie_of(patient: Patient) -> dict[str, str]:
    answer = await come_in(patient)
    assert answer.status_code == 303
    patient.world.client.cookies.clear()
    return {"Cookie": f"{COOKIE}={answer.cookies[COOKIE]}"}


async def test_the_session_is_a_cookie_that_no_script_and_no_other_site_uses(world: World) -> None:
    answer = await come_in(await settled(world))
    world.client.cookies.clear()

    flags = answer.headers["set-cookie"].lower()
    assert (answer.status_code, answer.headers["location"]) == (303, "/p/claims")
    assert all(flag in flags for flag in ("httponly", "samesite=strict", "path=/p", "max-age=1200"))


async def test_no_page_has_a_script_or_a_style_of_its_own_and_none_is_kept(world: World) -> None:
    patient = await settled(world)
    cookie = await cookie_of(patient)
    claim = f"/p/claims/{patient.settlement['id']}"
    for path in ("/p", "/p/claims", claim, f"{claim}/objection", "/p/year", "/p/accesses"):
        answer = await world.client.get(path, headers=cookie)
        assert answer.status_code == 200, path
        assert not re.search(r"<script|\sstyle=|\son\w+=|javascript:", answer.text), path
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert patient.id_no not in answer.text


async def test_without_a_session_every_page_leads_to_the_entrance(world: World) -> None:
    patient = await settled(world)
    for cookie in ({}, {"Cookie": f"{COOKIE}=x.y.z"}):
        for path in ("/p/claims", f"/p/claims/{patient.settlement['id']}", "/p/year", "/p/accesses"):
            answer = await world.client.get(path, headers=cookie)
            assert (answer.status_code, answer.headers["location"]) == (303, "/p?expired=1")
    assert "查询已过期" in (await world.client.get("/p?expired=1")).text


@pytest.mark.parametrize("path", ["claims", "claims/{}", "claims/{}/objection", "year", "year?year=2018", "accesses"])
async def test_each_page_is_there_in_either_language(world: World, path: str) -> None:
    patient = await settled(world)
    address, cookie = f"/p/{path.format(patient.settlement['id'])}", await cookie_of(patient)
    mark = "&" if "?" in address else "?"

    for language, first in (("zh", '<html lang="zh-CN">'), ("en", '<html lang="en">')):
        page = await world.client.get(f"{address}{mark}lang={language}", headers=cookie)
        assert (page.status_code, first in page.text) == (200, True)
        assert "没有办成" not in page.text


async def test_another_persons_claim_and_none_are_the_same_page(world: World) -> None:
    cookie = await cookie_of(await settled(world))
    other = await settled(world)

    foreign = await world.client.get(f"/p/claims/{other.settlement['id']}", headers=cookie)
    absent = await world.client.get("/p/claims/0198c7a4-5c00-7000-8000-00000000dead", headers=cookie)
    nonsense = await world.client.get("/p/claims/1", headers=cookie)

    assert (foreign.status_code, absent.status_code, nonsense.status_code) == (404, 404, 404)
    strip = re.compile(r"[0-9a-f-]{36}")
    assert strip.sub("", foreign.text) == strip.sub("", absent.text)


async def test_a_wrong_half_says_the_same_and_too_many_tries_say_so(world: World) -> None:
    patient = await settled(world)
    pages = []
    for code, six in ((patient.code, "999999"), ("999999999999", patient.id_no[-6:])):
        answer = await world.client.post("/p", data={"code": code, "last_six": six})
        pages.append((answer.status_code, answer.text.replace(code, "")))
    assert pages[0] == pages[1]
    assert pages[0][0] == 401
    assert "set-cookie" not in answer.headers

    for _ in range(door.PER_CODE[0].most):
        locked = await world.client.post("/p", data={"code": patient.code, "last_six": "999999"})
    assert (locked.status_code, "retry-after" in locked.headers) == (429, True)
    malformed = await world.client.post("/p", data={"code": "12", "last_six": "<b>"})
    assert malformed.status_code == 422
    assert "<b>" not in malformed.text


async def test_a_session_that_was_left_opens_nothing_any_more(world: World) -> None:
    patient = await settled(world)
    cookie = await cookie_of(patient)
    bearer = {"Authorization": f"Bearer {cookie['Cookie'].split('=', 1)[1].split(';')[0]}"}
    other = await cookie_of(patient)
    assert (await world.client.get("/v1/patient/claims", headers=bearer)).status_code == 200

    ours = {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin"}
    for _ in range(2):
        assert (await world.client.post("/p/leave", headers=cookie | ours)).status_code == 303

    assert (await world.client.get("/v1/patient/claims", headers=bearer)).status_code == 401
    assert "/p?expired" in (await world.client.get("/p/claims", headers=cookie)).headers["location"]
    assert (await world.client.get("/p/claims", headers=other)).status_code == 200


@pytest.mark.parametrize("path", ["/p", "/p/leave"])
async def test_without_a_session_a_few_fields_are_taken_and_no_file(world: World, path: str) -> None:
    files = {"paper": ("a.pdf", b"%PDF")}
    ours = {"Sec-Fetch-Site": "same-origin"}
    filed = await world.client.post(path, data={"code": "1"}, files=files, headers=ours)
    long = await world.client.post(path, data={"code": "1" * 9000}, headers=ours)

    assert [filed.status_code, long.status_code] == [415, 413]


async def test_another_site_cannot_send_our_forms(world: World) -> None:
    patient = await settled(world)
    cookie = await cookie_of(patient)
    path = f"/p/claims/{patient.settlement['id']}/objection"
    form = await world.client.get(path, headers=cookie)
    mark = re.search(r'name="mark" value="([0-9a-f]+)"', form.text)
    assert mark is not None
    body = {"reason": "x", "key": uuid4().hex}

    forged = [
        await world.client.post(path, data=body, headers=cookie),
        await world.client.post(path, data=body | {"mark": "0" * 64}, headers=cookie),
        await world.client.post(path, data=body | {"mark": mark[1]}, headers=cookie | {"Origin": "http://evil.test"}),
        await world.client.post(path, data=body | {"mark": mark[1]}, headers=cookie | {"Sec-Fetch-Site": "cross-site"}),
        await come_in(patient, Origin="null"),
        *[
            await world.client.post(path, data=body | {"mark": mark[1], "key": key}, headers=cookie)
            for key in ("", "k1", "a\x00b", "9" * 5000)
        ],
    ]
    assert [answer.status_code for answer in forged] == [403] * 9
    assert await world.rows("SELECT 1 FROM objections WHERE person_no = :p", p=patient.person_no) == []

    ours = {"Origin": "http://onestop.test"}
    sent = [await world.client.post(path, data=body | {"mark": mark[1]}, headers=cookie | ours) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [303, 303]
    rows = await world.rows("SELECT 1 FROM objections WHERE person_no = :p", p=patient.person_no)
    assert len(rows) == 1, "pressed twice, filed once"
