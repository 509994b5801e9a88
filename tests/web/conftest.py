"""Pages as a person meets them: a server process, and Debian's Chromium."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.claims import world as worlds
from tests.claims.bills import fee_line
from tests.claims.world import World
from tests.conftest import Cluster
from tests.inquiry.patients import Patient, settled

CHROMIUM = shutil.which("chromium")
USUAL_LETTERS = 16
PHONE, DESKTOP = {"width": 360, "height": 640}, {"width": 1280, "height": 800}


@dataclass(frozen=True)
class Site:
    """The pages of a running service, somebody with a slip, and a browser."""

    world: World
    url: str
    patient: Patient
    browser: Browser

    async def enlarged(self) -> Browser:
        """A browser whose owner has chosen letters twice as large."""
        options = ["--no-sandbox", f"--blink-settings=defaultFontSize={2 * USUAL_LETTERS}"]
        return await self.browser.browser_type.launch(executable_path=CHROMIUM, args=options)

    async def page(self, size: dict[str, int], *, scripts: bool = False) -> Page:
        """A new window, without JavaScript unless a test itself needs it."""
        context = await self.browser.new_context(
            viewport={"width": size["width"], "height": size["height"]}, java_script_enabled=scripts, bypass_csp=scripts
        )
        return await context.new_page()

    async def entered(self, size: dict[str, int], *, scripts: bool = False, query: str = "") -> Page:
        """A window in which the patient has come in."""
        page = await self.page(size, scripts=scripts)
        await page.goto(f"{self.url}/p{query}")
        await page.fill("#code", self.patient.code)
        await page.fill("#last_six", self.patient.id_no[-6:])
        await page.click("main button")
        return page


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with worlds.made(cluster, tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(world: World) -> AsyncIterator[Site]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not here (apt-get install chromium)")
    hospital = await world.county.hospital("level2", "county", name="示范县人民医院 <b>&", aid="on_application")
    poor = [{"class": each, "valid_from": "2015-01-01"} for each in ("registered_poor", "low_income_allowance")]
    bill = [fee_line(1, "A", quantity="100"), fee_line(2, "B", grade="B", self_pay_ratio="0.10", quantity="20")]
    patient = await settled(world, hospital=hospital, person={"identities": poor}, fee_lines=bill)
    [url] = world.start_servers(1)
    async with async_playwright() as playwright:
        # As root, in a container, Chromium has no sandbox of its own.
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield Site(world, url, patient, browser)
        await browser.close()
