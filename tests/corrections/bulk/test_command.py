"""`onestop readjudicate run`: the same work by hand."""

import asyncio
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.cases.county import COUNTY
from tests.claims.changes.people import identify, month_stay, settled
from tests.claims.world import World
from tests.conftest import KEYS
from tests.corrections.bulk.doing import approved, asked

pytestmark = pytest.mark.asyncio(loop_scope="module")

NO_SUCH = "0198c7a4-5c00-7000-8000-000000000001"


async def command(world: World, readjudication_id: str, *more: str) -> Any:
    settings = world.app.state.settings
    environment = os.environ | {"ONESTOP_DATABASE_URL": settings.database_url, "ONESTOP_KEYS": KEYS}
    said = [sys.executable, "-m", "service.cli", "readjudicate", "run", readjudication_id, "--county", COUNTY, *more]
    return await asyncio.to_thread(subprocess.run, said, env=environment, capture_output=True, text=True, check=False)


async def test_the_command_previews_and_then_does_what_is_approved(world: World) -> None:
    person_no, patient = await world.county.person()
    await settled(world.agency, month_stay(world.hospital_code, patient, 3))
    await identify(world, person_no, "registered_poor")
    made = await asked(world, {"person_no": person_no})

    preview = json.loads((await command(world, made["id"], "--json")).stdout)
    await approved(world, made["id"])
    ended = await command(world, made["id"])
    unknown = await command(world, NO_SUCH)

    assert (preview["state"], preview["run"], preview["preview"]["changed"]) == ("previewed", None, 1)
    assert ended.stdout.startswith("done: 1 of 1 persons; 1 settlements decided anew")
    assert (unknown.returncode, "check the id" in unknown.stderr) == (1, True)
