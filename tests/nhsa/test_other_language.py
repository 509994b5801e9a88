"""A client in another language, without our code, through both gateways: what it lost it reverses and settles again."""

import asyncio
import json
import shutil
from typing import Any

import pytest

from service.nhsa.model import Auth
from tests.claims.world import World
from tests.nhsa.hospital import connect, give_key

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLIENT = "tests/nhsa/client.mjs"


async def run(given: dict[str, Any]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        "node", CLIENT, json.dumps(given), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js, which .ci/run installs")
@pytest.mark.parametrize(("letter", "auth"), [("A", Auth.HMAC), ("B", Auth.TIF)])
async def test_a_client_in_another_language_settles_loses_reverses_and_reconciles(
    world: World, letter: str, auth: Auth
) -> None:
    code = await world.county.hospital("level2", "county", bank_account=None)
    await world.county.agreement(code)
    await connect(world.app, code, open_=False)
    await give_key(world.app, code, auth, f"key-{letter}", f"secret-{letter}")
    _, id_no = await world.county.person([{"class": "registered_poor", "valid_from": "2015-01-01"}])
    (base,) = world.start_servers(1)

    told = await run(
        {
            "url": f"{base}/fsi/api/rsfComIfsService/callService",
            "auth": letter,
            "key": f"key-{letter}",
            "secret": f"secret-{letter}",
            "fixmedins_code": code,
            "person": {"id_no": id_no, "name": "测试甲"},
            "visit_no": f"NODE{letter}",
            "today": str(world.app.state.clock.today()),
        }
    )

    assert told["settled"]["fund_pay_sumamt"] == 5400
    assert told["settled"]["psn_cash_pay"] == 600
    assert told["seen"]["setl_id"] == told["settled"]["setl_id"]
    assert told["seen"]["refd_setl_flag"] == "0"
    assert told["late"]["infcode"] == -1
    assert "冲正" in told["late"]["err_msg"]
    # The lost settlement may or may not have been made before it was reversed: then it is there twice, + and -.
    live = await world.rows("SELECT 1 FROM live_visits WHERE visit_no = :number", number=f"NODE{letter}")
    assert len(live) == 1
    # Then the centre has one settlement more than its file, and says so.
    assert told["totals"]["stmt_rslt"] == ("0" if len(told["result"]) == 1 else "1")
    assert [row[4] for row in told["result"] if row[2] == told["settled"]["setl_id"]] == ["0"]
