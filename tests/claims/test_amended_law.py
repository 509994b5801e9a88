"""What was decided under a pack is read and explained by it, also after the county has edited the pack."""

from pathlib import Path
from shutil import copytree, rmtree

import httpx
import pytest

from service.access.model import Role
from service.clock import Clock
from service.config import Settings
from service.main import create_app
from service.policy.load import SHIPPED
from tests.access.callers import headers_of
from tests.cases.county import County, done

NEIGHBOUR = "459902"


def a_pack(folder: Path, ratio: str) -> None:
    """The shipped pack of 2018 as the neighbour county's own, with one ratio of its own."""
    pack = folder / "neighbour-2018"
    if not pack.exists():
        copytree(SHIPPED / "guangxi-county-2018", pack)
    text = (SHIPPED / "guangxi-county-2018" / "pack.yaml").read_text(encoding="utf-8")
    (pack / "pack.yaml").write_text(
        text.replace("guangxi-county-2018", "neighbour-2018").replace('"459901"', f'"{NEIGHBOUR}"'), encoding="utf-8"
    )
    basic = (SHIPPED / "guangxi-county-2018" / "basic.yaml").read_text(encoding="utf-8")
    (pack / "basic.yaml").write_text(basic.replace('level2: "0.75"', f'level2: "{ratio}"'), encoding="utf-8")


@pytest.mark.parametrize("remembered", [True, False], ids=["pack-edited", "pack-gone"])
async def test_a_settlement_is_read_after_its_pack_was_edited(
    settings: Settings, tmp_path: Path, remembered: bool
) -> None:
    settings = settings.model_copy(update={"packs_dir": tmp_path})
    a_pack(tmp_path, "0.75")
    answers = []
    for turn in range(2):
        app = create_app(settings, Clock())
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client,
        ):
            client.headers.update(await headers_of(app, Role.AGENCY, f"agency-{turn}", county_code=NEIGHBOUR))

            async def agency(
                method: str, path: str, body: object = None, client: httpx.AsyncClient = client
            ) -> httpx.Response:
                return await client.request(method, path, json=body, headers={"Idempotency-Key": "k"})

            if turn == 0:
                county = County(agency, county_code=NEIGHBOUR)
                hospital = await county.hospital("level2", "county")
                _, number = await county.person()
                line = {"line_no": 1, "item_code": "T", "grade": "A", "unit_price": "1000.00", "quantity": "1"}
                body = {
                    "hospital_code": hospital,
                    "visit_no": "V1",
                    "visit_type": "inpatient",
                    "person": {"id_no": number},
                    "admitted_on": "2018-06-01",
                    "discharged_on": "2018-06-02",
                    "fee_lines": [{**line, "amount": "1000.00", "charged_on": "2018-06-01"}],
                }
                answers.append(await done(await agency("POST", "/v1/settlements", body)))
            else:
                answers.append(await done(await agency("GET", f"/v1/settlements/{answers[0]['id']}"), 200))
                listed = await done(await agency("GET", "/v1/settlements"), 200)
                assert listed["items"] == [answers[0]]
        if turn == 0 and remembered:
            a_pack(tmp_path, "0.70")
        elif turn == 0:
            rmtree(tmp_path / "neighbour-2018")

    assert answers[1] == answers[0]
    assert "75%" in " ".join(answers[1]["explanation"]["zh"] + [answers[1]["layers"][0]["steps"][2]["text"]["zh"]])
