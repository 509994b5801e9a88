"""A command serves nobody else and is started anew: it works under the law as amended in the database by then."""

import json
from pathlib import Path

import pytest

from service.nhsa_run import try_envelope
from service.policy.library import law_of_today
from service.policy.load import load_packs
from tests.cases.county import COUNTY, done, wire_line
from tests.claims.machine.driving import amended_text
from tests.claims.world import World
from tests.corrections.bulk.doing import APPROVES, ASKS, worked
from tests.nhsa.his import His, as_text, complete
from tests.nhsa.hospital import Stay, connect

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVICE = Path(__file__).parents[3] / "service"
# Says only which counties there are: an amendment adds none.
COUNTIES_ONLY = {"verify_run.py"}


async def test_an_envelope_is_tried_under_the_amended_law(world: World) -> None:
    settings = world.app.state.settings
    await connect(world.app, world.hospital_code)
    his = His(world.client, world.hospital_code)
    person_no, _ = await world.county.person()
    stay = await Stay(his, person_no).admit("TRY1", "2018-08-01")
    await stay.charge([wire_line(1, {"grade": "A", "unit_price": "100.00", "quantity": "100"}, "2018-08-02")])
    await stay.discharge("2018-08-05")
    asked = complete("2303", {"data": {**stay.whose, "medfee_sumamt": "10000.00"}})

    async def basic() -> str:
        sent = json.dumps(his.envelope("2303", asked)).encode()
        answer = as_text(json.dumps(await try_envelope(world.system, settings, sent, keep=False)))
        found: str = answer["output"]["setlinfo"]["hifp_pay"]
        return found

    assert await basic() == "7275.0"
    shipped = load_packs(settings.packs_dir)
    day = shipped.packs[0].valid_from.replace(month=8)
    (before,) = {pack.hash for pack in [shipped.on(COUNTY, day)] if pack is not None}
    body = {"yaml": amended_text(70), "replaces": before, "from": "2018-07-01", "note": "2018年第12号文"}
    made = await done(await world.agency("POST", "/v1/policy-amendments", body, headers=ASKS))
    await worked(world, made["readjudication_id"])
    assert await basic() == "7275.0"
    await done(await world.agency("POST", f"/v1/policy-amendments/{made['id']}/approval", headers=APPROVES), 200)

    law = await law_of_today(world.system, settings.packs_dir)

    amended = law.packs.on(COUNTY, day)
    assert amended is not None
    assert amended.hash == made["hash"]
    assert await basic() == "6790.0"


async def test_no_command_reads_the_packs_without_their_amendments() -> None:
    reading = {path.name for path in SERVICE.glob("*_run.py") if "load_packs" in path.read_text(encoding="utf-8")}

    assert reading == COUNTIES_ONLY
