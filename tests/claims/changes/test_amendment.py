"""A policy amended with effect in the past: what it decided is decided anew under the new text, and replays stay."""

from pathlib import Path
from typing import Any

import httpx

from service.access.model import Role
from service.clock import Clock
from service.config import Settings
from service.main import create_app
from tests.access.callers import headers_of
from tests.cases.county import County, done
from tests.claims.changes.people import anew, month_stay, moved
from tests.claims.test_amended_law import NEIGHBOUR, a_pack
from tests.claims.world import caller


async def test_an_amended_pack_changes_what_it_decided_and_never_the_first_answer(
    settings: Settings, tmp_path: Path
) -> None:
    # (10 000 - 300) x 75 % = 7 275 before, x 70 % = 6 790 after.
    settings = settings.model_copy(update={"packs_dir": tmp_path})
    body: dict[str, Any] = {}
    headers: dict[str, str] = {}
    answers: list[httpx.Response] = []
    for turn, ratio in enumerate(("0.75", "0.70")):
        a_pack(tmp_path, ratio)
        app = create_app(settings, Clock())
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client,
        ):
            if turn == 0:
                headers = await headers_of(app, Role.AGENCY, county_code=NEIGHBOUR)
            agency = caller(client, headers)
            if turn == 0:
                county = County(agency, county_code=NEIGHBOUR)
                _, patient = await county.person()
                body = month_stay(await county.hospital("level2", "county"), patient, 6)
                answers.append(await agency("POST", "/v1/settlements", body, key="first"))
                continue
            first = answers[0].json()
            second = await anew(agency, first["id"], "policy_amendment")
            answers.append(await agency("POST", "/v1/settlements", body, key="first"))
            read = await done(await agency("GET", f"/v1/settlements/{first['id']}"), 200)

    assert (answers[1].status_code, answers[1].content) == (201, answers[0].content)
    assert moved(second) == {("basic", "hospital"): -485_00}
    assert second["policy"]["hash"] != first["policy"]["hash"]
    assert "适用政策 neighbour-2018 的条文有修订" in second["difference_explained"]["zh"]
    assert read["layers"] == first["layers"]
