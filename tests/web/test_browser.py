"""The pages in a real Chromium: at the size of a telephone and of a desk, without JavaScript, for everybody."""

from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.objections.test_objections import PDF
from tests.web.conftest import DESKTOP, PHONE, Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
GRAVE = {"serious", "critical"}


def pages_of(site: Site) -> list[str]:
    claim = f"/p/claims/{site.patient.settlement['id']}"
    return ["/p/claims", claim, f"{claim}/objection", "/p/year", "/p/accesses", f"{claim[:-4]}dead"]


@SIZES
async def test_a_patient_finds_everything_without_javascript(site: Site, size: dict[str, int], tmp_path: Path) -> None:
    patient = site.patient.settlement
    page = await site.page(size)
    await page.goto(f"{site.url}/p?code={site.patient.code}")
    await page.fill("#last_six", site.patient.id_no[-6:])
    await page.click("main button")
    await page.click("a.go")

    assert "示范县人民医院 <b>&" in await page.inner_text("h1")
    said = await page.inner_text("main")
    for amount in (patient["amounts"]["total"], patient["patient_pays"], patient["expected_aid"]):
        assert amount in said
    assert await page.locator("svg.waterfall rect.bar").count() == 2 + len(
        [layer for layer in patient["layers"] if layer["paid"] != "0.00"]
    )
    for nav, expected in (("/year", "离下一个标准还有多远"), ("/accesses", "医保经办机构")):
        await page.click(f"nav a[href^='/p{nav}']")
        assert expected in await page.inner_text("main")
    await page.click("footer button")
    assert await page.locator("#last_six").count() == 1
    assert [each["name"] for each in await page.context.cookies()] == []


async def test_an_objection_with_a_paper_is_sent_from_the_page(site: Site, tmp_path: Path) -> None:
    paper, wrong = tmp_path / "发票.pdf", tmp_path / "photo.jpg"
    paper.write_bytes(PDF)
    wrong.write_bytes(b"no picture")
    page = await site.entered(PHONE)
    await page.goto(f"{site.url}/p/claims/{site.patient.settlement['id']}")
    await page.click("main p.no-print a.go")
    await page.fill("#reason", "有一盒药费 <script>重复</script>\n第二行")
    await page.set_input_files("#paper", wrong)
    await page.click("main button")
    assert "只接收 PDF、JPEG 或 PNG 文件" in await page.inner_text("[role=alert]")
    assert "第二行" in await page.input_value("#reason"), "what was typed is not lost"

    await page.set_input_files("#paper", paper)
    await page.click("main button")

    told = await page.inner_text("main")
    assert "有一盒药费 <script>重复</script>" in told
    assert "已收到异议" in told
    listed = await site.world.agency("GET", f"/v1/objections?settlement_id={site.patient.settlement['id']}")
    [filed] = listed.json()["items"]
    assert [each["name"] for each in filed["documents"]] == ["发票.pdf"]


async def grave_faults(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [
        f"{page.url}: {each['id']}: {each['help']}: {each['nodes'][0]['html']}"
        for each in found.response["violations"]
        if each["impact"] in GRAVE
    ]


@SIZES
@pytest.mark.parametrize("query", ["", "?lang=en"], ids=["zh", "en"])
async def test_axe_finds_no_serious_fault(site: Site, size: dict[str, int], query: str) -> None:
    page = await site.page(size, scripts=True)
    await page.goto(f"{site.url}/p{query}")
    faults = await grave_faults(page)
    await page.fill("#code", "000000000000")
    await page.fill("#last_six", "000000")
    await page.click("main button")
    faults += await grave_faults(page)

    page = await site.entered(size, scripts=True, query=query)
    for path in pages_of(site):
        await page.goto(f"{site.url}{path}{query}")
        faults += await grave_faults(page)

    assert faults == []


@pytest.mark.parametrize("enlarged", [False, True], ids=["usual", "twice-as-large"])
async def test_nothing_runs_off_a_telephone_also_with_large_letters(site: Site, enlarged: bool) -> None:
    browser = await site.enlarged() if enlarged else site.browser
    page = await replace(site, browser=browser).entered(PHONE, scripts=True)
    for path in pages_of(site):
        await page.goto(site.url + path)
        letters = await page.evaluate("getComputedStyle(document.documentElement).fontSize")
        assert letters == ("36px" if enlarged else "18px")
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], path
    if enlarged:
        await browser.close()


async def test_on_paper_there_are_no_buttons(site: Site) -> None:
    page = await site.entered(DESKTOP)
    await page.goto(f"{site.url}/p/claims/{site.patient.settlement['id']}")
    assert await page.locator("nav").is_visible()

    await page.emulate_media(media="print")

    assert not await page.locator("nav").is_visible()
    assert not await page.locator("footer").is_visible()
    assert await page.locator("svg.waterfall").is_visible()
    assert await page.locator("table").is_visible()


async def test_the_keyboard_alone_is_enough(site: Site) -> None:
    page = await site.page(PHONE)
    await page.goto(f"{site.url}/p")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.type(site.patient.code)
    await page.keyboard.press("Tab")
    await page.keyboard.type(site.patient.id_no[-6:])
    await page.keyboard.press("Enter")

    await page.wait_for_url("**/p/claims")
